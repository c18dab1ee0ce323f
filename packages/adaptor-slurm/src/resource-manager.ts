/** A connection to one Slurm, whichever way it is asked. */
import {
  AdaptorError,
  type AgentLaunch,
  abortable,
  type Clock,
  isLoopback,
  type NativeState,
  PilotError,
  type RemoteFiles,
  type ResourceManager,
  type ResourceManagerInfo,
  refuseUnreachable,
} from '@pstar/core/adaptor';
import { isAboutNodes } from './candidates.ts';
import { LaunchFiles } from './launch-files.ts';
import { refuseLostFiles } from './output-files.ts';
import { type Defaults, type PlannedLaunch, planLaunch, singleJob } from './plan.ts';
import {
  forgottenState,
  isOver,
  nativeStateOf,
  pastStateOf,
  renamed,
  renamedState,
  vanishedState,
} from './states.ts';
import { idTaken, Submissions } from './submissions.ts';
import type { JobRow, PastJob, SlurmNode, SlurmTransport } from './transport.ts';
import { withWayOut } from './way-out.ts';

/** What a connection is made of. */
export interface SlurmParts {
  readonly transport: SlurmTransport;
  readonly clock: Clock;
  readonly defaults: Defaults;
  /** The adaptor's own. */
  readonly directory: string;
  /** Those that Slurm and its nodes see. */
  readonly files: RemoteFiles;
  /** The names and addresses of the machine from where Slurm is asked. */
  names(): Promise<readonly string[]>;
  /** How far launches of one moment may be apart. */
  readonly quietMs?: number;
}

/** Nodes come and go, but not often. */
const NODES_MS = 600_000;
/** For a machine that may be away at present. */
const TIDY_MS = 5000;

interface Seen {
  readonly state: NativeState['state'];
  readonly at: number;
}

/** Those that are a pilot's, and those that may be. */
interface Rows<T = JobRow> {
  readonly rows: readonly T[];
  readonly unsure: readonly T[];
}

/** Slurm, as the core sees it. */
export class SlurmResourceManager implements ResourceManager {
  readonly pollIntervalMs: number;
  readonly #parts: SlurmParts;
  readonly #files: LaunchFiles;
  readonly #submissions: Submissions;
  /** How those that were asked for were when they were last seen in the queue. */
  #seen: Map<string, Seen> = new Map();
  #nodes: { readonly at: number; readonly nodes: Promise<readonly SlurmNode[]> } | undefined;

