/** Native jobs by DRMAA 1: what is in the standard, whichever library it is. */
import type {
  NativeState,
  ParsedPilotJobDescription,
  ResourceManagerInfo,
} from '@pstar/core/adaptor';
import type { Drmaa } from '../drmaa1/drmaa.ts';
import type { DrmaaSession } from '../drmaa1/session.ts';
import type { DrmaaJobState } from '../drmaa1/states.ts';
import type { Dialect, Shape } from './dialects/dialect.ts';
import { allEnded } from './endings.ts';
import type { HostNames } from './far-hosts.ts';
import type { LaunchNote } from './launch-notes.ts';
import type { Asked, NativeJob, NativeJobs } from './native-jobs.ts';
import { type Defaults, headerLines, nativeSpecification, optionsOf } from './plan.ts';
import { isRefused, usageState } from './usage.ts';

/** What native jobs are submitted with. */
export interface Drmaa1Parts {
  readonly library: Drmaa;
  readonly session: DrmaaSession;
  readonly dialect: Dialect;
  readonly defaults: Defaults;
  /** The hosts, where somebody knows them: the standard does not. */
  readonly hosts?: () => Promise<readonly HostNames[]>;
  /** Lets the session and the library go. */
  release(): Promise<void>;
}

/** What its states are in our words; of the two ends more is asked. */
const STATES: Readonly<Record<DrmaaJobState, NativeState['state']>> = {
  UNDETERMINED: 'Unknown',
  QUEUED_ACTIVE: 'Pending',
  SYSTEM_ON_HOLD: 'Pending',
  USER_ON_HOLD: 'Pending',
  USER_SYSTEM_ON_HOLD: 'Pending',
  RUNNING: 'Running',
  SYSTEM_SUSPENDED: 'Suspended',
  USER_SUSPENDED: 'Suspended',
  USER_SYSTEM_SUSPENDED: 'Suspended',
  DONE: 'Done',
  FAILED: 'Failed',
};

/** One node: what an adaptor does that knows no more of the resource manager. */
const ONE_NODE: Shape = { words: [], several: false };

/** A session of any library. */
export class Drmaa1Jobs implements NativeJobs {
  protected readonly parts: Drmaa1Parts;
  /** What this connection has had ended: libraries do not tell that apart from other bad ends. */
  readonly #canceled = new Set<string>();

  constructor(parts: Drmaa1Parts) {
    this.parts = parts;
  }

  async plan(name: string, description: ParsedPilotJobDescription): Promise<Asked> {
    const { dialect, defaults } = this.parts;
    const { options, shape } = await this.#ask(description);
    return {
      header: [...this.firstLines(name), ...headerLines(options, dialect, defaults)],
      nodeLines: dialect.nodeLines,
      several: shape.several,
      ownId: this.findsByName ? undefined : dialect.ownId,
    };
  }

  async submit(job: NativeJob): Promise<string> {
    const { session, dialect, defaults } = this.parts;
    const { options } = await this.#ask(job.description);
    const { startTime, contact } = job.description;
    const spec = nativeSpecification(options, dialect, defaults);
    return session.runJob({
      remoteCommand: '/bin/sh',
      args: [job.script],
      jobName: job.name,
      // The script goes to its directory by itself.
      workingDirectory: isPlain(job.workingDirectory) ? job.workingDirectory : '/',
      outputPath: `:${isPlain(job.output) ? job.output : '/dev/null'}`,
      joinFiles: true,
      ...(spec !== '' && { nativeSpecification: spec }),
      ...(dialect.rules.startTime.words === undefined &&
        startTime !== undefined && { startTime: new Date(startTime) }),
      ...(dialect.rules.contact.words === undefined &&
        contact !== undefined && { email: [contact].flat() }),
    });
  }

  async states(
    ids: readonly string[],
    notes: ReadonlyMap<string, LaunchNote>,
  ): Promise<readonly NativeState[]> {
    const said = await this.parts.session.jobPsOf(ids);
    return Promise.all(
      said.map(async (each): Promise<NativeState> => {
        const { jobId: id, state, error } = each;
        // Slurm's library calls what it has never heard of FAILED.
        if (state === undefined || !notes.has(id)) {
          if (error !== undefined && !isRefused(error, 'INVALID_JOB')) throw error;
          return {
            id,
            state: 'Unknown',
            detail: error?.problem ?? `${state}, and not of this session`,
          };
        }
        const ours = STATES[state];
        if (ours !== 'Done' && ours !== 'Failed') return { id, state: ours, detail: state };
        return (await this.endOf(id)) ?? { id, state: ours, detail: state };
      }),
    );
  }

  async find(_name: string): Promise<string | undefined> {
    // The standard has no names to look for: the script says its id when it runs.
    return undefined;
  }

  async cancel(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#canceled.add(id);
    await allEnded(ids.map((id) => this.parts.session.control(id, 'TERMINATE')));
  }

  async info(): Promise<ResourceManagerInfo> {
    const { library, dialect } = this.parts;
    const { drmSystem, implementation, version } = library;
    const details = {
      implementation,
      drmaa: `${version.major}.${version.minor}`,
      dialect: dialect.name,
    };
    return { name: drmSystem.trim() || dialect.title, details };
  }

  async hosts(): Promise<readonly HostNames[]> {
    return (await this.parts.hosts?.()) ?? [];
  }

  async close(_pilots: number): Promise<void> {
    await this.parts.release();
  }

  async #ask(description: ParsedPilotJobDescription) {
    const { dialect, defaults } = this.parts;
    const shape = await this.shapeOf(description);
    return { shape, options: optionsOf(this.own(description), dialect, defaults, shape) };
  }

  /** Whether what was submitted can be found by its name. */
  protected get findsByName(): boolean {
    return false;
  }

  /** What the sizes of a description become, where the rules do not say so by themselves. */
  protected async shapeOf(_description: ParsedPilotJobDescription): Promise<Shape> {
    return ONE_NODE;
  }

  /** The description without what {@link shapeOf} has seen to. */
  protected own(description: ParsedPilotJobDescription): ParsedPilotJobDescription {
    return description;
  }

  /** What stands first at the top of a script. */
  protected firstLines(name: string): readonly string[] {
    return [`# ${this.parts.dialect.title} knows it as ${name}.`];
  }

  /** How one has ended, which a session tells once; undefined when it does not tell. */
  protected async endOf(id: string): Promise<NativeState | undefined> {
    const isCanceled = this.#canceled.has(id);
    try {
      return usageState(id, await this.parts.session.wait(id, { timeout: 0 }), isCanceled);
    } catch (error) {
      if (isRefused(error, 'INVALID_JOB') || isRefused(error, 'EXIT_TIMEOUT')) return undefined;
      throw error;
    }
  }

  /** Whether this connection has had it ended. */
  protected isCanceled(id: string): boolean {
    return this.#canceled.has(id);
  }
}

/** Grid Engine reads `:`, `,` and `$` in paths. */
function isPlain(path: string): boolean {
  return /^[\w./+-]+$/.test(path);
}
