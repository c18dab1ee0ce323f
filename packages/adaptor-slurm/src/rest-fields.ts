/**
 * Options of sbatch as v0.0.40 and later of slurmrestd take them: as fields with types, where numbers
 * that may be missing are objects. Written after Slurm's specification of v0.0.41. PURE.
 */
import type { JobFields } from './rest-options.ts';
import type { SbatchOption } from './transport.ts';

type Writer = (value: string) => JobFields | undefined;

const text =
  (field: string): Writer =>
  (value) => ({ [field]: value });
const whole =
  (field: string): Writer =>
  (value) =>
    /^\d+$/.test(value) ? { [field]: Number(value) } : undefined;
const list =
  (field: string): Writer =>
  (value) => ({ [field]: value.split(',') });
/** A number that may be missing. */
const number =
  (field: string, read: (value: string) => number | undefined): Writer =>
  (value) => {
    const found = read(value);
    if (found === undefined) return undefined;
    const infinite = found === Number.POSITIVE_INFINITY;
    return { [field]: { set: true, infinite, number: infinite ? 0 : found } };
  };
const gres =
  (field: string, prefix: string): Writer =>
  (value) => {
    const parts = value.split(',').map((part) => (part.startsWith('gres/') ? part : prefix + part));
    return { [field]: parts.join(',') };
  };

const WRITERS: Readonly<Record<string, Writer>> = {
  account: text('account'),
  array: text('array'),
  bb: text('burst_buffer'),
  begin: number('begin_time', readTime),
  chdir: text('current_working_directory'),
  'cluster-constraint': text('cluster_constraint'),
  comment: text('comment'),
  constraint: text('constraints'),
  container: text('container'),
  'core-spec': whole('core_specification'),
  'cpu-freq': text('cpu_frequency'),
  'cpus-per-task': whole('cpus_per_task'),
  dependency: text('dependency'),
  error: text('standard_error'),
  exclude: list('excluded_nodes'),
  exclusive: (value) => (/^(user|mcs)$/.test(value) ? { shared: [value] } : undefined),
  gpus: gres('tres_per_job', 'gres/gpu:'),
  'gpus-per-node': gres('tres_per_node', 'gres/gpu:'),
  'gpus-per-task': gres('tres_per_task', 'gres/gpu:'),
  gres: gres('tres_per_node', 'gres/'),
  input: text('standard_input'),
  'job-name': text('name'),
  'kill-on-invalid-dep': (value) =>
    value === 'yes' ? { flags: ['KILL_INVALID_DEPENDENCY'] } : undefined,
  licenses: text('licenses'),
  'mail-type': list('mail_type'),
  'mail-user': text('mail_user'),
  'mcs-label': text('mcs_label'),
  mem: number('memory_per_node', readMebibytes),
  'mem-per-cpu': number('memory_per_cpu', readMebibytes),
  mincpus: whole('minimum_cpus_per_node'),
  network: text('network'),
  nice: whole('nice'),
  nodelist: list('required_nodes'),
  nodes: (value) => {
    const [, least, most = least] = /^(\d+)(?:-(\d+))?$/.exec(value) ?? [];
    return least === undefined
      ? undefined
      : { minimum_nodes: Number(least), maximum_nodes: Number(most) };
  },
  ntasks: whole('tasks'),
  'ntasks-per-core': whole('tasks_per_core'),
  'ntasks-per-node': whole('tasks_per_node'),
  'ntasks-per-socket': whole('tasks_per_socket'),
  'open-mode': (value) => ({ open_mode: [value.toUpperCase()] }),
  output: text('standard_output'),
  partition: text('partition'),
  prefer: text('prefer'),
  priority: number('priority', readWhole),
  qos: text('qos'),
  reservation: text('reservation'),
  signal: (value) => {
    const [, batch, name, seconds] = /^(B:)?(\w+)(?:@(\d+))?$/.exec(value) ?? [];
    if (name === undefined) return undefined;
    return {
      kill_warning_signal: name,
      kill_warning_flags: batch === undefined ? [] : ['BATCH_JOB'],
      // What sbatch takes when no time is said.
      ...number('kill_warning_delay', readWhole)(seconds ?? '60'),
    };
  },
  'sockets-per-node': whole('sockets_per_node'),
  'thread-spec': whole('thread_specification'),
  'threads-per-core': whole('threads_per_core'),
  time: number('time_limit', readMinutes),
  'time-min': number('time_minimum', readMinutes),
  wckey: text('wckey'),
};

/** Whether they stand there is all that they say. */
const FLAGS: Readonly<Record<string, JobFields>> = {
  contiguous: { contiguous: true },
  exclusive: { shared: ['none'] },
  hold: { hold: true },
  'no-kill': { kill_on_node_fail: false },
  'no-requeue': { requeue: false },
  overcommit: { overcommit: true },
  oversubscribe: { shared: ['oversubscribe'] },
  reboot: { reboot: true },
  requeue: { requeue: true },
};

/** The fields that say what an option says; undefined when none does. */
export function typedFieldsOfOption([name, value]: SbatchOption): JobFields | undefined {
  return value === true ? FLAGS[name] : WRITERS[name]?.(value);
}

/** Minutes; sbatch rounds up to them: `90`, `90:30`, `1:30:00`, `2-12`, `2-12:30`, `2-12:30:00`. */
function readMinutes(value: string): number | undefined {
  if (/^(unlimited|infinite)$/i.test(value)) return Number.POSITIVE_INFINITY;
  const [, days, clock] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(value) ?? [];
  if (clock === undefined) return undefined;
  const [a = 0, b = 0, c = 0] = clock.split(':').map(Number);
  const hasHours = days !== undefined || clock.split(':').length === 3;
  const minutes = hasHours ? a * 60 + b + c / 60 : a + b / 60;
  return Math.ceil(Number(days ?? 0) * 1440 + minutes);
}

/** `2048`, `2048M`, `2G`. */
function readMebibytes(value: string): number | undefined {
  const [, digits, unit = 'M'] = /^(\d+)([KMGT])?B?$/i.exec(value) ?? [];
  if (digits === undefined) return undefined;
  return Math.ceil(Number(digits) * 1024 ** ('KMGT'.indexOf(unit.toUpperCase()) - 1));
}

/** Seconds since the epoch. Of sbatch's many ways to say when, the two that mean it everywhere. */
function readTime(value: string): number | undefined {
  const seconds = /^uts(\d+)$/.exec(value)?.[1];
  if (seconds !== undefined) return Number(seconds);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

function readWhole(value: string): number | undefined {
  return /^\d+$/.test(value) ? Number(value) : undefined;
}
