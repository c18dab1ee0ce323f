/** How many nodes, agents and cores a pilot asks for. PURE. */
import { type ParsedPilotJobDescription, PilotError } from '@pstar/core/adaptor';
import type { SbatchOption } from './transport.ts';

/** The options that {@link geometryOptions} may give. */
export const GEOMETRY_OPTIONS = ['nodes', 'ntasks', 'ntasks-per-node', 'cpus-per-task'];

/**
 * The options for nodes and cores.
 *
 * Where only the cores are counted, Slurm spreads them over nodes as it likes, and there is an agent on
 * each of these for what it has of them: so the pilot starts as soon as so many cores are free
 * anywhere. Where agents are counted, each has a node of its own and its share of the cores there.
 *
 * @throws PilotError `DESCRIPTION_INVALID` for numbers that do not agree, `ATTRIBUTE_UNSUPPORTED` for
 *   several agents on a node
 */
export function geometryOptions(description: ParsedPilotJobDescription): readonly SbatchOption[] {
  const {
    totalCpuCount: cores,
    numberOfProcesses,
    threadsPerProcess,
    processesPerHost,
  } = description;
  if (processesPerHost !== undefined && processesPerHost > 1) {
    throw new PilotError(
      'ATTRIBUTE_UNSUPPORTED',
      'one agent serves all that a pilot has of a node',
      {
        subject: 'processesPerHost',
        hint: 'leave it out, or write 1',
      },
    );
  }
  const agents =
    numberOfProcesses ??
    (threadsPerProcess === undefined
      ? undefined
      : share(cores, threadsPerProcess, 'threadsPerProcess'));
  if (agents === undefined) return cores === undefined ? [] : [['ntasks', String(cores)]];
  const each = threadsPerProcess ?? (cores && share(cores, agents, 'numberOfProcesses'));
  if (cores !== undefined && each !== undefined && agents * each !== cores) {
    throw new PilotError(
      'DESCRIPTION_INVALID',
      `${agents} agents of ${each} cores are not ${cores} cores`,
      { subject: 'totalCpuCount', hint: 'leave one of the three numbers out' },
    );
  }
  return [
    ['nodes', String(agents)],
    ['ntasks-per-node', '1'],
    ...(each === undefined ? [] : ([['cpus-per-task', String(each)]] as const)),
  ];
}

/** Whether it may get more than one node: then the loss of one should not be the loss of all. */
export function mayHaveSeveralNodes(options: readonly SbatchOption[]): boolean {
  const values = new Map(options);
  const nodes = values.get('nodes');
  if (nodes !== undefined) return nodes !== '1' && nodes !== '1-1';
  const tasks = values.get('ntasks');
  return tasks !== undefined && tasks !== '1';
}

function share(whole: number | undefined, by: number, subject: string): number {
  if (whole === undefined) return 1;
  if (whole % by === 0) return whole / by;
  throw new PilotError(
    'DESCRIPTION_INVALID',
    `${whole} cores cannot be shared out evenly by ${by}`,
    {
      subject,
      hint: 'write a divisor of totalCpuCount',
    },
  );
}
