/** One unit on an idle machine. */
import { compile, compileStamps, spawnLoop, startAlone } from '../ceilings.ts';
import { type Bench, type Figure, measured, type Runner, ratio } from '../harness.ts';
import type { Rounds } from '../rounds.ts';

const ALONE = 'C, one at a time';
const ours = (name: string) => measured('idle-latency', name);

/** One unit at a time: to the start of its process, and to its end. */
export function latencyBench(rounds: Rounds, say: (line: string) => void): Bench {
  const C1 = 'C, 1 in flight';
  return {
    name: 'latency',
    rounds: 5,
    runners: async () => {
      const stamps = await compileStamps(rounds.scratch, say);
      const loop = await compile('spawn', rounds.scratch, say);
      const ceilings: Runner[] = [rounds.runner('tls-echo'), rounds.runner('fdatasync')];
      if (loop !== undefined) ceilings.push(spawnLoop(loop, rounds.sizes.single, 1));
      const start = await compile('start', rounds.scratch, say);
      if (start !== undefined)
        ceilings.push(startAlone(start, stamps, rounds.scratch, rounds.sizes.single));
      return [rounds.runner('idle-latency', { stamps }), ...ceilings];
    },
    figures: [
      {
        title: 'submit() to the first instruction of the process, idle, median',
        unit: 'ms',
        target: { below: 1.5 },
        of: ours('bareStartedMedian'),
      },
      {
        title: 'the same, 99th percentile',
        unit: 'ms',
        target: { below: 5 },
        of: ours('bareStartedTail'),
      },
      ...besides('bareStartedMedian', 'what C has from posix_spawn to it after the same rest'),
      {
        title: 'submit() to main() of a program with a loader, idle, median',
        unit: 'ms',
        of: ours('stampStartedMedian'),
      },
      { title: 'the same, 99th percentile', unit: 'ms', of: ours('stampStartedTail') },
      ...besides('stampStartedMedian', 'what C has from posix_spawn to it after the same rest'),
      {
        title: 'last act of a unit to the first instruction of one that waits for it, median',
        unit: 'ms',
        target: { below: 1 },
        of: ours('bareDependentMedian'),
      },
      { title: 'the same, 99th percentile', unit: 'ms', of: ours('bareDependentTail') },
      ...besides('bareDependentMedian', 'what C has that waits for the one and starts the other'),
      {
        title: 'last act of a unit to main() of one with a loader that waits for it, median',
        unit: 'ms',
        of: ours('stampDependentMedian'),
      },
      { title: 'the same, 99th percentile', unit: 'ms', of: ours('stampDependentTail') },
      ...besides('stampDependentMedian', 'what C has that waits for the one and starts the other'),
      {
        title: 'submit() to /bin/true done, idle, median',
        unit: 'ms',
        target: { below: 6 },
        of: ours('doneMedian'),
      },
      { title: 'the same, 99th percentile', unit: 'ms', of: ours('doneTail') },
      {
        title: 'the median to 2 fdatasync, a TLS round trip and a process in C',
        unit: '×',
        of: (round) => {
          const { fdatasync, 'tls-echo': echo, [C1]: loop } = round;
          const parts = [fdatasync, fdatasync, echo, loop].map((part) => part?.['micros']);
          const floor = parts.reduce<number>((sum, part) => sum + (part ?? Number.NaN), 0);
          const done = ours('doneMedian')(round);
          return Number.isNaN(floor) ? undefined : ratio(done, floor / 1000);
        },
      },
    ],
  };
}

/** What can be had at all of a median of ours, and how much of that we take. */
function besides(name: string, title: string): Figure[] {
  const ceiling = measured(ALONE, name);
  return [
    { title, unit: 'ms', of: ceiling },
    { title: 'ours, of that', unit: '×', of: (round) => ratio(ours(name)(round), ceiling(round)) },
  ];
}
