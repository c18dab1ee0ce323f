/** Which hosts a pilot has, and what the agent of each may use. PURE. */
import { type ParsedPilotJobDescription, PilotError } from '@pstar/core/adaptor';
import type { PartRecord } from './launch-records.ts';

/** What an agent is told of its node. */
export interface Offered {
  /** What it is called. */
  readonly node: string;
  readonly cores?: number;
  /** Bytes. */
  readonly memory?: number;
}

/** The agents of a pilot, one on each host. */
export type Agents = readonly (Omit<PartRecord, 'name'> & { readonly offered: Offered })[];

/**
 * The hosts that a description names, else those of the URL, and the cores of the whole in shares that
 * differ by one at most.
 *
 * @param machineOf gives the same for targets that are one machine
 * @throws PilotError `DESCRIPTION_INVALID`
 */
export function agentsOf(
  description: ParsedPilotJobDescription,
  ofUrl: readonly string[],
  machineOf: (target: string) => string,
): Agents {
  const { candidateHosts, totalCpuCount, totalPhysicalMemory: memory } = description;
  const targets = candidateHosts ?? ofUrl;
  if (targets.length === 0) {
    throw invalid('candidateHosts', 'there is no host', 'name some, or write ssh://host');
  }
  refuseTwice(targets, machineOf);
  if (totalCpuCount !== undefined && totalCpuCount < targets.length) {
    const problem = `${totalCpuCount} cores are too few for ${targets.length} hosts`;
    throw invalid('totalCpuCount', problem, 'ask for one on each at least');
  }
  const nodes = nodeNames(targets);
  return targets.map((target, i) => {
    const node = nodes[i] as string;
    const cores = totalCpuCount === undefined ? undefined : share(totalCpuCount, targets.length, i);
    const offered = { node, ...(cores !== undefined && { cores }), ...(memory && { memory }) };
    return { target, node, offered };
  });
}

function refuseTwice(targets: readonly string[], machineOf: (target: string) => string): void {
  const seen = new Map<string, string>();
  for (const target of targets) {
    const machine = machineOf(target);
    const first = seen.get(machine);
    if (first !== undefined) {
      const problem =
        first === target ? `${target} is` : `${first} and ${target} are one host, which is`;
      throw invalid(
        'candidateHosts',
        `${problem} there twice`,
        'leave one out: an agent serves it whole',
      );
    }
    seen.set(machine, target);
  }
}

/** By the name of the host alone where that tells them apart. */
function nodeNames(targets: readonly string[]): readonly string[] {
  const names = targets.map((target) => hostOf(target));
  const isOwn = (name: string) => names.indexOf(name) === names.lastIndexOf(name);
  return names.map((name, i) => (isOwn(name) ? name : (targets[i] as string)));
}

function hostOf(target: string): string {
  const withoutUser = target.slice(target.lastIndexOf('@') + 1);
  return /^\[(.*)\]/.exec(withoutUser)?.[1] ?? withoutUser.replace(/:\d+$/, '');
}

function share(total: number, count: number, index: number): number {
  return Math.floor(total / count) + (index < total % count ? 1 : 0);
}

function invalid(subject: string, problem: string, hint: string): PilotError {
  return new PilotError('DESCRIPTION_INVALID', problem, { subject, hint });
}
