/** What a cell is told, by attribute. Values only: nothing is read or written here. */
import { join } from 'node:path';

/** The host of qmaster, and of all who submit. */
export const MASTER = 'localhost';

/** How a cluster is to be. */
export interface GridEngineOptions {
  /** How many execution hosts: `g1`, `g2`, … One by default, and 8 at most. */
  readonly hosts?: number;
  /** Of each host; 8 by default. */
  readonly slots?: number;
  /** Those that there are beside `smp` and `mpi`. */
  readonly parallel?: readonly ParallelEnvironment[];
  /** What differs in the queue, `all.q`. */
  readonly queue?: Attributes;
  /** What differs in the global configuration. */
  readonly configuration?: Attributes;
}

export interface ParallelEnvironment {
  readonly name: string;
  /** `$pe_slots`: all on one host. `$round_robin`, `$fill_up`: on several. A number: so many on each. */
  readonly rule: '$pe_slots' | '$round_robin' | '$fill_up' | number;
  /** Whether it may start programs on its other hosts, with `qrsh -inherit`. */
  readonly controlSlaves?: boolean;
}

/** Names and values, as Grid Engine writes them. */
export type Attributes = Readonly<Record<string, string | number>>;

/** What is said of the cluster beside its options. */
export interface Layout {
  readonly directory: string;
  /** Who runs the daemons, and may do everything. */
  readonly user: string;
  /** Unless that is root, jobs are this user's alone. */
  readonly isRoot: boolean;
  /** Of {@link GROUPS} that nobody is in. */
  readonly firstGroup: number;
}

/** How many groups a cluster needs, to mark the processes of its jobs with. */
export const GROUPS = 48;

/** What most sites have: cores of one host, and cores of many. */
const PARALLEL: readonly ParallelEnvironment[] = [
  { name: 'smp', rule: '$pe_slots' },
  { name: 'mpi', rule: '$round_robin', controlSlaves: true },
];

export function hostNames({ hosts = 1 }: GridEngineOptions): string[] {
  return Array.from({ length: hosts }, (_, i) => `g${i + 1}`);
}

export function parallelEnvironments({ parallel = [] }: GridEngineOptions): ParallelEnvironment[] {
  return [...PARALLEL, ...parallel];
}

export function bootstrap({ directory, user, isRoot }: Layout): Attributes {
  const spool = join(directory, 'spool/qmaster');
  return {
    admin_user: isRoot ? 'none' : user,
    default_domain: 'none',
    ignore_fqdn: 'true',
    spooling_method: 'classic',
    spooling_lib: 'libspoolc',
    spooling_params: `${join(directory, 'root/default/common')};${spool}`,
    binary_path: join(directory, 'root/bin'),
    qmaster_spool_dir: spool,
    security_mode: 'none',
    listener_threads: 2,
    worker_threads: 2,
    scheduler_threads: 1,
  };
}

/** What differs from Debian's default. */
export function globalConfiguration(options: GridEngineOptions, layout: Layout): Attributes {
  return {
    execd_spool_dir: join(layout.directory, 'spool/execd'),
    mailer: '/bin/true',
    // Also of hosts that it knows again.
    loglevel: 'log_info',
    administrator_mail: 'none',
    // Root may submit.
    min_uid: 0,
    min_gid: 0,
    load_report_time: '00:00:05',
    // A host that is lost is known to be so before a test's patience ends.
    max_unheard: '00:00:15',
    // What has ended is in qacct at once.
    reporting_params:
      'accounting=true reporting=false flush_time=00:00:01 accounting_flush_time=00:00:00 joblog=false sharelog=00:00:00',
    gid_range: groupRange(layout, 0, 1),
    ...options.configuration,
  };
}

/** A host's own: what its jobs use is counted by groups, and the processes of others are beside them. */
export function localConfiguration(layout: Layout, index: number, hosts: number): Attributes {
  return { gid_range: groupRange(layout, index, hosts) };
}

function groupRange({ firstGroup }: Layout, index: number, hosts: number): string {
  const share = Math.floor(GROUPS / hosts);
  const first = firstGroup + index * share;
  return `${first}-${first + share - 1}`;
}

