/** What Slurm's states and reasons are in our words. PURE. */
import { AdaptorError, type NativeState } from '@pstar/core/adaptor';
import { namesOf } from './hostlist.ts';
import type { JobExit, JobRow, PastJob } from './transport.ts';

type State = NativeState['state'];

/** Every state that a Slurm of 20.11 to 25.05 knows, by its long name. */
export const SLURM_STATES: Readonly<Record<string, State>> = {
  BOOT_FAIL: 'Failed',
  CANCELLED: 'Canceled',
  COMPLETED: 'Done',
  // Its processes are being ended; what has become of it is known when they are.
  COMPLETING: 'Running',
  // Its nodes are being started.
  CONFIGURING: 'Pending',
  DEADLINE: 'Failed',
  EXPEDITING: 'Pending',
  FAILED: 'Failed',
  LAUNCH_FAILED: 'Failed',
  NODE_FAIL: 'Failed',
  OUT_OF_MEMORY: 'Failed',
  PENDING: 'Pending',
  POWER_UP_NODE: 'Pending',
  PREEMPTED: 'Failed',
  RECONFIG_FAIL: 'Failed',
  REQUEUED: 'Pending',
  REQUEUE_FED: 'Pending',
  REQUEUE_HOLD: 'Pending',
  RESIZING: 'Running',
  RESV_DEL_HOLD: 'Pending',
  REVOKED: 'Failed',
  RUNNING: 'Running',
  SIGNALING: 'Running',
  SPECIAL_EXIT: 'Pending',
  STAGE_OUT: 'Running',
  STOPPED: 'Suspended',
  SUSPENDED: 'Suspended',
  TIMEOUT: 'Failed',
  UPDATE_DB: 'Running',
};

const LESS = 'ask for less, or name another queue';
const ACCOUNT = 'name another project or queue';
const HELD = 'have it released: scontrol release $ID';

/** Reasons for which a job does not start however long it waits, and what helps. */
const STUCK: readonly (readonly [reason: RegExp, help: string])[] = [
  [/^PartitionTimeLimit$/, 'give it a shorter wallTimeLimit, or name another queue'],
  [/^Partition(NodeLimit|Config)$/, LESS],
  [/^(QOS|Assoc)(Max\w*Per(Job|Node)\w*|TimeLimit|ResourceLimit)/, LESS],
  [/^(QOS|Assoc)Min\w+$/, 'ask for more: it is less than the least that is allowed'],
  [/^MaxMemPerLimit$/, 'ask for less totalPhysicalMemory'],
  [/^BadConstraints$/, 'no node is as nativeOptions.constraint wants it'],
  [/^(InvalidAccount|InvalidQOS|AccountNotAllowed|QOSNotAllowed|AccountingPolicy)$/, ACCOUNT],
  [/^DependencyNeverSatisfied$/, 'what it depends on has failed: take the dependency out'],
  [/^ReservationDeleted$/, 'its reservation is gone: name another'],
  [/^JobHeld(User|Admin)$/, HELD],
  [/^launch[ _]failed[ _]requeued[ _]held$/i, HELD],
  [/^job[ _]requeued[ _]in[ _]held[ _]state$/i, HELD],
];

/** What would have helped one that has ended badly. */
const TOO_LATE: Readonly<Record<string, string>> = {
  BOOT_FAIL: 'create another: its nodes did not start',
  DEADLINE: 'give it a later nativeOptions.deadline',
  NODE_FAIL:
    'create another: a node failed; with nativeOptions { requeue: true } Slurm does so itself',
  OUT_OF_MEMORY: 'ask for more totalPhysicalMemory, or say how much memory units need',
  PREEMPTED: 'create another: it made room for others',
  TIMEOUT: 'give it a longer wallTimeLimit',
};

/**
 * What slurmstepd ends a job with whose files it cannot open, before any program of it has run (22.05). The
 * kernel gives nobody this one.
 */
const NO_FILES = 'signal 53';
const FILES =
  "check that its nodes can write its output and error: Slurm makes no directories, and the pilot's description says where these files are to be";

