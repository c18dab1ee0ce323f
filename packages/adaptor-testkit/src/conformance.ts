/** Whether an adaptor keeps a promise, and whether its excuses are good. Knows no test runner. */
import type { ConformanceOptions } from './options.ts';
import type { AdaptorRequirement, Requirement } from './requirement.ts';
import { REQUIREMENTS } from './requirements.ts';
import { Trial } from './trial.ts';
import { inTime } from './waiting.ts';

/** No requirement waits more often than this, one wait after the other. */
const WAITS_MAX = 5;

/** What every adaptor promises, in the order in which it is tried. */
export const ADAPTOR_REQUIREMENTS: readonly AdaptorRequirement[] = REQUIREMENTS;

/**
 * Tries one requirement without a test runner, and without `setup` and `cannot`: gives what is
 * wrong, or undefined when it is met.
 */
export function problemWith(name: string, options: ConformanceOptions): Promise<Error | undefined> {
  return tried(requirementOf(name), options);
}

function requirementOf(name: string): Requirement {
  const requirement = REQUIREMENTS.find((each) => each.name === name);
  if (requirement === undefined) throw new Error(`there is no requirement '${name}'`);
  return requirement;
}

async function tried(
  requirement: Requirement,
  options: ConformanceOptions,
): Promise<Error | undefined> {
  const trial = await Trial.begin(options);
  try {
    const limitMs = WAITS_MAX * trial.patienceMs;
    await inTime(requirement.run(trial), requirement.name, limitMs);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await trial.end();
  }
}

/**
 * Settles when a requirement is met, or is not and `cannot` says so.
 *
 * @throws Error what is wrong, or that the excuse is stale
 */
export async function mustMeet(name: string, options: ConformanceOptions): Promise<void> {
  const problem = await problemWith(name, options);
  const excuse = options.cannot?.[name];
  if (excuse === undefined) {
    if (problem !== undefined) throw problem;
  } else if (problem === undefined) {
    throw new Error(`it is met: take it out of 'cannot', where it says: ${excuse}`);
  }
}

/** @throws Error for an excuse without a reason, or for what nobody requires */
export function checkExcuses({ cannot = {}, load }: ConformanceOptions): void {
  for (const [name, reason] of Object.entries(cannot)) {
    requirementOf(name);
    if (reason.trim() === '') throw new Error(`cannot: say why '${name}' is not met`);
  }
  if (load?.because.trim() === '') throw new Error('load: say why there are to be fewer');
}