/** The scheduler looks once a second, which is as often as it can. */
export const SCHEDULER: Attributes = {
  algorithm: 'default',
  schedule_interval: '0:0:1',
  maxujobs: '0',
  queue_sort_method: '0',
  job_load_adjustments: 'NONE',
  load_adjustment_decay_time: '0:0:0',
  load_formula: 'np_load_avg',
  schedd_job_info: 'true',
  flush_submit_sec: '1',
  flush_finish_sec: '1',
  params: 'none',
  reprioritize_interval: '0:0:0',
  halftime: '168',
  usage_weight_list: 'cpu=1.000000 mem=0.000000 io=0.000000',
  compensation_factor: '5.000000',
  weight_user: '0.250000',
  weight_project: '0.250000',
  weight_department: '0.250000',
  weight_job: '0.250000',
  weight_tickets_functional: '0',
  weight_tickets_share: '0',
  weight_tickets_override: '0',
  share_override_tickets: 'TRUE',
  share_functional_shares: 'TRUE',
  max_functional_jobs_to_schedule: '200',
  report_pjob_tickets: 'TRUE',
  max_pending_tasks_per_job: '50',
  halflife_decay_list: 'none',
  policy_hierarchy: 'OFS',
  weight_ticket: '0.500000',
  weight_waiting_time: '0.278000',
  weight_deadline: '3600000.000000',
  weight_urgency: '0.500000',
  weight_priority: '0.000000',
  max_reservation: '0',
  default_duration: 'INFINITY',
};

const LIMITS = ['rt', 'cpu', 'fsize', 'data', 'stack', 'core', 'rss', 'vmem'];
const NOTHING = [
  ...['load_thresholds', 'suspend_thresholds', 'ckpt_list', 'prolog', 'epilog', 'starter_method'],
  ...['suspend_method', 'resume_method', 'terminate_method', 'owner_list', 'user_lists'],
  ...['xuser_lists', 'subordinate_list', 'complex_values', 'projects', 'xprojects', 'calendar'],
];

export function temporaryDirectory({ directory }: Layout, host: string): string {
  return join(directory, 'tmp', host);
}

/** The only queue, on all hosts: as little as it can be told. */
export function queueConfiguration(options: GridEngineOptions, layout: Layout): Attributes {
  return {
    qname: 'all.q',
    hostlist: '@allhosts',
    seq_no: 0,
    nsuspend: 1,
    suspend_interval: '00:05:00',
    priority: 0,
    min_cpu_interval: '00:05:00',
    processors: 'UNDEFINED',
    qtype: 'BATCH INTERACTIVE',
    pe_list: parallelEnvironments(options)
      .map(({ name }) => name)
      .join(' '),
    rerun: 'FALSE',
    slots: options.slots ?? 8,
    // Jobs of other clusters have the same numbers, and one that is on several hosts has a directory on each.
    tmpdir: [
      '/tmp',
      ...hostNames(options).map((name) => `[${name}=${temporaryDirectory(layout, name)}]`),
    ].join(','),
    shell: '/bin/sh',
    shell_start_mode: 'unix_behavior',
    notify: '00:00:05',
    initial_state: 'default',
    ...Object.fromEntries(NOTHING.map((name) => [name, 'NONE'])),
    ...Object.fromEntries(
      LIMITS.flatMap((it) => [`s_${it}`, `h_${it}`]).map((it) => [it, 'INFINITY']),
    ),
    ...options.queue,
  };
}

/** The queue on one host: there is none where there is no such file. */
export function queueInstance(hostname: string): Attributes {
  return {
    qname: 'all.q',
    hostname,
    state: 0,
    pending_signal: 0,
    pending_signal_del: 0,
    version: 0,
  };
}

export function parallelConfiguration({
  name,
  rule,
  controlSlaves = false,
}: ParallelEnvironment): Attributes {
  return {
    pe_name: name,
    slots: 999,
    user_lists: 'NONE',
    xuser_lists: 'NONE',
    start_proc_args: 'NONE',
    stop_proc_args: 'NONE',
    allocation_rule: rule,
    control_slaves: controlSlaves ? 'TRUE' : 'FALSE',
    // Else its own host is one that it can start one program less on.
    job_is_first_task: 'FALSE',
    urgency_slots: 'min',
    accounting_summary: 'FALSE',
    qsort_args: 'NONE',
  };
}

export function executionHost(hostname: string): Attributes {
  return {
    hostname,
    load_scaling: 'NONE',
    complex_values: 'NONE',
    load_values: 'NONE',
    processors: 0,
    reschedule_unknown_list: 'NONE',
    user_lists: 'NONE',
    xuser_lists: 'NONE',
    projects: 'NONE',
    xprojects: 'NONE',
    usage_scaling: 'NONE',
    report_variables: 'NONE',
  };
}
