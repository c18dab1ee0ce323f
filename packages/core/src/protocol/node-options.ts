/**
 * An agent is a Node.js program, and not the user's: what theirs loads by `NODE_OPTIONS`
 * (`--import ./tracing.mjs`) is not meant for it, nor found in its directory. So agents are started
 * without, and hand on to units what it was.
 */

/** What `NODE_OPTIONS` is for units, in the environment of an agent. */
export const UNIT_NODE_OPTIONS = 'PSTAR_UNIT_NODE_OPTIONS';

/** The environment of an agent, made of one that units may see as it is. */
export function withoutNodeOptions<Value extends string | undefined>(
  environment: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const { NODE_OPTIONS, ...others } = environment;
  return NODE_OPTIONS ? { ...others, [UNIT_NODE_OPTIONS]: NODE_OPTIONS } : others;
}
