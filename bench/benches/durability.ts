/** What being durable is for: opening again, and finding everybody. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bench, measured, type Round, type Runner, ratio } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

/** A service whose units have all ended, opened again: from its log alone, and from a snapshot. */
export function reopenBench(rounds: Rounds): Bench {
  const forms = ['log', 'snapshot'] as const;
  const prepare = async (form: string): Promise<Runner[]> => {
    const left = join(rounds.scratch, `ended-in-${form}`);
    await mkdir(left);
    await rounds.runner(`ended-in-${form}`, { directory: left }).run();
    return [
      rounds.runner('reopen', { left }, `reopen-${form}`),
      rounds.runner('read-bytes', { left }, `read-${form}`),
    ];
  };
  const of = (form: string, name: string) => measured(`reopen-${form}`, name);
  return {
    name: 'reopen',
    rounds: 5,
    runners: async () => (await Promise.all(forms.map(prepare))).flat(),
    figures: [
      {
        title: 'a million ended units, from a log without a snapshot',
        unit: 's',
        target: { below: 2 },
        of: of('log', 'seconds'),
      },
      {
        title: 'the same from a snapshot',
        unit: 's',
        target: { below: 1 },
        of: of('snapshot', 'seconds'),
      },
      ...forms.map((form) => ({
        title: `to reading and summing up the ${form}'s bytes`,
        unit: '×',
        of: (round: Round) => ratio(of(form, 'seconds')(round), round[`read-${form}`]?.['seconds']),
      })),
      ...forms.map((form) => ({
        title: `resident at the most, ${form === 'log' ? 'a snapshot taken afterwards included' : 'from a snapshot'}`,
        unit: 'MB',
        target: { below: 400 },
        of: of(form, 'peakAfter'),
      })),
    ],
  };
}

/** A program is killed while very many units run, and the next one opens its services. */
export function reconnectBench(rounds: Rounds): Bench {
  const of = (name: string) => measured('reconnect', name);
  return {
    name: 'reconnect',
    rounds: 3,
    runners: async () => [rounds.runner('reconnect')],
    figures: [
      {
        title: 'a thousand units in flight: until four agents are back, none started twice',
        unit: 's',
        target: { below: 3 },
        of: of('reconnected'),
      },
      { title: 'of it, opening the two services', unit: 's', of: of('opened') },
    ],
  };
}
