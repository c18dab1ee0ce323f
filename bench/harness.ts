/**
 * Interleaved rounds: in each, every runner runs once, in an order of its own, so that whatever else
 * the machine does meets all of them alike. A figure is made of the samples of one round, mostly as
 * a ratio to a ceiling, and only then the median over the rounds is taken. Knows nothing of what
 * is measured.
 */

/** What one run of a runner has measured, by name. */
export type Sample = Readonly<Record<string, number>>;

/** The samples of one round, by runner. One that cannot run here is missing. */
export type Round = Readonly<Record<string, Sample | undefined>>;

/** Something that runs once in every round. */
export interface Runner {
  readonly name: string;
  run(): Promise<Sample>;
}

/** A row of the table. */
export interface Figure {
  readonly title: string;
  readonly unit: string;
  /** The bound that it is to reach. */
  readonly target?: { readonly atLeast: number } | { readonly below: number };
  /** Undefined when a runner that it needs is not to be had on this machine. */
  of(round: Round): number | undefined;
}

/** Runners that share rounds, and what is made of them. */
export interface Bench {
  readonly name: string;
  readonly rounds: number;
  runners(): Promise<readonly Runner[]>;
  readonly figures: readonly Figure[];
}

/** A figure over all rounds. */
export interface Result {
  readonly bench: string;
  readonly title: string;
  readonly unit: string;
  readonly target?: Figure['target'];
  readonly values: readonly number[];
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Undefined without a target. */
  readonly met: boolean | undefined;
}

/** Runs a bench's rounds; `say` is told how they go. */
export async function measure(
  bench: Bench,
  rounds: number,
  say: (line: string) => void,
): Promise<readonly Result[]> {
  const runners = await bench.runners();
  const samples: Round[] = [];
  for (let number = 1; number <= rounds; number++) {
    const round: Record<string, Sample> = {};
    for (const runner of shuffled(runners)) {
      say(`${bench.name}: round ${number} of ${rounds}: ${runner.name}`);
      round[runner.name] = await runner.run();
    }
    samples.push(round);
  }
  return bench.figures.flatMap((figure) => resultOf(bench.name, figure, samples));
}

/** What a runner has measured in a round, as a figure of its own. */
export function measured(runner: string, name: string): Figure['of'] {
  return (round) => round[runner]?.[name];
}

/** Undefined where one of the two is not to be had on this machine. */
export function ratio(ours: number | undefined, ceiling: number | undefined): number | undefined {
  return ours === undefined || ceiling === undefined ? undefined : ours / ceiling;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which that part of them lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = part * (sorted.length - 1);
  const [below = Number.NaN, above = below] = sorted.slice(Math.floor(at), Math.floor(at) + 2);
  return below + (above - below) * (at % 1);
}

function resultOf(bench: string, figure: Figure, rounds: readonly Round[]): Result[] {
  const values = rounds.map((round) => figure.of(round)).filter((value) => value !== undefined);
  if (values.length === 0) return [];
  const { title, unit, target } = figure;
  const middle = median(values);
  return [
    {
      bench,
      title,
      unit,
      ...(target && { target }),
      values,
      median: middle,
      low: Math.min(...values),
      high: Math.max(...values),
      met: target && ('below' in target ? middle < target.below : middle >= target.atLeast),
    },
  ];
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
