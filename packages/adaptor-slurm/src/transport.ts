/**
 * The seam between the adaptor and a way to reach Slurm: its commands, or slurmrestd. Plain data goes
 * through it. What a pilot is, what its options mean and which of Slurm's states is which of ours is
 * known above; how Slurm is asked, and how its answers are read, below.
 */

/** An option of sbatch by its long name; `true` for one that takes no value. */
export type SbatchOption = readonly [name: string, value: string | true];

/** What is submitted. */
export interface SlurmJob {
  /** Slurm's JobName; nothing else of this user has it. */
  readonly name: string;
  /** What the batch shell runs. Its `#SBATCH` lines say the same as {@link options}. */
  readonly script: string;
  /** Every option, `job-name`, `output` and `chdir` among them; an option stands there once. */
  readonly options: readonly SbatchOption[];
}

/** How a job has ended. */
export interface JobExit {
  /** Absent when a signal has ended it, and when it never ran. */
  readonly exitCode?: number;
  /** `SIGTERM` */
  readonly signal?: string;
}

/** A job, or an element of an array, as the queue shows it. */
export interface JobRow extends JobExit {
  /** `17`; of an array's element `17_3`. */
  readonly id: string;
  readonly name: string;
  /** Slurm's word, the long one in capitals: `PENDING`. */
  readonly state: string;
  /** Slurm's word for why it is so: `Resources`; empty when it says `None`. */
  readonly reason: string;
  /** `n[1-3]`; empty while it has none. */
  readonly nodes: string;
  /** Where its batch script runs, or ran; empty while that is nowhere. */
  readonly batchHost: string;
  /** Seconds since the epoch: when it was submitted, or last requeued. Absent where that is not told. */
  readonly submittedAt?: number;
}

/** A job that the queue has forgotten, as Slurm's records show it. */
export type PastJob = Omit<JobRow, 'reason' | 'nodes' | 'batchHost' | 'submittedAt'>;

/** What Slurm's records say, and which they are. */
export interface PastJobs {
  /** Without either, nothing is known of jobs that the queue has forgotten. */
  readonly source: 'accounting' | 'completion log' | 'none';
  /** Those found; several of an id that was used again, by jobs of other names. */
  readonly jobs: readonly PastJob[];
}

/** A node of the cluster. */
export interface SlurmNode {
  readonly name: string;
  /** Where slurmctld reaches it: a name or an IP address. */
  readonly address: string;
  /** As `uname` says; empty of a node that never reported. */
  readonly architecture: string;
  /** As `uname` says, the release in its wake; empty of a node that never reported. */
  readonly system: string;
}

/** A partition of the cluster. */
export interface SlurmPartition {
  readonly name: string;
  readonly isDefault: boolean;
  /** `UP`, `DOWN`, `DRAIN`, `INACTIVE` */
  readonly state: string;
  /** Slurm's words: `1-00:00:00`, `UNLIMITED`. */
  readonly timeLimit: string;
  readonly nodes: number;
  readonly cpus: number;
}

/** What a cluster's configuration sets bounds to. */
export interface SlurmLimits {
  /** How many elements an array may have; 0 when there are no arrays, or it cannot be known. */
  readonly arrayMax: number;
  /** For how long the queue still shows what is over (MinJobAge); 0 when it cannot be known. */
  readonly shownMs: number;
}

/** What Slurm says of itself. */
export interface SlurmInfo {
  /** `22.05.8` */
  readonly version: string;
  readonly cluster: string;
  readonly partitions: readonly SlurmPartition[];
}

/**
 * Slurm, asked in one way or another. All of it concerns this user's jobs on one cluster.
 *
 * Every method rejects with a PilotError: `RESOURCE_MANAGER_UNREACHABLE` when Slurm was not reached at
 * all, `TIMEOUT` or `CONNECTION_LOST` when it was asked and did not answer, `ADAPTOR_FAILED` when the
 * answer makes no sense, and for refusals Slurm's own sentence with the code that fits.
 */
export interface SlurmTransport {
  /**
   * Gives the id of the job, or of the array. After `TIMEOUT`, `CONNECTION_LOST` and `ADAPTOR_FAILED`
   * it may have been accepted all the same, and is looked for by its name. The signal gives it up.
   */
  submit(job: SlurmJob, signal?: AbortSignal): Promise<number>;
  /**
   * The jobs with these ids (`17`, `17_3`) that the queue knows, in one call; others are left out. Whose
   * they are their names say, and the times of their submission: ids are used again.
   */
  list(ids: readonly string[]): Promise<readonly JobRow[]>;
  /** The jobs with this name that the queue knows; an array gives a row for each element. */
  named(name: string): Promise<readonly JobRow[]>;
  /** What records say of jobs that the queue has forgotten: by their ids, or by their name. */
  past(which: { readonly ids: readonly string[] } | { readonly name: string }): Promise<PastJobs>;
  /** Ends jobs. Those unknown or over are no error. */
  cancel(ids: readonly string[]): Promise<void>;
  /** Sends a signal (`SIGUSR1`) to the steps of a job; by slurmrestd to its batch script as well. */
  signal(id: string, signal: string): Promise<void>;
  /** All nodes of the cluster. */
  nodes(): Promise<readonly SlurmNode[]>;
  info(): Promise<SlurmInfo>;
  limits(): Promise<SlurmLimits>;
  close(): Promise<void>;
}
