/**
 * What a resource manager's script tells an agent of its node, and what is left of the agent's
 * environment for units: they are told of their own slots, not of the node.
 */
import type { AgentSettings } from '../protocol/agent-settings.ts';
import { UNIT_NODE_OPTIONS } from '../protocol/node-options.ts';

/** What the agent's environment says of its node; what it does not say, the agent finds. */
export interface ToldNode extends Pick<AgentSettings, 'cores' | 'memory' | 'gpus'> {
  readonly name?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Each counts as unset when it is empty: scripts export what a site may not have. */
const VARIABLES = {
  name: 'PSTAR_NODE_NAME',
  cores: 'PSTAR_NODE_CORES',
  memory: 'PSTAR_NODE_MEMORY',
  gpus: 'PSTAR_NODE_GPUS',
} as const;

/** @throws Error for a number that is none: to offer something else in its place would be to guess. */
export function toldNode(environment: Environment): ToldNode {
  const name = environment[VARIABLES.name];
  const cores = wholeNumber(environment, VARIABLES.cores, 1);
  const memory = wholeNumber(environment, VARIABLES.memory, 1);
  const gpus = wholeNumber(environment, VARIABLES.gpus, 0);
  return {
    ...(name && { name }),
    ...(cores !== undefined && { cores }),
    ...(memory !== undefined && { memory }),
    ...(gpus !== undefined && { gpus }),
  };
}

/** What units inherit of the agent's environment, and the `NODE_OPTIONS` that it was started without. */
export function inheritedEnvironment(environment: Environment): Record<string, string> {
  const own: readonly string[] = [...Object.values(VARIABLES), UNIT_NODE_OPTIONS];
  const inherited = Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !own.includes(entry[0]),
    ),
  );
  const options = environment[UNIT_NODE_OPTIONS];
  return options ? { ...inherited, NODE_OPTIONS: options } : inherited;
}

function wholeNumber(environment: Environment, name: string, least: number): number | undefined {
  const text = environment[name];
  if (!text) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && Number.isSafeInteger(value)) return value;
  throw new Error(`${name}='${text}' is no whole number from ${least} on`);
}