  constructor(parts: SlurmParts) {
    const { transport, clock, defaults, directory, files: there, quietMs } = parts;
    this.#parts = parts;
    this.#files = new LaunchFiles(directory, there);
    this.pollIntervalMs = 1000 * (defaults.url.poll ?? 10);
    const arrays = defaults.url.arrays !== 'no';
    this.#submissions = new Submissions({
      transport,
      clock,
      files: this.#files,
      there,
      arrays,
      ...(quietMs !== undefined && { quietMs }),
    });
  }

  /** Removes what earlier connections have left. */
  tidy(): Promise<void> {
    return this.#files.tidy();
  }

  submit(launch: AgentLaunch, { signal }: { signal?: AbortSignal } = {}): Promise<string> {
    return abortable(this.#submit(launch, signal), signal, 'the submission');
  }

  async states(ids: readonly string[]): Promise<readonly NativeState[]> {
    const ours = ids.filter((id) => /^\d+(_\d+)?$/.test(id));
    const { rows, unsure } = await this.#rows(ours);
    const states = new Map([
      ...rows.map((row) => [row.id, nativeStateOf(row)] as const),
      ...unsure.map((row) => [row.id, renamedState(row)] as const),
    ]);
    const gone = ours.filter((id) => !states.has(id));
    for (const state of await this.#goneStates(gone)) states.set(state.id, state);
    this.#remember(
      rows.map(({ id }) => states.get(id) as NativeState),
      gone,
    );
    return ids.map(
      (id) => states.get(id) ?? { id, state: 'Unknown', detail: 'Slurm gives no such ids' },
    );
  }

  async find(launchName: string): Promise<string | undefined> {
    const placed = await this.#files.find(launchName);
    if (placed === undefined) return undefined;
    const { job, index } = placed;
    const { transport } = this.#parts;
    const [row] = await transport.named(job);
    const id = row?.id ?? lowest((await transport.past({ name: job })).jobs.map((each) => each.id));
    if (id === undefined) return undefined;
    const [whole] = id.split('_') as [string];
    const holder = await this.#files.identify(whole, job);
    if (holder !== undefined) throw idTaken(whole, holder);
    return index === undefined ? whole : `${whole}_${index}`;
  }

  async cancel(ids: readonly string[]): Promise<void> {
    const ours = ids.filter((id) => /^\d+(_\d+)?$/.test(id));
    if (ours.length === 0) return;
    const { rows, unsure } = await this.#rows(ours);
    if (rows.length > 0) await this.#parts.transport.cancel(rows.map(({ id }) => id));
    // Whoever asks next may ask of an element that has waited until now, and is not shown any more.
    const at = this.#parts.clock.monotonic();
    for (const row of rows) this.#seen.set(row.id, { state: nativeStateOf(row).state, at });
    const open = unsure.find((row) => !isOver(row));
    if (open !== undefined) throw renamed(open);
  }

  async signal(id: string, signal: string): Promise<void> {
    const { rows, unsure } = await this.#rows([id]);
    if (unsure[0] !== undefined) throw renamed(unsure[0]);
    if (rows.length === 0) {
      throw new AdaptorError('NOT_FOUND', 'the queue does not have it any more', { subject: id });
    }
    await this.#parts.transport.signal(id, signal);
  }

  async render(launch: AgentLaunch): Promise<string> {
    return singleJob(await this.#plan(launch)).script;
  }

  async info(): Promise<ResourceManagerInfo> {
    const { version, cluster, partitions } = await this.#parts.transport.info();
    return { name: `slurm ${version}`, version, details: { cluster, partitions } };
  }

  async close(): Promise<void> {
    await this.#tidyBriefly();
    await this.#parts.transport.close();
  }

  /** What is over by now need not wait for the next connection; whoever closes is not to wait either. */
  async #tidyBriefly(): Promise<void> {
    const tidied = this.tidy().catch(() => {});
    await new Promise<void>((resolve) => {
      const timer = this.#parts.clock.after(TIDY_MS, resolve, { unref: true });
      void tidied.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  async #submit(launch: AgentLaunch, signal: AbortSignal | undefined): Promise<string> {
    if (isLoopback(launch.manager.host)) {
      const nodes = await this.#allNodes();
      const isFar = nodes.some(({ address }) => !isLoopback(address));
      refuseUnreachable(launch.manager, nodes, isFar ? await this.#parts.names() : []);
    }
    await refuseLostFiles(launch, this.#parts.files);
    const planned = await this.#plan(launch);
    try {
      return await this.#submissions.submit(planned, signal);
    } catch (error) {
      throw await this.#withWayOut(error, planned);
    }
  }

  async #plan(launch: AgentLaunch): Promise<PlannedLaunch> {
    const nodes = isAboutNodes(launch.description) ? await this.#allNodes() : [];
    const { clock, defaults } = this.#parts;
    return planLaunch(startable(launch, clock.now()), defaults, nodes);
  }

  /** What the queue has of them, and what it has that may be another's. */
  async #rows(ids: readonly string[]): Promise<Rows> {
    if (ids.length === 0) return { rows: [], unsure: [] };
    return this.#owned(await this.#parts.transport.list(ids));
  }

  /**
   * Without what is about jobs of others that have, or had, the same ids: Slurm begins anew with them when
   * its controller has lost its state, and after MaxJobId.
   */
  async #owned<T extends PastJob>(jobs: readonly T[]): Promise<Rows<T>> {
    const owners = await Promise.all(jobs.map((job) => this.#files.ownerOf(job)));
    return {
      rows: jobs.filter((_, index) => owners[index] === 'ours'),
      unsure: jobs.filter((_, index) => owners[index] === 'unsure'),
    };
  }

  async #goneStates(ids: readonly string[]): Promise<readonly NativeState[]> {
    if (ids.length === 0) return [];
    const { source, jobs } = await this.#parts.transport.past({ ids });
    const { shownMs } = await this.#parts.transport.limits();
    const { rows } = await this.#owned(jobs);
    const records = new Map(rows.map((job) => [job.id, job]));
    const now = this.#parts.clock.monotonic();
    return ids.map((id) => {
      const record = records.get(id);
      if (record !== undefined) return pastStateOf(record, source);
      const seen = this.#seen.get(id);
      // What has run is shown for a while after its end; an element that was canceled before is not.
      const isVanished = id.includes('_') && seen?.state === 'Pending' && now - seen.at < shownMs;
      return isVanished ? vanishedState(id) : forgottenState(id, source);
    });
  }

  /** Only of those that were asked for: others are over. */
  #remember(present: readonly NativeState[], gone: readonly string[]): void {
    const at = this.#parts.clock.monotonic();
    const before = gone.flatMap((id) => {
      const seen = this.#seen.get(id);
      return seen === undefined ? [] : [[id, seen] as const];
    });
    const now = present.map(({ id, state }) => [id, { state, at }] as const);
    this.#seen = new Map([...before, ...now]);
  }

  #allNodes(): Promise<readonly SlurmNode[]> {
    const now = this.#parts.clock.monotonic();
    if (this.#nodes === undefined || now - this.#nodes.at > NODES_MS) {
      const nodes = this.#parts.transport.nodes();
      this.#nodes = { at: now, nodes };
      nodes.catch(() => {
        this.#nodes = undefined;
      });
    }
    return this.#nodes.nodes;
  }

  async #withWayOut(error: unknown, planned: PlannedLaunch): Promise<unknown> {
    const { defaults, transport } = this.#parts;
    if (!(error instanceof PilotError) || error.code !== 'DESCRIPTION_INVALID') return error;
    const isAboutPartition = error.subject === 'queue' || error.subject === 'wallTimeLimit';
    const info = isAboutPartition ? await transport.info().catch(() => undefined) : undefined;
    return withWayOut(error, planned, defaults, info?.partitions ?? []);
  }
}

/** A start in the past is now, and not every version of sbatch takes it. */
function startable(launch: AgentLaunch, now: number): AgentLaunch {
  const { startTime, ...description } = launch.description;
  return startTime !== undefined && startTime <= now ? { ...launch, description } : launch;
}

/** An array has the id of its first record, where records do not name its elements. */
function lowest(ids: readonly string[]): string | undefined {
  return [...ids].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))[0];
}
