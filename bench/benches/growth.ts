/** How the cost of a unit grows with how many there are, and with how many agents they go to. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type Bench, median, type Round, type Runner, ratio, type Sample } from '../harness.ts';
import { type Line, plot } from '../plot.ts';
import type { Rounds } from '../rounds.ts';
import { FULL } from '../workloads.ts';

const RESULTS = new URL('../results/', import.meta.url);

/** The same units without a process, 10^3 to 10^6 of them, through 1 to 1,000 agents. */
export function growthBench(rounds: Rounds): Bench {
  const { units, agents } = rounds.sizes.growth;
  const [most = 0, few = 0] = [Math.max(...units), units.at(-3) ?? Math.min(...units)];
  const [one, many] = [Math.min(...agents), Math.max(...agents)];
  const name = (count: number) => `growth, ${count} agents`;
  const cost = (round: Round, of: number, through: number) => round[name(through)]?.[of];
  return {
    name: 'growth',
    rounds: 1,
    runners: async () => {
      const drawn = new Map<number, Sample[]>(agents.map((count) => [count, []]));
      return agents.map<Runner>((count) => {
        const { run } = rounds.runner('growth', { agents: count });
        const draw = async (): Promise<Sample> => {
          const sample = await run();
          drawn.get(count)?.push(sample);
          // Of a few units there is nothing to be seen.
          if (rounds.sizes === FULL) save(units, drawn);
          return sample;
        };
        return { name: name(count), run: draw };
      });
    },
    figures: [
      {
        title: `a unit of ${most.toLocaleString('en-US')} to one of ${few.toLocaleString('en-US')}, one agent`,
        unit: '×',
        target: { below: 1.5 },
        of: (round) => ratio(cost(round, most, one), cost(round, few, one)),
      },
      {
        title: `a unit of ${most.toLocaleString('en-US')} through ${many.toLocaleString('en-US')} agents to one through one`,
        unit: '×',
        target: { below: 1.5 },
        of: (round) => ratio(cost(round, most, many), cost(round, most, one)),
      },
    ],
  };
}

function save(units: readonly number[], drawn: ReadonlyMap<number, readonly Sample[]>): void {
  const lines: Line[] = [...drawn].map(([agents, samples]) => ({
    name: agents === 1 ? '1 agent' : `${agents.toLocaleString('en-US')} agents`,
    points:
      samples.length === 0
        ? []
        : units.map((count) => [
            count,
            median(samples.map((sample) => Number(sample[count]))) * 1e6,
          ]),
  }));
  mkdirSync(RESULTS, { recursive: true });
  const title = 'What a unit without a process takes, from submit() to its end on disk';
  const svg = plot({ title, x: 'units', y: 'µs a unit', lines });
  writeFileSync(new URL('growth.svg', RESULTS), svg);
}
