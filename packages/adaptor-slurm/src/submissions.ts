/** Hands launches over: those of one moment that differ in their own files only, as one array. */
import {
  AdaptorError,
  type AgentLaunch,
  type Clock,
  type PilotError,
  type RemoteFiles,
} from '@pstar/core/adaptor';
import { Gathering } from './gathering.ts';
import { whenAll } from './given-up.ts';
import type { LaunchFiles } from './launch-files.ts';
import {
  arrayJob,
  arrayName,
  bundleKey,
  mayBeOfArray,
  type PlannedLaunch,
  singleJob,
} from './plan.ts';
import { mayBeAccepted } from './refusals.ts';
import type { SlurmTransport } from './transport.ts';

/** What submissions are made with. */
export interface SubmissionsParts {
  readonly transport: SlurmTransport;
  readonly clock: Clock;
  readonly files: LaunchFiles;
  /** Where the commands run. */
  readonly there: RemoteFiles;
  /** Whether there may be arrays. */
  readonly arrays: boolean;
  /** How far launches of one moment may be apart. */
  readonly quietMs?: number;
}

interface Item {
  readonly planned: PlannedLaunch;
  readonly signal: AbortSignal | undefined;
}

/** The submissions of a connection. */
export class Submissions {
  readonly #parts: SubmissionsParts;
  readonly #gathering: Gathering<Item, string>;

  constructor(parts: SubmissionsParts) {
    this.#parts = parts;
    this.#gathering = new Gathering(parts.clock, (items) => this.#handOver(items), parts.quietMs);
  }

  /**
   * Gives the native id.
   *
   * @throws PilotError what Slurm said when it refused, and then nothing of it is there
   */
  async submit(planned: PlannedLaunch, signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    if (!this.#parts.arrays || !mayBeOfArray(planned))
      return this.#submitSingle({ planned, signal });
    return this.#gathering.add(bundleKey(planned), { planned, signal });
  }

  #handOver(items: readonly Item[]): readonly Promise<string>[] {
    const [only] = items;
    if (items.length === 1 && only !== undefined) return [this.#submitSingle(only)];
    const ids = this.#submitArrays(items);
    return items.map(async (item, index) => {
      const id = (await ids)[index];
      return id ?? this.#submitSingle(item);
    });
  }

  /** The ids of those that went as elements of arrays; undefined for those that are to go alone. */
  async #submitArrays(items: readonly Item[]): Promise<readonly (string | undefined)[]> {
    const { arrayMax } = await this.#parts.transport.limits();
    if (arrayMax < 2) return [];
    const ids: (string | undefined)[] = [];
    for (let from = 0; from < items.length; from += arrayMax) {
      const some = items.slice(from, from + arrayMax);
      const array = some.length > 1 ? await this.#submitArray(some) : undefined;
      ids.push(...some.map((_, index) => (array === undefined ? undefined : `${array}_${index}`)));
    }
    return ids;
  }

  /** Undefined where Slurm takes no such array: a limit may well have room for one. */
  async #submitArray(items: readonly Item[]): Promise<number | undefined> {
    const { files, there, transport } = this.#parts;
    const planned = items.map((item) => item.planned);
    const launches = planned.map(({ launch }) => launch);
    const name = arrayName(planned);
    const signal = whenAll(items.map((item) => item.signal));
    await Promise.all(launches.map(({ logFile }) => makeLog(there, logFile)));
    await files.place(name, launches);
    const directory = await files.makeArray(name, launches);
    let id: number;
    try {
      id = await transport.submit(arrayJob(planned, directory), signal);
    } catch (error) {
      if (mayBeAccepted(error)) throw error;
      await files.forget(launches);
      await files.removeArray(name);
      const { code } = error as PilotError;
      if (['TRY_LATER', 'OPERATION_UNSUPPORTED'].includes(code)) return undefined;
      throw error;
    }
    await this.#identify(id, name, launches);
    return id;
  }

  async #submitSingle({ planned, signal }: Item): Promise<string> {
    const { files, there, transport } = this.#parts;
    const { launch } = planned;
    const job = singleJob(planned);
    await makeLog(there, launch.logFile);
    await files.place(job.name, [launch]);
    let id: number;
    try {
      id = await transport.submit(job, signal);
    } catch (error) {
      // Otherwise it stays written down, and is looked for by its name.
      if (!mayBeAccepted(error)) await files.forget([launch]);
      throw error;
    }
    await this.#identify(id, job.name, [launch]);
    return String(id);
  }

  /**
   * Writes down which id it has. One that another pilot's job had before Slurm began anew with its ids is
   * of no use: what Slurm says of it would be about either.
   */
  async #identify(id: number, job: string, launches: readonly AgentLaunch[]): Promise<void> {
    const { files, transport } = this.#parts;
    const holder = await files.identify(String(id), job);
    if (holder === undefined) return;
    const taken = idTaken(String(id), holder);
    await transport.cancel([String(id)]).catch((cause) => {
      throw new AdaptorError('CONNECTION_LOST', taken.problem, { subject: job, cause });
    });
    await files.forget(launches);
    await files.removeArray(job);
    throw taken;
  }
}

/** What a launch is refused with whose job has an id that a living pilot's job has had. */
export function idTaken(id: string, holder: string): AdaptorError {
  const problem = `Slurm gave it the id ${id}, which ${holder} has, whose pilot is not over`;
  return new AdaptorError('TRY_LATER', problem, {
    hint: 'its controller has begun anew with its ids: cancel that pilot, or try again when it is over',
  });
}

/**
 * Slurm would make it readable by all. What is there stays, be it a named pipe; and where it is to be
 * may be known to nodes only.
 */
async function makeLog(there: RemoteFiles, file: string): Promise<void> {
  try {
    if ((await there.stat(file)) === undefined) await there.write(file, '');
  } catch {}
}
