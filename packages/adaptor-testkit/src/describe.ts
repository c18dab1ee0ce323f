/** The requirements as tests of vitest. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ADAPTOR_REQUIREMENTS, checkExcuses, mustMeet } from './conformance.ts';
import type { ConformanceOptions } from './options.ts';

/** A bound for vitest: requirements have patience of their own, and say what they waited for. */
const LIMIT_MS = 600_000;

/**
 * Describes an adaptor by what it promises: one test for each requirement, against the real thing.
 *
 * @throws Error when `cannot` has an unknown name, or no reason
 */
export function describeAdaptorConformance(name: string, options: ConformanceOptions): void {
  checkExcuses(options);
  describe(`${name}, as an adaptor,`, () => {
    beforeAll(async () => void (await options.setup?.()), LIMIT_MS);
    afterAll(async () => void (await options.teardown?.()), LIMIT_MS);
    for (const { name: requirement, sentence } of ADAPTOR_REQUIREMENTS) {
      it(`${requirement}: ${sentence}`, () => mustMeet(requirement, options), LIMIT_MS);
    }
  });
}
