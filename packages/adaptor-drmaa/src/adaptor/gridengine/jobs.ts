/** Native jobs of Grid Engine: by DRMAA 1, and by its commands what DRMAA does not tell. */
import {
  type NativeState,
  type ParsedPilotJobDescription,
  PilotError,
  type ResourceManagerInfo,
} from '@pstar/core/adaptor';
import type { Shape } from '../dialects/dialect.ts';
import { Drmaa1Jobs, type Drmaa1Parts } from '../drmaa1-jobs.ts';
import { sizeOf } from '../geometry.ts';
import type { LaunchNote } from '../launch-notes.ts';
import type { NativeJob } from '../native-jobs.ts';
import { shapeOf } from '../parallel-environments.ts';
import { invalid } from '../problems.ts';
import { NOTIFIED } from '../script.ts';
import { ABORTED, UNSAID } from '../usage.ts';
import type { GridEngineCommands } from './commands.ts';
import type { QueueRow } from './outputs.ts';
import { withWayOut } from './refusals.ts';
import { accountedState, queueState } from './states.ts';

/** What a session of Grid Engine's needs besides what every library's does. */
export interface GridEngineParts extends Drmaa1Parts {
  readonly commands: GridEngineCommands;
  /** The parallel environment that the URL names. */
  readonly pe: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** With SIGUSR2 some seconds before it is killed; see the script. */
const NOTIFY = ['-notify'];

/** A session of Grid Engine's library. */
export class GridEngineJobs extends Drmaa1Jobs {
  readonly #commands: GridEngineCommands;
  readonly #pe: string | undefined;
  readonly #environment: GridEngineParts['environment'];
  /** Which of those that were asked for were waiting when they were last seen. */
  #waiting: ReadonlySet<string> = new Set();

  constructor(parts: GridEngineParts) {
    super(parts);
    this.#commands = parts.commands;
    this.#pe = parts.pe;
    this.#environment = parts.environment;
  }

  override async submit(job: NativeJob): Promise<string> {
    try {
      return await super.submit(job);
    } catch (error) {
      throw withWayOut(error, job.description, this.parts.dialect.rules);
    }
  }

  override async states(
    ids: readonly string[],
    notes: ReadonlyMap<string, LaunchNote>,
  ): Promise<readonly NativeState[]> {
    const withHosts = ids.some((id) => notes.get(id)?.several);
    const rows = new Map<string, QueueRow>();
    const queue = await this.#commands.queue(withHosts).catch(noCommand);
    if (queue === undefined) return super.states(ids, notes);
    for (const row of queue) {
      // After a crash of the qmaster its numbers may begin anew.
      const name = notes.get(row.id)?.job ?? row.name;
      if (name === row.name) rows.set(row.id, row);
    }
    const present = ids.flatMap((id) => rows.get(id) ?? []);
    const inError = present.filter(({ state }) => state.includes('E')).map(({ id }) => id);
    // What it says is good to know, and no more.
    const reasons = await this.#commands.reasons(inError).catch(() => new Map<string, string>());
    const isHeld = present.some(({ state }) => state.includes('h'));
    const holds = isHeld ? await this.#commands.holds().catch(() => undefined) : undefined;
    const unheard = await this.#unheardOf(present);
    const told = present.map((row) => {
      const silent = row.hosts.filter((host) => unheard.includes(host));
      return queueState(row, reasons.get(row.id), silent, holds?.get(row.id));
    });
    const gone = ids.filter((id) => /^\d+$/.test(id) && !rows.has(id));
    const ends = await this.#endsOf(gone, notes);
    this.#waiting = new Set(told.filter(({ state }) => state === 'Pending').map(({ id }) => id));
    return [...told, ...ends];
  }

  override find(name: string): Promise<string | undefined> {
    return this.#commands.named(name);
  }

  override async info(): Promise<ResourceManagerInfo> {
    const info = await super.info();
    const [queues, environments] = await Promise.all([
      this.#commands.queues().catch(noCommand),
      this.#commands.environments().catch(noCommand),
    ]);
    const { SGE_ROOT: root, SGE_CELL: cell } = this.#environment;
    const version = /\d[\w.]*/.exec(info.name)?.[0];
    const details = { ...info.details, root, cell, queues, parallelEnvironments: environments };
    const name = `gridengine ${version ?? ''}`.trim();
    return { name, ...(version !== undefined && { version }), details };
  }

