/** A Slurm in memory, for what the real one cannot be made to do at will. */
import type {
  JobRow,
  PastJobs,
  SlurmInfo,
  SlurmJob,
  SlurmLimits,
  SlurmNode,
  SlurmTransport,
} from '../../src/transport.ts';

/** Takes everything, unless told otherwise. */
export class MemoryTransport implements SlurmTransport {
  readonly jobs: SlurmJob[] = [];
  readonly canceled: string[] = [];
  readonly signaled: string[] = [];
  rows: JobRow[] = [];
  records: PastJobs = { source: 'none', jobs: [] };
  cluster: readonly SlurmNode[] = [
    { name: 'n1', address: '127.0.0.1', architecture: 'x86_64', system: 'Linux' },
  ];
  bounds: SlurmLimits = { arrayMax: 1001, shownMs: 300_000 };
  /** Thrown by the next submissions, in order; undefined lets one pass. */
  failures: (Error | undefined)[] = [];
  questions = 0;
  /** The last one that was given. */
  lastId = 100;

  async submit(job: SlurmJob): Promise<number> {
    this.jobs.push(job);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.lastId += 1;
    return this.lastId;
  }

  async list(ids: readonly string[]): Promise<readonly JobRow[]> {
    this.questions += 1;
    return this.rows.filter(({ id }) => ids.includes(id));
  }

  async named(name: string): Promise<readonly JobRow[]> {
    return this.rows.filter((row) => row.name === name);
  }

  async past(): Promise<PastJobs> {
    return this.records;
  }

  async cancel(ids: readonly string[]): Promise<void> {
    this.canceled.push(...ids);
  }

  async signal(id: string): Promise<void> {
    this.signaled.push(id);
  }

  async nodes(): Promise<readonly SlurmNode[]> {
    return this.cluster;
  }

  async info(): Promise<SlurmInfo> {
    const some = { state: 'UP', nodes: 1, cpus: 8 };
    const partitions = [
      { name: 'debug', isDefault: true, timeLimit: '01:00:00', ...some },
      { name: 'long', isDefault: false, timeLimit: '7-00:00:00', ...some },
    ];
    return { version: '22.05.8', cluster: 'lab', partitions };
  }

  async limits(): Promise<SlurmLimits> {
    return this.bounds;
  }

  async close(): Promise<void> {}
}
