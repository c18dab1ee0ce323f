/** How many nodes and cores a pilot asks for. PURE. */
import type { ParsedPilotJobDescription } from '@pstar/core/adaptor';
import { invalid, unsupported } from './problems.ts';

/** What a description says of its size. */
export interface Size {
  /** Undefined where only the cores are counted. */
  readonly nodes: number | undefined;
  /** All of them. */
  readonly cores: number;
}

/**
 * Reads it.
 *
 * @throws PilotError `DESCRIPTION_INVALID` for numbers that do not agree, `ATTRIBUTE_UNSUPPORTED` for
 *   several agents on a node
 */
export function sizeOf(description: ParsedPilotJobDescription): Size {
  const { totalCpuCount, numberOfProcesses, threadsPerProcess, processesPerHost } = description;
  if (processesPerHost !== undefined && processesPerHost > 1) {
    const problem = 'one agent serves all that a pilot has of a node';
    throw unsupported('processesPerHost', problem, 'leave it out, or write 1');
  }
  if (numberOfProcesses === undefined && threadsPerProcess === undefined) {
    return { nodes: undefined, cores: totalCpuCount ?? 1 };
  }
  const nodes =
    numberOfProcesses ?? share(totalCpuCount, threadsPerProcess as number, 'threadsPerProcess');
  const each = threadsPerProcess ?? share(totalCpuCount, nodes, 'numberOfProcesses');
  if (totalCpuCount !== undefined && nodes * each !== totalCpuCount) {
    const problem = `${nodes} agents of ${each} cores are not ${totalCpuCount} cores`;
    throw invalid('totalCpuCount', problem, 'leave one of the three numbers out');
  }
  return { nodes, cores: nodes * each };
}

/**
 * The same, of a resource manager that gives one node.
 *
 * @throws PilotError `ATTRIBUTE_UNSUPPORTED` for several
 */
export function coresOfOneNode(description: ParsedPilotJobDescription, title: string): number {
  const { nodes = 1, cores } = sizeOf(description);
  if (nodes === 1) return cores;
  const subject =
    description.numberOfProcesses === undefined ? 'totalCpuCount' : 'numberOfProcesses';
  const problem = `${title} starts an agent on one node, and this is about ${nodes}`;
  throw unsupported(subject, problem, `create ${nodes} pilots of ${cores / nodes} cores each`);
}

function share(whole: number | undefined, by: number, subject: string): number {
  if (whole === undefined) return 1;
  if (whole % by === 0) return whole / by;
  const problem = `${whole} cores cannot be shared out evenly by ${by}`;
  throw invalid(subject, problem, 'write a divisor of totalCpuCount');
}
