/**
 * Ends what a test has begun, at the latest when the tests of its file are over: one that has timed out still
 * waits for something, and never comes to the end of its own block.
 */
import { afterAll } from 'vitest';

const ends = new Set<() => unknown>();

afterAll(async () => {
  for (const end of [...ends].reverse()) await end();
});

/** Gives an end that is done once, whoever calls it first. */
export function endedAtLast<T>(end: () => T): () => T | undefined {
  const once = (): T | undefined => (ends.delete(once) ? end() : undefined);
  ends.add(once);
  return once;
}
