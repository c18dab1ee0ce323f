/**
 * What is written down of launches, in the directory that the adaptor has for its connection and
 * before anything is done over there: where a launch is, and what is known of its end. What is not
 * written down here was never started.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentLaunch } from '@pstar/core/adaptor';

/** The end of an agent of a host. */
export type AgentEnd = { readonly exitCode: number } | { readonly lost: string };

/** A host's share of a launch. */
export interface PartRecord {
  /** The host, as somebody has written it. */
  readonly target: string;
  /** The launch's name over there: its own for each host, because some share their files. */
  readonly name: string;
  /** What its agent calls its node. */
  readonly node: string;
  /** Over there; a launch that was never prepared on this host has none. */
  readonly directory?: string;
  /** The Node.js that was found over there. */
  readonly program?: string;
  /** Its agent is over, and what it left is here. */
  readonly end?: AgentEnd;
}

/** A launch. */
export interface LaunchRecord {
  readonly name: string;
  /** The launch's own, here. */
  readonly directory: string;
  readonly logFile: string;
  /** Gone once the pilot is over. */
  readonly settingsFile: string;
  /** Whether its directories over there are kept, without what is secret. */
  readonly keeps: boolean;
  readonly scratch?: string;
  /** Whether all of it was started. */
  readonly isAccepted: boolean;
  readonly isCanceled: boolean;
  readonly parts: readonly PartRecord[];
}

/** The record of a launch of which nothing is done yet. */
export function newRecord(
  { name, directory, logFile, settingsFile, description }: AgentLaunch,
  parts: readonly PartRecord[],
): LaunchRecord {
  return {
    name,
    directory,
    logFile,
    settingsFile,
    keeps: description.cleanup === false,
    ...(description.agent?.scratch !== undefined && { scratch: description.agent.scratch }),
    isAccepted: false,
    isCanceled: false,
    parts,
  };
}

/** The records of one connection: each has its own file, and another connection may have changed it. */
export class LaunchRecords {
  readonly #directory: string;
  readonly #writing = new Map<string, Promise<unknown>>();

  constructor(directory: string) {
    this.#directory = join(directory, 'launches');
  }

  /** Undefined for what was never begun. */
  async read(name: string): Promise<LaunchRecord | undefined> {
    try {
      return JSON.parse(await readFile(this.#file(name), 'utf8')) as LaunchRecord;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENAMETOOLONG' || error instanceof SyntaxError) {
        return undefined;
      }
      throw error;
    }
  }

  /** All that there are. */
  async all(): Promise<readonly LaunchRecord[]> {
    const names = await readdir(this.#directory).catch(() => []);
    const known = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
    const records = await Promise.all(known.map((name) => this.read(name)));
    return records.filter((record) => record !== undefined);
  }

  /** Durable once it settles. */
  async begin(record: LaunchRecord): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await this.#write(record);
  }

  /** Changes one, after all changes that were asked for before; what is gone is not made again. */
  change(
    name: string,
    change: (record: LaunchRecord) => LaunchRecord,
  ): Promise<LaunchRecord | undefined> {
    const before = this.#writing.get(name) ?? Promise.resolve();
    const changed = before.then(async () => {
      const record = await this.read(name);
      if (record === undefined) return undefined;
      const next = change(record);
      await this.#write(next);
      return next;
    });
    const settled = changed.catch(() => {});
    this.#writing.set(name, settled);
    void settled.then(() => {
      if (this.#writing.get(name) === settled) this.#writing.delete(name);
    });
    return changed;
  }

  /** Changes what is known of one host's share. */
  changePart(
    name: string,
    target: string,
    more: Partial<PartRecord>,
  ): Promise<LaunchRecord | undefined> {
    return this.change(name, (record) => ({
      ...record,
      parts: record.parts.map((part) => (part.target === target ? { ...part, ...more } : part)),
    }));
  }

  async forget(name: string): Promise<void> {
    await this.#writing.get(name);
    await rm(this.#file(name), { force: true });
  }

  /** Forgets what is over, for those whose pilots are. */
  async tidy(): Promise<void> {
    for (const { name, parts, settingsFile } of await this.all()) {
      if (parts.every(({ end }) => end !== undefined) && !existsSync(settingsFile)) {
        await this.forget(name);
      }
    }
  }

  async #write(record: LaunchRecord): Promise<void> {
    const file = this.#file(record.name);
    const partial = `${file}.${process.pid}`;
    await writeFile(partial, JSON.stringify(record), { mode: 0o600, flush: true });
    await rename(partial, file);
  }

  #file(name: string): string {
    return join(this.#directory, `${name.replaceAll('/', '_')}.json`);
  }
}
