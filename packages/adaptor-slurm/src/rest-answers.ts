/**
 * Reads what slurmrestd answers, in whatever version. PURE; what is read of it is checked, and what
 * makes no sense is an error, never left out.
 */
import { AdaptorError } from '@pstar/core/adaptor';
import { z } from 'zod';
import { exitOfStatus } from './outputs.ts';
import type { JobExit, JobRow, PastJob, SlurmNode, SlurmPartition } from './transport.ts';

/** `7`, or since v0.0.39 `{ set: true, infinite: false, number: 7 }`. */
const Count = z
  .union([
    z.number(),
    z
      .object({ set: z.boolean(), infinite: z.boolean().optional(), number: z.number() })
      .transform(({ set, infinite, number }) =>
        infinite ? Number.POSITIVE_INFINITY : set ? number : undefined,
      ),
  ])
  .nullish()
  .transform((count) => count ?? undefined);

/** `RUNNING`, or since v0.0.40 the state and what else is true: `['RUNNING', 'COMPLETING']`. */
const State = z.union([
  z
    .string()
    .min(1)
    .transform((word) => [word]),
  z.array(z.string()).min(1),
]);

const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? '');

/** How a process has ended, in words. Of a signal's name, `Killed` and the like are of no use. */
const Ending = z.object({
  status: State.optional(),
  return_code: Count,
  signal: z
    .object({ id: Count, signal_id: Count })
    .nullish()
    .transform((signal) => signal?.id ?? signal?.signal_id ?? 0),
});

const Job = z.object({
  job_id: z.number(),
  array_job_id: Count,
  array_task_id: Count,
  name: Text,
  job_state: State,
  state_reason: Text,
  nodes: Text,
  batch_host: Text,
  submit_time: Count,
  /** Until v0.0.38 as wait() gives it. */
  exit_code: z.union([z.number(), Ending]).nullish(),
});

const Record = z.object({
  job_id: z.number(),
  array: z.object({ job_id: z.number(), task_id: Count }).optional(),
  name: Text,
  state: z.object({ current: State }),
  exit_code: Ending.nullish(),
});

const Node = z.object({
  name: z.string().min(1),
  address: Text,
  architecture: Text,
  operating_system: Text,
});

/** Some names changed with v0.0.39. */
const Partition = z.object({
  name: z.string().min(1),
  flags: z.array(z.string()).nullish(),
  state: z.string().nullish(),
  max_time_limit: Count,
  total_nodes: z.number().nullish(),
  total_cpus: z.number().nullish(),
  partition: z.object({ state: State }).nullish(),
  maximums: z.object({ time: Count }).nullish(),
  nodes: z.union([z.string(), z.object({ total: z.number() })]).nullish(),
  cpus: z.object({ total: z.number() }).nullish(),
});

const Meta = z.object({
  meta: z.object({
    Slurm: z.object({ release: z.string() }).nullish(),
    slurm: z.object({ release: z.string(), cluster: z.string().nullish() }).nullish(),
  }),
});

/** What squeue shows in place of the state when it is true as well, the first first. */
const SHOWN_FIRST = [
  'STAGE_OUT',
  'COMPLETING',
  'CONFIGURING',
  'RESIZING',
  'REQUEUED',
  'REQUEUE_FED',
  'REQUEUE_HOLD',
  'SPECIAL_EXIT',
  'STOPPED',
  'REVOKED',
  'RESV_DEL_HOLD',
  'SIGNALING',
];

/** The id of what was accepted; undefined when nothing was. */
export function readSubmitted(body: unknown): number | undefined {
  const { data } = z.object({ job_id: z.number().int().positive() }).safeParse(body);
  // Beside the id there may be errors: `Job is in held state`. It was accepted all the same.
  return data?.job_id;
}

/** Of `/jobs` and `/job/…`. */
export function readJobs(body: unknown, subject: string): readonly JobRow[] {
  return read(z.object({ jobs: z.array(Job) }), body, subject).jobs.map((job) => {
    const state = shownState(job.job_state);
    return {
      id: idOf(job.job_id, job.array_job_id, job.array_task_id),
      name: job.name,
      state,
      reason: job.state_reason === 'None' ? '' : job.state_reason,
      nodes: job.nodes,
      batchHost: job.batch_host,
      ...(job.submit_time && { submittedAt: job.submit_time }),
      // What has never had a node has not run: it is `0`, or nonsense, as with BadConstraints.
      ...(job.nodes !== '' && exitOf(job.exit_code, state)),
    };
  });
}

