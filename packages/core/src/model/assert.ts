/**
 * Assertions for defects: what can only be wrong when this program is wrong.
 *
 * They stay on in production. What can be wrong in the world is a PilotError instead.
 */

/** Throws a plain Error, which nothing but the top should catch, unless the condition holds. */
export function assert(condition: unknown, problem: string): asserts condition {
  if (!condition) throw new Error(`defect: ${problem}`);
}

/** Marks a branch that the types rule out; reached only by data that lies about its type. */
export function unreachable(value: never): never {
  throw new Error(`defect: unexpected ${JSON.stringify(value)}`);
}
