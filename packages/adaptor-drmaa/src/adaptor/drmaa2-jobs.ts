/** Native jobs by DRMAA 2: a session that persists under its name, for as long as pilots need it. */
import type {
  NativeState,
  ParsedPilotJobDescription,
  ResourceManagerInfo,
} from '@pstar/core/adaptor';
import type { Drmaa2JobState } from '../drmaa2/constants.ts';
import type { Drmaa2 } from '../drmaa2/drmaa2.ts';
import type { Drmaa2Job } from '../drmaa2/job.ts';
import type { Drmaa2JobSession } from '../drmaa2/job-session.ts';
import type { Drmaa2JobInfo, Drmaa2Version } from '../drmaa2/types.ts';
import { withAttribute } from './drmaa2-refusals.ts';
import { templateLines, templateOf } from './drmaa2-rules.ts';
import { allEnded } from './endings.ts';
import type { HostNames } from './far-hosts.ts';
import type { LaunchNote } from './launch-notes.ts';
import type { Asked, NativeJob, NativeJobs } from './native-jobs.ts';
import { type PlaceDefaults, withDefaults } from './plan.ts';
import { isOurs } from './sessions.ts';

/** What native jobs are submitted with. */
export interface Drmaa2Parts {
  readonly library: Drmaa2;
  readonly session: Drmaa2JobSession;
  readonly defaults: PlaceDefaults;
  /** Lets session and library go, and destroys the session when nobody needs it. */
  release(isNeeded: boolean): Promise<void>;
}

const STATES: Readonly<Record<Drmaa2JobState, NativeState['state']>> = {
  UNDETERMINED: 'Unknown',
  QUEUED: 'Pending',
  QUEUED_HELD: 'Pending',
  RUNNING: 'Running',
  SUSPENDED: 'Suspended',
  REQUEUED: 'Pending',
  REQUEUED_HELD: 'Pending',
  DONE: 'Done',
  FAILED: 'Failed',
};

/** A session of a library of DRMAA 2. */
export class Drmaa2Jobs implements NativeJobs {
  readonly #parts: Drmaa2Parts;
  /** Those that are held here, by id. */
  readonly #jobs = new Map<string, Drmaa2Job>();
  readonly #canceled = new Set<string>();

  constructor(parts: Drmaa2Parts) {
    this.#parts = parts;
  }

  async plan(name: string, description: ParsedPilotJobDescription): Promise<Asked> {
    const template = this.#template(description);
    const { minSlots = 1 } = template;
    return {
      header: templateLines({ jobName: name, ...template }),
      nodeLines: `export PSTAR_NODE_NAME="$(hostname)" PSTAR_NODE_CORES=${minSlots}\n`,
      several: false,
      ownId: undefined,
    };
  }

