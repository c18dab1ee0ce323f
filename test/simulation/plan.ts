/**
 * What is to happen in one run, written down beforehand, so that some of it can be left out: a plan
 * that fails is shrunk to the few steps that it takes, and kept as a file.
 */
import { Random } from './random.ts';
import { KINDS, type Kind } from './trouble.ts';

/** One thing that happens. */
export interface Step {
  /** Milliseconds of the cluster's time. */
  readonly at: number;
  readonly what: Kind;
  /** Of all that is left to chance in it. */
  readonly seed: number;
}

export interface Plan {
  /** Of the cluster's own chances: delays, exit codes, when managers die. */
  readonly seed: number;
  readonly steps: readonly Step[];
  /** From here on nothing bad happens. */
  readonly calmAt: number;
}

/** How long the trouble lasts: most runs are short, to be many. */
const TROUBLES_MS = [3000, 6000, 15_000] as const;

/** The plan of a seed, always the same. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const calmAt = random.pick(TROUBLES_MS);
  const steps: Step[] = [];
  for (let at = 0; at < calmAt; at += random.between(1, 500)) {
    steps.push({ at, what: random.pick(KINDS), seed: random.between(0, 2 ** 31) });
  }
  return { seed, steps, calmAt };
}

/**
 * The least that still fails: leaves out halves, then quarters, and so on (Zeller's ddmin), as long as
 * what is left fails as well.
 *
 * @param fails whether a plan fails in the same way
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let { steps } = plan;
  for (let size = Math.ceil(steps.length / 2); size >= 1; ) {
    let isLess = false;
    for (let from = 0; from < steps.length; ) {
      const fewer = [...steps.slice(0, from), ...steps.slice(from + size)];
      if (await fails({ ...plan, steps: fewer })) {
        steps = fewer;
        isLess = true;
      } else from += size;
    }
    if (size === 1 && !isLess) break;
    if (!isLess || size > 1) size = Math.max(1, Math.floor(size / 2));
  }
  return { ...plan, steps };
}
