/** What a cluster's slurm.conf says, and why. Text only: nothing is read or written here. */

/** How a cluster is to be. */
export interface SlurmOptions {
  /** `n1`, `n2`, …; 2 by default, and 12 at most. */
  readonly nodes?: number;
  /** Of each node, whatever this machine has; 4 by default. */
  readonly cpus?: number;
  /** Of each node; 8000 by default. */
  readonly memoryMegabytes?: number;
  /** Of each node; none by default. They are devices in name only. */
  readonly gpus?: number;
  /** Whether slurmrestd runs, on a unix socket and, with tokens, on a port. */
  readonly rest?: boolean;
  /** Makes `sacct -c` work, from a file that the controller writes; nothing does by default. */
  readonly accounting?: 'completion-log';
  /** Lines of slurm.conf; by default `debug`, with all nodes, and `short`, with all for 5 min. */
  readonly partitions?: readonly string[];
  /** Where its directory is made; the temporary one by default. */
  readonly parent?: string;
  /** How its daemons are started: as they are, by default. */
  readonly within?: (command: readonly string[]) => readonly string[];
  /** More lines of slurm.conf. What is named there already is given anew. */
  readonly lines?: readonly string[];
}

/** Where everything of a cluster is. */
export interface Layout {
  /** An absolute path, short: Slurm's unix sockets have at most 107 characters. */
  readonly directory: string;
  readonly user: string;
  readonly controllerPort: number;
  /** By node, in order. */
  readonly nodePorts: readonly number[];
  /** Whether this machine's own name is 127.0.0.1 here. */
  readonly nameIsLoopback: boolean;
}

/** The names of the nodes. */
export function nodeNames({ nodes = 2 }: SlurmOptions): string[] {
  return Array.from({ length: nodes }, (_, i) => `n${i + 1}`);
}

/** Where a node finds slurm.conf: a path of its own, which its processes have in SLURM_CONF. */
export function nodeConf(directory: string, node: string): string {
  return `${directory}/${node}.conf`;
}

/** The text of slurm.conf. */
export function slurmConf(options: SlurmOptions, layout: Layout): string {
  const given = new Map<string, string>();
  const own = [...services(options, layout), ...behaviour(options)];
  for (const line of [...own, ...(options.lines ?? [])]) {
    // Slurm takes the last of two with the same key and complains of the other.
    const [key = ''] = line.split('=');
    given.set(isList(key) ? line : key, line);
  }
  const { partitions = PARTITIONS } = options;
  return [...given.values(), ...nodes(options, layout), ...partitions, ''].join('\n');
}

/** The text of gres.conf. */
export function gresConf({ gpus = 0, ...rest }: SlurmOptions, { directory }: Layout): string {
  if (gpus === 0) return '';
  const files = gpus === 1 ? 'gpu0' : `gpu[0-${gpus - 1}]`;
  const names = nodeNames(rest).join(',');
  return `NodeName=${names} Name=gpu Type=fake File=${directory}/${files}\n`;
}

const PARTITIONS = [
  'PartitionName=debug Nodes=ALL Default=YES MaxTime=60 DefaultTime=10',
  'PartitionName=short Nodes=ALL MaxTime=5 DefaultTime=1',
];

function isList(key: string): boolean {
  return ['NodeName', 'PartitionName', 'Include'].includes(key);
}

/** What the daemons are told of themselves: everything in one directory, and on loopback. */
function services({ rest = false }: SlurmOptions, layout: Layout): string[] {
  const { directory, user, controllerPort } = layout;
  return [
    'ClusterName=pstar',
    'SlurmctldHost=localhost(127.0.0.1)',
    `SlurmctldPort=${controllerPort}`,
    `SlurmUser=${user}`,
    `SlurmdUser=${user}`,
    'AuthType=auth/munge',
    // A requeued job starts when its old credentials have expired: after 120 s by default.
    `AuthInfo=socket=${directory}/munge.sock,cred_expire=5`,
    ...(rest
      ? ['AuthAltTypes=auth/jwt', `AuthAltParameters=jwt_key=${directory}/state/jwt.key`]
      : []),
    // srun listens where this machine's name leads. Where that is not loopback, and all listen on
    // loopback only, nodes and srun would not find each other.
    ...(layout.nameIsLoopback ? ['CommunicationParameters=NoCtldInAddrAny,NoInAddrAny'] : []),
    `StateSaveLocation=${directory}/state`,
    `SlurmdSpoolDir=${directory}/spool-%n`,
    `SlurmctldPidFile=${directory}/slurmctld.pid`,
    `SlurmdPidFile=${directory}/slurmd-%n.pid`,
    `SlurmctldLogFile=${directory}/slurmctld.log`,
    `SlurmdLogFile=${directory}/slurmd-%n.log`,
    `PlugStackConfig=${directory}/plugstack.conf`,
  ];
}

function behaviour({ accounting, gpus = 0 }: SlurmOptions): string[] {
  return [
    // No cgroups, no binding, no MPI: none of them can be had by everybody everywhere.
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'JobAcctGatherType=jobacct_gather/linux',
    'MpiDefault=none',
    'SwitchType=switch/none',
    // The nodes have what stands here, whatever this machine has.
    'SlurmdParameters=config_overrides',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core_Memory',
    'DefMemPerCPU=100',
    'SchedulerType=sched/backfill',
    // Jobs start within a second; by default within three.
    'SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1',
    'PriorityType=priority/basic',
    'PreemptType=preempt/partition_prio',
    'PreemptMode=REQUEUE',
    // What limits there are refuse a job when it is submitted, and do not let it wait for ever.
    'EnforcePartLimits=ALL',
    'KillWait=3',
    'MinJobAge=300',
    'MessageTimeout=5',
    'SlurmctldTimeout=20',
    // Not so short that a busy machine's nodes are taken for dead; see setDown() for those that are.
    'SlurmdTimeout=60',
    // With 2, a node that was set DOWN by hand would be back within a second.
    'ReturnToService=1',
    'InactiveLimit=0',
    'UnkillableStepTimeout=20',
    'MaxArraySize=2001',
    'MaxJobCount=20000',
    'AccountingStorageType=accounting_storage/none',
    ...(accounting === undefined ? ['JobCompType=jobcomp/none'] : ['JobCompType=jobcomp/filetxt']),
    ...(gpus > 0 ? ['GresTypes=gpu'] : []),
  ];
}

function nodes(options: SlurmOptions, { nodePorts }: Layout): string[] {
  const { cpus = 4, memoryMegabytes = 8000, gpus = 0 } = options;
  const gres = gpus > 0 ? ` Gres=gpu:fake:${gpus}` : '';
  return nodeNames(options).map(
    (name, i) =>
      `NodeName=${name} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${nodePorts[i]} CPUs=${cpus} RealMemory=${memoryMegabytes}${gres} State=UNKNOWN`,
  );
}
