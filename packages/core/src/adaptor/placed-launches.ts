/**
 * What is written down of launches that were brought through a gateway, before they are: so nothing
 * of them is forgotten over there, and it is known later where they were.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDirectory, writeFileAtomic } from '../runtime/files.ts';
import type { AgentLaunch } from './adaptor.ts';

interface Placed {
  readonly name: string;
  /** Here; gone once the pilot is over. */
  readonly settingsFile: string;
  /** Over there. */
  readonly launch?: AgentLaunch;
}

/** The files of one connection, one for each launch. */
export class PlacedLaunches {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Durable once it settles. */
  async write({ name, settingsFile }: AgentLaunch, there?: AgentLaunch): Promise<void> {
    const placed: Placed = { name, settingsFile, ...(there !== undefined && { launch: there }) };
    await ensureDirectory(this.#directory);
    await writeFileAtomic(this.#file(name), JSON.stringify(placed));
  }

  /** The launch as it was placed; undefined when it never was, or is forgotten. */
  async there(name: string): Promise<AgentLaunch | undefined> {
    return (await this.#read(this.#file(name)))?.launch;
  }

  async forget(name: string): Promise<void> {
    await rm(this.#file(name), { force: true });
  }

  /** Those whose pilots are over, or came to nothing. */
  async unwanted(): Promise<readonly string[]> {
    const files = await readdir(this.#directory).catch(() => []);
    // A crash may leave drafts of the others, which begin with a dot.
    const whole = files.filter((file) => !file.startsWith('.'));
    const all = await Promise.all(whole.map((file) => this.#read(join(this.#directory, file))));
    return all.flatMap((placed) =>
      placed === undefined || existsSync(placed.settingsFile) ? [] : [placed.name],
    );
  }

  async #read(file: string): Promise<Placed | undefined> {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Placed);
  }

  #file(name: string): string {
    return join(this.#directory, `${name}.json`);
  }
}