/**
 * Of slurmdbd's `/jobs` and `/job/…`; of records with the same id and name the last counts.
 *
 * v0.0.38 says exit code 0 of whatever has failed (seen with 22.05): then none is said here.
 */
export function readRecords(body: unknown, subject: string): readonly PastJob[] {
  const jobs = new Map<string, PastJob>();
  for (const record of read(z.object({ jobs: z.array(Record) }), body, subject).jobs) {
    const id = idOf(record.job_id, record.array?.job_id, record.array?.task_id);
    // `CANCELLED by 1000`
    const state = (record.state.current[0] as string).split(' ')[0] as string;
    const key = `${id} ${record.name}`;
    jobs.delete(key);
    jobs.set(key, { id, name: record.name, state, ...exitOf(record.exit_code, state) });
  }
  return [...jobs.values()];
}

/** Of `/nodes`. */
export function readNodes(body: unknown, subject: string): readonly SlurmNode[] {
  return read(z.object({ nodes: z.array(Node) }), body, subject).nodes.map((node) => ({
    name: node.name,
    address: node.address || node.name,
    architecture: node.architecture,
    system: node.operating_system,
  }));
}

/** Of `/partitions`. */
export function readPartitions(body: unknown, subject: string): readonly SlurmPartition[] {
  const { partitions } = read(z.object({ partitions: z.array(Partition) }), body, subject);
  return partitions.map((partition) => {
    const { nodes, maximums, max_time_limit: limit = maximums?.time } = partition;
    return {
      name: partition.name,
      isDefault: partition.flags?.some((flag) => /^default$/i.test(flag)) ?? false,
      state: partition.state ?? partition.partition?.state[0] ?? '',
      timeLimit: timeText(limit),
      nodes: partition.total_nodes ?? (typeof nodes === 'object' ? nodes?.total : undefined) ?? 0,
      cpus: partition.total_cpus ?? partition.cpus?.total ?? 0,
    };
  });
}

/** Of any answer: which Slurm it is. Before v0.0.40 the cluster's name is not told. */
export function readMeta(body: unknown, subject: string): { version: string; cluster: string } {
  const { Slurm, slurm } = read(Meta, body, subject).meta;
  return { version: slurm?.release ?? Slurm?.release ?? '', cluster: slurm?.cluster ?? '' };
}

/** An array's element that has started has an id of its own as well, which nobody was told. */
function idOf(id: number, arrayId: number | undefined, element: number | undefined): string {
  return arrayId && element !== undefined ? `${arrayId}_${element}` : String(id);
}

function shownState(words: readonly string[]): string {
  return SHOWN_FIRST.find((word) => words.includes(word)) ?? (words[0] as string);
}

function exitOf(exit: number | z.output<typeof Ending> | null | undefined, state: string): JobExit {
  if (exit === null || exit === undefined) return {};
  if (typeof exit === 'number') return exitOfStatus(exit, state);
  return exitOfStatus(((exit.return_code ?? 0) << 8) | exit.signal, state);
}

/** As sinfo and scontrol write it. */
function timeText(minutes: number | undefined): string {
  if (minutes === undefined || !Number.isFinite(minutes)) return 'UNLIMITED';
  const two = (n: number) => String(n).padStart(2, '0');
  const days = Math.floor(minutes / 1440);
  const rest = `${two(Math.floor((minutes % 1440) / 60))}:${two(minutes % 60)}:00`;
  return days === 0 ? rest : `${days}-${rest}`;
}

function read<T extends z.ZodType>(schema: T, body: unknown, subject: string): z.output<T> {
  const { data, error } = schema.safeParse(body);
  if (error === undefined) return data as z.output<T>;
  const [issue] = error.issues;
  const where = issue?.path.join('.') || 'the answer';
  throw new AdaptorError('ADAPTOR_FAILED', `slurmrestd: ${where}: ${issue?.message}`, {
    subject,
    hint: 'see whether it is slurmrestd that answers there',
  });
}
