/** What users do beside the work: they look at it, and they compute. */
import { type Bench, measured, type Round, ratio } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

/** Units that somebody watches or waits for, against the same units alone. */
export function observingBench(rounds: Rounds): Bench {
  const more = (runner: string) => (round: Round) => {
    const { [runner]: watched, unwatched } = round;
    if (watched === undefined || unwatched === undefined) return undefined;
    return Number(watched['managerCpuMicros']) - Number(unwatched['managerCpuMicros']);
  };
  return {
    name: 'observing',
    rounds: 3,
    runners: async () => ['unwatched', 'watched', 'awaited'].map((name) => rounds.runner(name)),
    figures: [
      {
        title:
          'units a second with 1,000 subscribers on single units and one on events$, of without',
        unit: '×',
        target: { atLeast: 0.9 },
        of: (round) =>
          ratio(measured('watched', 'perSecond')(round), measured('unwatched', 'perSecond')(round)),
      },
      { title: 'processor time that they take', unit: 'µs a unit', of: more('watched') },
      {
        title: 'processor time that finished() takes, awaited one by one',
        unit: 'µs a unit',
        target: { below: 1 },
        of: more('awaited'),
      },
    ],
  };
}

/** Units beside a program that hardly lets its event loop turn. */
export function computingBench(rounds: Rounds): Bench {
  return {
    name: 'computing',
    rounds: 1,
    runners: async () => [rounds.runner('free'), rounds.runner('blocked')],
    figures: [
      {
        title:
          'units of 0.1 s beside a program that computes for 2 s at a time, of beside one that does not',
        unit: '×',
        target: { atLeast: 0.9 },
        of: (round) => ratio(round['blocked']?.['perSecond'], round['free']?.['perSecond']),
      },
    ],
  };
}