/** The state of a job in the queue. `detail` is in Slurm's words, `hint` says what helps when waiting does not. */
export function nativeStateOf(row: JobRow): NativeState {
  const state = SLURM_STATES[row.state];
  const reason = row.reason === '' ? '' : ` (${row.reason})`;
  const words = `${row.state}${reason}`;
  if (state === undefined) {
    return { id: row.id, state: 'Unknown', detail: `${words}: a state that is not known here` };
  }
  if (state === 'Pending') {
    const hint = whyStuck(row.reason)?.replace('$ID', row.id);
    return { id: row.id, state, detail: words, ...(hint !== undefined && { hint }) };
  }
  if (state !== 'Running' && state !== 'Suspended') {
    const hint = row.signal === NO_FILES ? FILES : TOO_LATE[row.state];
    const end = { id: row.id, state, detail: `${words}${exitWords(row)}`, ...exitOf(row) };
    return hint === undefined ? end : { ...end, hint };
  }
  if (row.nodes === '') return { id: row.id, state, detail: words };
  const nodes = namesOf(row.nodes);
  const detail = `${words} on ${row.nodes}`;
  if (row.batchHost !== '' && nodes?.includes(row.batchHost) === false) {
    // With --no-kill Slurm (22.05) calls it running until its time is up, though the step that the
    // agents are in has ended with its srun.
    return {
      id: row.id,
      state,
      detail: `${detail}, without ${row.batchHost} and its script`,
      nodes: [],
    };
  }
  return { id: row.id, state, detail, ...(nodes !== undefined && { nodes }) };
}

/** The state of a job that the queue has forgotten, from a record of it. */
export function pastStateOf(job: PastJob, source: string): NativeState {
  const { id } = job;
  const state = SLURM_STATES[job.state] ?? 'Unknown';
  if (isOver(job)) {
    const end = { id, state, detail: `${job.state}${exitWords(job)}, by the ${source}` };
    return { ...end, ...exitOf(job), ...(job.signal === NO_FILES && { hint: FILES }) };
  }
  // The accounting lags behind the queue, and never hears of some ends.
  const detail = `the queue has forgotten it, and by the ${source} it is ${job.state}`;
  return { id, state: 'Unknown', detail };
}

/** The state of a job of which nothing is known. */
export function forgottenState(id: string, source: string): NativeState {
  const records =
    source === 'none'
      ? 'this cluster keeps neither accounting nor a completion log that can be read'
      : `the ${source} does not have it`;
  return { id, state: 'Unknown', detail: `the queue has forgotten it, and ${records}` };
}

/**
 * The state of a job that has the id of a pilot's, but not its name, where it cannot be told whose it is.
 * One that waits may be the pilot's for as long as it does; nothing else is concluded from it.
 */
export function renamedState(row: JobRow): NativeState {
  const { problem: detail, hint = '' } = renamed(row);
  const state = isWaiting(row) ? 'Pending' : 'Unknown';
  return { id: row.id, state, detail, hint };
}

/** Whether a job is over. */
export function isOver({ state }: Pick<JobRow, 'state'>): boolean {
  return ['Done', 'Failed', 'Canceled'].includes(SLURM_STATES[state] ?? 'Unknown');
}

/** What is said to whoever would end such a job. */
export function renamed({ id, name }: Pick<JobRow, 'id' | 'name'>): AdaptorError {
  const problem = `job ${id} is called ${name} now: it was renamed, or is another with the same id`;
  return new AdaptorError('ADAPTOR_FAILED', problem, {
    hint: `look at it (scontrol show job ${id}), and end it (scancel ${id}) or give it its name back`,
  });
}

/** The state of an array's element that is not in the queue any more, where it was waiting. */
export function vanishedState(id: string): NativeState {
  return { id, state: 'Canceled', detail: 'CANCELLED: it has left the queue without having run' };
}

function isWaiting({ state }: JobRow): boolean {
  return SLURM_STATES[state] === 'Pending';
}

/** What helps a job that will not start as things are; undefined when it may. */
function whyStuck(reason: string): string | undefined {
  return STUCK.find(([pattern]) => pattern.test(reason))?.[1];
}

function exitWords({ exitCode, signal }: JobExit): string {
  if (signal !== undefined) return `, ended by ${signal}`;
  return exitCode === undefined || exitCode === 0 ? '' : `, exit code ${exitCode}`;
}

function exitOf({ exitCode, signal }: JobExit): JobExit {
  return {
    ...(exitCode !== undefined && { exitCode }),
    ...(signal !== undefined && { signal }),
  };
}
