/**
 * What an agent leaves behind in its pilot's directory: for each service the reports that were not
 * acknowledged, why the agent ended, where nobody has heard it say so, and its warden's note that it
 * was killed and nothing of its units is left.
 */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AgentMessage, SealedReport } from '../protocol/messages.ts';
import type { Log } from '../runtime/log.ts';
import { KeptFile, readKept, removeKept } from './kept-file.ts';

/** Its file is found by its id, which must not lead to another's nor elsewhere. */
const AGENT_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether an agent may call itself so. */
export function isAgentId(id: string): boolean {
  return AGENT_ID.test(id);
}

/** No agent's nor service's id has this sign. */
const DEATH_NOTE = '~killed';

/** Where an agent's warden leaves its note. */
export function deathNoteOf(directory: string, agentId: string): string {
  return join(directory, `${agentId}${DEATH_NOTE}`);
}

/** An agent's last word. */
export type Bye = Omit<Extract<AgentMessage, { readonly type: 'bye' }>, 'type'>;

/** The files as the agent writes them. */
export class KeptReports {
  readonly #directory: string;
  readonly #agentId: string;
  readonly #log: Log;
  readonly #files = new Map<string, KeptFile>();

  constructor(directory: string, agentId: string, log: Log) {
    this.#directory = directory;
    this.#agentId = agentId;
    this.#log = log;
  }

  keep(service: string, report: SealedReport): void {
    this.#file(reportsOf(this.#directory, this.#agentId, service)).keep(report);
  }

  /** The service has everything that was kept for it. */
  forget(service: string): void {
    this.#file(reportsOf(this.#directory, this.#agentId, service)).forget();
  }

  bye(bye: Bye): void {
    this.#file(byeOf(this.#directory, this.#agentId)).keep(bye);
  }

  /** Whether all of it could be put on disk, once that is known. */
  async settled(): Promise<boolean> {
    const files = [...this.#files.values()];
    return (await Promise.all(files.map((file) => file.settled()))).every(Boolean);
  }

  /** Nothing is kept after this. */
  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }

  #file(path: string): KeptFile {
    const file = this.#files.get(path) ?? new KeptFile(path, this.#log);
    this.#files.set(path, file);
    return file;
  }
}

/** What is found of agents of one pilot that are gone for good. */
export interface LeftReports {
  /** What was left for a service, in order. */
  reports(agentId: string, service: string): Promise<SealedReport[]>;
  bye(agentId: string): Promise<Bye | undefined>;
  /** Removes what a service has taken in, or without a service the agent's last word and its death note. */
  remove(agentId: string, service?: string): Promise<void>;
}

/** The files as the manager finds them. */
export class LeftFiles implements LeftReports {
  readonly #directory: string;

  /** @param directory of one pilot; need not be there */
  constructor(directory: string) {
    this.#directory = directory;
  }

  async reports(agentId: string, service: string): Promise<SealedReport[]> {
    if (!isAgentId(agentId)) return [];
    const left = await readKept(reportsOf(this.#directory, agentId, service));
    return left as SealedReport[];
  }

  async bye(agentId: string): Promise<Bye | undefined> {
    if (!isAgentId(agentId)) return undefined;
    const [bye] = await readKept(byeOf(this.#directory, agentId));
    return bye as Bye | undefined;
  }

  /** The agents that were killed, with nothing of their units left. */
  async killed(): Promise<ReadonlySet<string>> {
    const names = await readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const notes = names.filter((name) => name.endsWith(DEATH_NOTE));
    return new Set(notes.map((name) => name.slice(0, -DEATH_NOTE.length)));
  }

  async remove(agentId: string, service?: string): Promise<void> {
    if (!isAgentId(agentId)) return;
    if (service === undefined) await rm(deathNoteOf(this.#directory, agentId), { force: true });
    const file =
      service === undefined
        ? byeOf(this.#directory, agentId)
        : reportsOf(this.#directory, agentId, service);
    await removeKept(file);
    // What others have not taken in stays, and what else there is of the pilot.
    await rmdir(this.#directory)
      .then(() => rmdir(dirname(this.#directory)))
      .catch(() => {});
  }
}

function reportsOf(directory: string, agentId: string, service: string): string {
  return join(directory, `${agentId}.${service}`);
}

function byeOf(directory: string, agentId: string): string {
  return join(directory, agentId);
}