  protected override get findsByName(): boolean {
    return true;
  }

  protected override async shapeOf(description: ParsedPilotJobDescription): Promise<Shape> {
    const size = sizeOf(description);
    const own = environmentOf(description);
    const wanted = own ?? this.#pe;
    const place = own === undefined ? '?pe= in the URL' : 'nativeOptions';
    if (wanted === undefined && size.cores === 1) return { words: NOTIFY, several: false };
    const { words, several } = await this.#commands.environments().then(
      (environments) => shapeOf(size, environments, wanted, place),
      (error) => unseen(error, wanted, size.cores),
    );
    return { words: [...NOTIFY, ...words], several };
  }

  protected override own(description: ParsedPilotJobDescription): ParsedPilotJobDescription {
    if (environmentOf(description) === undefined) return description;
    const { pe: _, ...nativeOptions } = description.nativeOptions as Record<string, string>;
    return { ...description, nativeOptions };
  }

  protected override firstLines(name: string): readonly string[] {
    return ['#$ -S /bin/sh', `#$ -N ${name}`];
  }

  /** The hosts that what is to be deleted may wait for: it does not leave the queue without their word. */
  async #unheardOf(rows: readonly QueueRow[]): Promise<readonly string[]> {
    if (!rows.some(({ state, hosts }) => state.includes('d') && hosts.length > 0)) return [];
    return this.#commands.unheardHosts().catch(() => []);
  }

  /** What became of those that are not in the queue any more. */
  async #endsOf(
    ids: readonly string[],
    notes: ReadonlyMap<string, LaunchNote>,
  ): Promise<readonly NativeState[]> {
    const told = await Promise.all(
      ids.map(async (id) => (notes.has(id) ? await this.endOf(id) : undefined)),
    );
    // Grid Engine puts what cannot be started into an error state, except what was submitted by DRMAA: that is
    // over then, and only the accounting says why. It is the same with what has exceeded a limit.
    const isKnown = (end: NativeState | undefined) =>
      end !== undefined &&
      end.detail !== ABORTED &&
      end.detail !== UNSAID &&
      end.exitCode !== NOTIFIED;
    const left = ids.filter((_, index) => !isKnown(told[index]));
    const records = new Map(
      (await this.#commands.records(left)).map((record) => [record.id, record]),
    );
    return ids.map((id, index) => {
      const end = told[index];
      const record = records.get(id);
      if (
        !isKnown(end) &&
        record !== undefined &&
        record.name === (notes.get(id)?.job ?? record.name)
      ) {
        return accountedState(record, this.isCanceled(id));
      }
      // An end of which nothing is said is asked for again: its record may not be written yet.
      if (end !== undefined && end.detail !== UNSAID) return end;
      if (this.isCanceled(id) && this.#waiting.has(id)) {
        return { id, state: 'Canceled', detail: 'it has left the queue without having run' };
      }
      const detail = 'it is not in the queue, and the accounting does not have it, or not yet';
      return { id, state: 'Unknown', detail };
    });
  }
}

/** A machine may have the library and no commands: then the standard has to be enough. */
function noCommand(error: unknown): undefined {
  if (!(error instanceof PilotError) || error.code !== 'NOT_FOUND') throw error;
}

/** What to ask of a parallel environment of which nothing is known: the script finds out its hosts. */
function unseen(error: unknown, wanted: string | undefined, cores: number): Shape {
  noCommand(error);
  if (wanted === undefined) throw error;
  return { words: ['-pe', wanted, String(cores)], several: true };
}

/** The parallel environment that `nativeOptions` name: `{ pe: 'mpi' }`. */
function environmentOf({ nativeOptions }: ParsedPilotJobDescription): string | undefined {
  if (nativeOptions === undefined || Array.isArray(nativeOptions)) return undefined;
  const { pe } = nativeOptions as Readonly<Record<string, unknown>>;
  if (pe === undefined) return undefined;
  if (/^\S+$/.test(String(pe))) return String(pe);
  const problem = `pe: ${JSON.stringify(pe)} is not one name`;
  throw invalid(
    'nativeOptions',
    problem,
    "write { pe: 'its name' }: how many slots is totalCpuCount",
  );
}
