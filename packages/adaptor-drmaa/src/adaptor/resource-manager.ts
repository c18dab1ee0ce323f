/** A connection to one resource manager by a DRMAA library, of whichever standard. */
import { isAbsolute, join } from 'node:path/posix';
import {
  type AgentLaunch,
  type AgentOffer,
  abortable,
  type Clock,
  isLoopback,
  type NativeState,
  type ParsedPilotJobDescription,
  PilotError,
  type RemoteFiles,
  type ResourceManager,
  type ResourceManagerInfo,
  refuseUnreachable,
} from '@pstar/core/adaptor';
import { DrmaaError } from '../errors.ts';
import type { FarHosts } from './far-hosts.ts';
import { type LaunchNote, LaunchNotes } from './launch-notes.ts';
import { jobName } from './names.ts';
import type { Asked, NativeJobs } from './native-jobs.ts';
import { launchScript } from './script.ts';

/** What a connection is made of. */
export interface DrmaaParts {
  readonly jobs: NativeJobs;
  readonly farHosts: Pick<FarHosts, 'ask'>;
  readonly clock: Clock;
  /** Those of this machine, which the nodes see as well. */
  readonly files: RemoteFiles;
  /** The adaptor's own. */
  readonly directory: string;
  readonly pollIntervalMs: number;
  /** The site's, which go before those of descriptions. */
  readonly initCommands: readonly string[];
}

/** The file beside the settings that becomes the agent. */
const SCRIPT = 'start.sh';
/** Where a script says its native id. */
const ID_FILE = 'native-id';

/** A resource manager with a DRMAA library, as the core sees it. */
export class DrmaaResourceManager implements ResourceManager {
  readonly pollIntervalMs: number;
  readonly #parts: DrmaaParts;
  readonly #notes: LaunchNotes;
  #closed: Promise<void> | undefined;

  constructor(parts: DrmaaParts) {
    this.#parts = parts;
    this.#notes = new LaunchNotes(parts.directory, parts.files);
    this.pollIntervalMs = parts.pollIntervalMs;
  }

  submit(launch: AgentLaunch, { signal }: { signal?: AbortSignal } = {}): Promise<string> {
    return abortable(this.#submit(launch, signal), signal, 'the submission');
  }

  async states(ids: readonly string[]): Promise<readonly NativeState[]> {
    const notes = await this.#notes.ofIds(ids);
    const left = ids.filter((id) => notes.get(id)?.end === undefined);
    const told = left.length === 0 ? [] : await this.#parts.jobs.states(left, notes);
    await this.#notes.writeEnds(told.filter(isEnd));
    const states = new Map(told.map((state) => [state.id, state]));
    return ids.map(
      (id) =>
        notes.get(id)?.end ??
        states.get(id) ?? { id, state: 'Unknown', detail: 'the library says nothing of it' },
    );
  }

  async find(launchName: string): Promise<string | undefined> {
    const note = await this.#notes.read(launchName);
    if (note === undefined || note.id !== undefined) return note?.id;
    const id = (await this.#saidBy(note)) ?? (await this.#parts.jobs.find(note.job));
    if (id !== undefined) await this.#notes.write(launchName, { ...note, id });
    return id;
  }

  cancel(ids: readonly string[]): Promise<void> {
    return this.#parts.jobs.cancel(ids);
  }

  async render(launch: AgentLaunch): Promise<string> {
    return this.#script(launch, await this.#plan(launch));
  }

  info(): Promise<ResourceManagerInfo> {
    return this.#parts.jobs.info();
  }

  offer({ totalPhysicalMemory }: ParsedPilotJobDescription): AgentOffer {
    return totalPhysicalMemory === undefined ? {} : { memory: totalPhysicalMemory };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#parts.jobs.close(await this.#notes.tidy());
  }

  async #submit(launch: AgentLaunch, signal: AbortSignal | undefined): Promise<string> {
    signal?.throwIfAborted();
    const { files, jobs, farHosts } = this.#parts;
    if (isLoopback(launch.manager.host)) {
      refuseUnreachable(launch.manager, await farHosts.ask(), []);
    }
    const description = this.#startable(launch.description);
    const asked = await this.#plan(launch);
    const { directory, logFile, name, settingsFile } = launch;
    const script = join(directory, SCRIPT);
    const idFile = asked.ownId === undefined ? undefined : join(directory, ID_FILE);
    const job = jobName(name, description.name);
    const note: LaunchNote = { job, settingsFile, idFile, several: asked.several };
    await makeLog(files, logFile);
    await files.write(script, this.#script(launch, asked));
    signal?.throwIfAborted();
    await this.#notes.write(name, note);
    try {
      const workingDirectory = description.workingDirectory ?? directory;
      const id = await jobs.submit({
        name: job,
        script,
        workingDirectory,
        output: logFile,
        description,
      });
      await this.#notes.write(name, { ...note, id });
      return id;
    } catch (error) {
      // Otherwise it stays written down, and is looked for by its name.
      if (!mayBeAccepted(error)) await this.#notes.forget(name);
      throw error;
    }
  }

  #plan({ name, description }: AgentLaunch): Promise<Asked> {
    const job = jobName(name, description.name);
    return this.#parts.jobs.plan(job, this.#startable(description));
  }

  /** A start in the past is now, and not every resource manager takes it. */
  #startable(description: ParsedPilotJobDescription): ParsedPilotJobDescription {
    const { startTime, ...others } = description;
    const isPast = startTime !== undefined && startTime <= this.#parts.clock.now();
    return isPast ? others : description;
  }

  #script(launch: AgentLaunch, asked: Asked): string {
    const { error } = launch.description;
    const { directory } = launch;
    const isHere = error === undefined || isAbsolute(error);
    return launchScript({
      launch,
      file: join(directory, SCRIPT),
      header: asked.header,
      errorFile: isHere ? error : join(directory, error),
      ownId: asked.ownId ?? '',
      idFile: asked.ownId === undefined ? undefined : join(directory, ID_FILE),
      nodeLines: asked.nodeLines,
      several: asked.several,
      initCommands: this.#parts.initCommands,
    });
  }

  /** What the script has said, where it has started. */
  async #saidBy({ idFile }: LaunchNote): Promise<string | undefined> {
    const { files } = this.#parts;
    if (idFile === undefined || (await files.stat(idFile)) === undefined) return undefined;
    return (
      Buffer.from(await files.read(idFile))
        .toString()
        .trim() || undefined
    );
  }
}

function isEnd({ state }: NativeState): boolean {
  return ['Done', 'Failed', 'Canceled'].includes(state);
}

/** It would be made readable by all. What is there stays, be it a named pipe. */
async function makeLog(files: RemoteFiles, file: string): Promise<void> {
  if ((await files.stat(file).catch(() => undefined)) !== undefined) return;
  await files.write(file, '').catch((cause: Error) => {
    throw new PilotError('DESCRIPTION_INVALID', `${file} cannot be written: ${cause.message}`, {
      subject: 'output',
      hint: 'write a file in a directory that is there',
      cause,
    });
  });
}

/** Whether a submission that was rejected so may have been accepted all the same. */
function mayBeAccepted(error: unknown): boolean {
  if (!(error instanceof PilotError)) return true;
  if (error instanceof DrmaaError) return error.inDoubt;
  return ['TIMEOUT', 'CONNECTION_LOST', 'ABORTED'].includes(error.code);
}
