/**
 * The modules of functions on this node: each is asked of its manager once, in whole, checked by its
 * hash and kept as a file below the pilot's root, with its source map beside it. Agents of one pilot
 * that see the same files share them.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentCallMessage, ManagerCallMessage } from '../protocol/call-messages.ts';
import type { OnChannel } from '../protocol/transfer-messages.ts';
import { makeDirectorySync } from '../runtime/make-directory.ts';
import { randomSecret } from '../runtime/random.ts';
import { fail, stagingError } from '../staging/problems.ts';

type ModuleMessage = Extract<ManagerCallMessage, { readonly type: 'module' }>;

/** Whoever has the code: a service, with its number on the present link. */
interface ModuleSource {
  readonly channel: number | undefined;
}

/** Code, or a map, that was asked for. */
interface Wanted {
  readonly source: ModuleSource;
  readonly name: string;
  data: Buffer;
  /** So much of it is here. */
  at: number;
  resolve(data: Buffer): void;
  reject(error: Error): void;
}

const NOTHING = Buffer.alloc(0);

/** Files of modules, by their hashes. */
export class ModuleCache {
  readonly #root: string;
  readonly #send: (message: OnChannel<AgentCallMessage>) => void;
  /** The files that are there. */
  readonly #kept = new Map<string, string>();
  /** Those that are asked for: of each service apart, as another may be gone and never answer. */
  readonly #coming = new Map<ModuleSource, Map<string, Promise<string>>>();
  readonly #wanted = new Set<Wanted>();
  #directory: string | undefined;
  /** Made where the root cannot be written to. */
  #makeshift: string | undefined;

  constructor(root: string, send: (message: OnChannel<AgentCallMessage>) => void) {
    this.#root = root;
    this.#send = send;
  }

  /**
   * The file of a module, once it is there.
   *
   * @throws StagingError where the manager has none, what came is another, or it cannot be kept
   */
  file(source: ModuleSource, module: string): Promise<string> {
    const kept = this.#kept.get(module);
    if (kept !== undefined) return Promise.resolve(kept);
    const coming = this.#coming.get(source) ?? new Map<string, Promise<string>>();
    this.#coming.set(source, coming);
    const known = coming.get(module);
    if (known !== undefined) return known;
    const file = this.#get(source, module);
    coming.set(module, file);
    // Where there is none, whoever wants it later asks anew.
    file
      .then((path) => this.#kept.set(module, path))
      .catch(() => {})
      .finally(() => coming.delete(module));
    return file;
  }

  /** The answer of whoever has that channel now, or a part of it. */
  receive(channel: number, { module, problem, at, size, data }: ModuleMessage): void {
    const wanted = this.#of(channel).find(({ name }) => name === module);
    if (wanted === undefined) return;
    if (problem !== undefined) {
      this.#wanted.delete(wanted);
      wanted.reject(stagingError(`module ${module.slice(0, 12)}: ${problem}`));
    } else if (at === wanted.at && at + data.length <= (at === 0 ? size : wanted.data.length)) {
      if (at === 0) wanted.data = Buffer.allocUnsafeSlow(size);
      wanted.data.set(data, at);
      wanted.at += data.length;
      if (wanted.at < wanted.data.length) return;
      this.#wanted.delete(wanted);
      wanted.resolve(wanted.data);
    }
  }

  /** The service that has that channel now can be reached: what it was asked for is asked for again. */
  attached(channel: number): void {
    for (const wanted of this.#of(channel)) this.#ask(wanted);
  }

  /** Removes what is not in the pilot's own directory. */
  close(): void {
    this.#wanted.clear();
    if (this.#makeshift) rmSync(this.#makeshift, { recursive: true, force: true });
  }

  async #get(source: ModuleSource, module: string): Promise<string> {
    const there = join(this.#root, 'modules', `${module}.mjs`);
    const found = await readFile(there).catch(() => undefined);
    if (found !== undefined && sha256(found) === module) return there;
    const noMap = (): undefined => undefined;
    const [code, map] = await Promise.all([
      this.#fetch(source, module),
      this.#fetch(source, `${module}.map`).catch(noMap),
    ]);
    if (sha256(code) !== module) {
      throw stagingError(`what came as module ${module.slice(0, 12)} is another`);
    }
    try {
      return await this.#keep(module, code, map);
    } catch (error) {
      fail(error, 'written', `${this.#directory ?? this.#root}/${module}.mjs`);
    }
  }

  #fetch(source: ModuleSource, name: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const wanted = { source, name, data: NOTHING, at: 0, resolve, reject };
      this.#wanted.add(wanted);
      this.#ask(wanted);
    });
  }

  #of(channel: number): Wanted[] {
    return [...this.#wanted].filter(({ source }) => source.channel === channel);
  }

  #ask(wanted: Wanted): void {
    const { source, name } = wanted;
    wanted.at = 0;
    if (source.channel === undefined) return;
    this.#send({ channel: source.channel, type: 'module-wanted', module: name });
  }

  /** Under names that are whole from the beginning: other agents, and workers, may look. */
  async #keep(module: string, code: Buffer, map: Buffer | undefined): Promise<string> {
    const directory = this.#make();
    const path = join(directory, `${module}.mjs`);
    const whole = async (name: string, data: Buffer): Promise<void> => {
      const part = `${name}.${randomSecret(8).toString('hex')}`;
      await writeFile(part, data, { mode: 0o600 });
      await rename(part, name);
    };
    if (map !== undefined) await whole(`${path}.map`, map);
    await whole(path, code);
    return path;
  }

  #make(): string {
    if (this.#directory !== undefined) return this.#directory;
    const directory = join(this.#root, 'modules');
    try {
      makeDirectorySync(directory, 0o700);
      rmSync(mkdtempSync(join(directory, 'try-')), { recursive: true });
      this.#directory = directory;
    } catch {
      this.#makeshift = mkdtempSync(join(tmpdir(), 'pstar-modules-'));
      this.#directory = this.#makeshift;
    }
    return this.#directory;
  }
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