  async submit({ name, script, workingDirectory, description }: NativeJob): Promise<string> {
    const template = {
      ...this.#template(description),
      remoteCommand: '/bin/sh',
      args: [script],
      jobName: name,
      workingDirectory,
      // Libraries need not append, and the script does so by itself.
      outputPath: '/dev/null',
      joinFiles: true,
    };
    const job = await this.#parts.session.runJob(template).catch((error: unknown) => {
      throw withAttribute(error);
    });
    this.#jobs.set(job.id, job);
    return job.id;
  }

  async states(
    ids: readonly string[],
    notes: ReadonlyMap<string, LaunchNote>,
  ): Promise<readonly NativeState[]> {
    await this.#hold(ids.filter((id) => notes.has(id)));
    return Promise.all(
      ids.map(async (id): Promise<NativeState> => {
        const job = this.#jobs.get(id);
        if (job === undefined) {
          return { id, state: 'Unknown', detail: 'it is not in the session' };
        }
        const { state, subState } = await job.getState();
        const words = subState === undefined ? state : `${state} (${subState})`;
        const ours = STATES[state];
        if (ours === 'Running' || ours === 'Suspended') return placed(id, ours, words, job);
        if (ours !== 'Done' && ours !== 'Failed') return { id, state: ours, detail: words };
        const end = endState(id, words, await job.getInfo(), this.#canceled.has(id));
        this.#jobs.delete(id);
        job[Symbol.dispose]();
        return end;
      }),
    );
  }

  async find(name: string): Promise<string | undefined> {
    const jobs = await this.#parts.session.getJobs();
    try {
      for (const job of jobs) {
        if ((await job.getJobTemplate()).jobName === name) return job.id;
      }
      return undefined;
    } finally {
      for (const job of jobs) job[Symbol.dispose]();
    }
  }

  async cancel(ids: readonly string[]): Promise<void> {
    await this.#hold(ids);
    const endings = ids.map(async (id) => {
      this.#canceled.add(id);
      await this.#jobs.get(id)?.terminate();
    });
    await allEnded(endings);
  }

  async info(): Promise<ResourceManagerInfo> {
    const { library, session } = this.#parts;
    const [system, systemVersion, implementation, implementationVersion, names] = await Promise.all(
      [
        library.drmsName(),
        library.drmsVersion(),
        // Not every library says so much of itself.
        library.drmaaName().catch(() => undefined),
        library.drmaaVersion().catch((): Drmaa2Version => ({})),
        library.getJobSessionNames(),
      ],
    );
    const version = versionText(systemVersion);
    return {
      name: `${system ?? 'drmaa2'} ${version}`.trim(),
      ...(version !== '' && { version }),
      details: {
        implementation: `${implementation ?? ''} ${versionText(implementationVersion)}`.trim(),
        layout: library.layout,
        session: session.name,
        /** Of other services, or of programs that were killed and never came back. */
        otherSessions: names.filter((name) => isOurs(name) && !name.endsWith(session.name)),
      },
    };
  }

  async hosts(): Promise<readonly HostNames[]> {
    await using session = await this.#parts.library.openMonitoringSession();
    return (await session.getAllMachines()).flatMap(({ name }) => (name ? [[name]] : []));
  }

  async close(pilots: number): Promise<void> {
    for (const job of this.#jobs.values()) job[Symbol.dispose]();
    this.#jobs.clear();
    await this.#parts.release(pilots > 0);
  }

  #template(description: ParsedPilotJobDescription) {
    return templateOf(withDefaults(description, this.#parts.defaults));
  }

  /** Has these in hand that the session has; all of them are asked for in one go. */
  async #hold(ids: readonly string[]): Promise<void> {
    const missing = new Set(ids.filter((id) => !this.#jobs.has(id)));
    if (missing.size === 0) return;
    for (const job of await this.#parts.session.getJobs()) {
      if (missing.has(job.id)) this.#jobs.set(job.id, job);
      else job[Symbol.dispose]();
    }
  }
}

/** Where it runs, if the library says so. */
async function placed(
  id: string,
  state: 'Running' | 'Suspended',
  words: string,
  job: Drmaa2Job,
): Promise<NativeState> {
  const { allocatedMachines = [] } = await job.getInfo().catch((): Drmaa2JobInfo => ({}));
  const hosts = allocatedMachines.map(({ machineName }) => machineName);
  const detail = hosts.length === 0 ? words : `${words} on ${hosts.join(', ')}`;
  return { id, state, detail };
}

/** The state of one that is over. */
function endState(
  id: string,
  words: string,
  { exitStatus, terminatingSignal: signal, annotation }: Drmaa2JobInfo,
  isCanceled: boolean,
): NativeState {
  const detail = annotation === undefined ? words : `${words}: ${annotation}`;
  if (isCanceled) return { id, state: 'Canceled', detail };
  if (signal !== undefined) return { id, state: 'Failed', detail, signal };
  const exit = exitStatus === undefined ? {} : { exitCode: exitStatus };
  const isDone = words.startsWith('DONE') && (exitStatus ?? 0) === 0;
  return { id, state: isDone ? 'Done' : 'Failed', detail, ...exit };
}

function versionText({ major = '', minor = '' }: Drmaa2Version): string {
  return [major, minor].filter(Boolean).join('.');
}
