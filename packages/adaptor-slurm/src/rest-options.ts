/**
 * Options of sbatch as v0.0.38 of slurmrestd takes them: by other names, with the values that sbatch
 * takes. What it was seen to do with them, with 22.05, is said where it is not what it documents. PURE.
 */
import type { SbatchOption } from './transport.ts';

/** Fields of a submission that say what an option says. */
export type JobFields = Readonly<Record<string, unknown>>;

/** Values as they are. */
const RENAMED: Readonly<Record<string, string>> = {
  account: 'account',
  'acctg-freq': 'account_gather_frequency',
  array: 'array',
  batch: 'batch_features',
  bb: 'burst_buffer',
  begin: 'begin_time',
  chdir: 'current_working_directory',
  'cluster-constraint': 'cluster_constraint',
  comment: 'comment',
  constraint: 'constraints',
  container: 'container',
  'core-spec': 'core_specification',
  'cores-per-socket': 'cores_per_socket',
  'cpu-freq': 'cpu_frequency',
  'cpus-per-gpu': 'cpus_per_gpu',
  'cpus-per-task': 'cpus_per_task',
  deadline: 'deadline',
  'delay-boot': 'delay_boot',
  dependency: 'dependency',
  distribution: 'distribution',
  error: 'standard_error',
  'gpu-bind': 'gpu_binding',
  'gpu-freq': 'gpu_frequency',
  gpus: 'gpus',
  'gpus-per-node': 'gpus_per_node',
  'gpus-per-socket': 'gpus_per_socket',
  'gpus-per-task': 'gpus_per_task',
  gres: 'gres',
  'gres-flags': 'gres_flags',
  hint: 'cpu_binding_hint',
  input: 'standard_input',
  'job-name': 'name',
  licenses: 'licenses',
  'mail-type': 'mail_type',
  'mail-user': 'mail_user',
  'mcs-label': 'mcs_label',
  mem: 'memory_per_node',
  'mem-bind': 'memory_binding',
  'mem-per-cpu': 'memory_per_cpu',
  'mem-per-gpu': 'memory_per_gpu',
  mincpus: 'minimum_cpus_per_node',
  nice: 'nice',
  // Documented as a pair of numbers: of [3, 3] it makes one node, and says nothing.
  nodes: 'nodes',
  ntasks: 'tasks',
  'ntasks-per-core': 'tasks_per_core',
  'ntasks-per-node': 'tasks_per_node',
  'ntasks-per-socket': 'tasks_per_socket',
  'open-mode': 'open_mode',
  output: 'standard_output',
  partition: 'partition',
  prefer: 'prefer',
  priority: 'priority',
  qos: 'qos',
  reservation: 'reservation',
  'sockets-per-node': 'sockets_per_node',
  'thread-spec': 'thread_specification',
  'threads-per-core': 'threads_per_core',
  time: 'time_limit',
  'time-min': 'time_minimum',
  tmp: 'temporary_disk_per_node',
  'wait-all-nodes': 'wait_all_nodes',
  wckey: 'wckey',
};

/** Whether they stand there is all that they say. */
const FLAGS: Readonly<Record<string, JobFields>> = {
  hold: { hold: true },
  'kill-on-invalid-dep': { kill_on_invalid_dependency: true },
  'no-kill': { no_kill: 'set' },
  // `requeue: false` is what is documented, and means the same as true.
  'no-requeue': { no_requeue: true },
  oversubscribe: { oversubscribe: true },
  requeue: { requeue: true },
  'spread-job': { spread_job: true },
  'use-min-nodes': { minimum_nodes: true },
};

/** The fields that say what an option says; undefined when none does. */
export function fieldsOfOption([name, value]: SbatchOption): JobFields | undefined {
  const renamed = RENAMED[name];
  if (renamed !== undefined) return value === true ? undefined : { [renamed]: value };
  if (name === 'kill-on-invalid-dep' && value !== 'yes') return undefined;
  if (name === 'no-kill' && value !== true) return undefined;
  if (name === 'exclusive') return { exclusive: value === true ? 'exclusive' : value };
  // It takes no `B:`, and so can signal steps only.
  if (name === 'signal') return /^B/.test(String(value)) ? undefined : { signal: value };
  return FLAGS[name];
}
