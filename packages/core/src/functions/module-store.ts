/**
 * The modules of functions that are called elsewhere, for a service: bundled when they are wanted, and
 * kept by the hashes of their code for as long as some unit may call them. Units that wait, and maps that go
 * on after a restart, have the code that they were submitted with.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PilotError } from '../model/errors.ts';
import { ensureDirectory, writeFileAtomic } from '../runtime/files.ts';
import { type Bundle, bundleModule } from './bundle.ts';
import { FileLooks } from './file-looks.ts';
import { notExported } from './task.ts';

/** Which function of which module. `TaskFunction` is one. */
export interface FunctionName {
  readonly module: URL;
  readonly exportName: string;
}

/** A module that is ready to travel. */
export interface ModuleBundle {
  /** Names it: the sha256 of its code, in hex. Any change of the module's files changes it. */
  readonly hash: string;
  /** The names of its exports; undefined for CommonJS, of which only loading it would tell. */
  readonly exports: readonly string[] | undefined;
  /** Packages with native code, which are looked for on the node. */
  readonly natives: readonly string[];
}

/** A module's files, as a node keeps them: `<hash>.mjs` and `<hash>.mjs.map`. */
export interface ModuleFiles {
  readonly code: Uint8Array;
  readonly map: Uint8Array;
}

/** A bundle, and what its files looked like when it was made. */
interface Bundled {
  readonly bundle: ModuleBundle;
  readonly looks: FileLooks;
}

/** What is being bundled. */
interface Bundling {
  readonly made: Promise<ModuleBundle>;
  /** Whether files may have been read: who comes now may want what was written since. */
  hasBegun: boolean;
}

/** A file that was changed so shortly before it was read may have been changed again since, and look the same. */
const DOUBT_MS = 50;

const HASH = /^[0-9a-f]{64}$/;

/** Bundles modules, and has their bytes. */
export class ModuleStore {
  readonly #directory: string;
  /** By the URLs of modules: what was bundled last, and what is being done about it. */
  readonly #bundled = new Map<string, Bundled>();
  readonly #underWay = new Map<string, Bundling>();

  /** @param directory - Where bundles are kept, so that a later life of the service has them; made when there is one. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * The bundle of a function's module as its files are now, but for packages, as {@link FileLooks} says; bundled
   * anew only when one of them has changed. When it settles, the bundle is on disk.
   *
   * @throws PilotError that says why it cannot travel: there is no such module or export, or it does not build.
   */
  async bundleOf({ module, exportName }: FunctionName): Promise<ModuleBundle> {
    const bundle = (await this.#known(module)) ?? (await this.#made(module));
    const { exports } = bundle;
    if (exports && !exports.includes(exportName)) throw notExported(module, exportName, exports);
    return bundle;
  }

  /** The files of a bundle, also of one of an earlier life; undefined when it is not known. */
  async bytes(hash: string): Promise<ModuleFiles | undefined> {
    if (!HASH.test(hash)) return undefined;
    const file = this.#file(hash);
    try {
      const [code, map] = await Promise.all([readFile(file), readFile(`${file}.map`)]);
      return { code, map };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Removes all bundles but these, and what a crash has left of others. To be called before any is asked for. */
  async keepOnly(hashes: ReadonlySet<string>): Promise<void> {
    const names = existsSync(this.#directory) ? await readdir(this.#directory) : [];
    const others = names.filter((name) => !hashes.has(name.replace(/\.mjs(\.map)?$/, '')));
    await Promise.all(others.map((name) => rm(join(this.#directory, name), { force: true })));
  }

  async #known({ href }: URL): Promise<ModuleBundle | undefined> {
    const known = this.#bundled.get(href);
    return known && (await known.looks.areSame()) ? known.bundle : undefined;
  }

  async #made(module: URL): Promise<ModuleBundle> {
    const earlier = this.#underWay.get(module.href);
    if (!earlier?.hasBegun) return (earlier ?? this.#begin(module)).made;
    await earlier.made.catch(() => {});
    const { made } = this.#underWay.get(module.href) ?? {};
    // Another who has waited has begun anew, after all of these came.
    return made ?? (await this.#known(module)) ?? this.#made(module);
  }

  #begin(module: URL): Bundling {
    const made = pathOf(module)
      .then((path) => {
        bundling.hasBegun = true;
        return this.#bundle(module, path);
      })
      .finally(() => this.#underWay.delete(module.href));
    const bundling: Bundling = { made, hasBegun: false };
    this.#underWay.set(module.href, bundling);
    return bundling;
  }

  async #bundle({ href }: URL, path: string): Promise<ModuleBundle> {
    const startedAt = Date.now();
    const made = await bundleModule(path);
    const { hash, exports, natives, inputs } = made;
    const looks = await FileLooks.at(inputs);
    await this.#keep(made);
    const bundle = { hash, exports, natives };
    if (looks.changedAt > startedAt - DOUBT_MS) this.#bundled.delete(href);
    else this.#bundled.set(href, { bundle, looks });
    return bundle;
  }

  async #keep({ hash, code, map }: Bundle): Promise<void> {
    const file = this.#file(hash);
    if (existsSync(file)) return;
    await ensureDirectory(this.#directory);
    await writeFileAtomic(`${file}.map`, map);
    await writeFileAtomic(file, code);
  }

  #file(hash: string): string {
    return join(this.#directory, `${hash}.mjs`);
  }
}

async function pathOf(module: URL): Promise<string> {
  const path = fileURLToPath(module);
  try {
    // Where TypeScript runs as it is, some write the names that it would be compiled to.
    return await realpath(path).catch(() => realpath(path.replace(/js(x?)$/, 'ts$1')));
  } catch (cause) {
    throw new PilotError('NOT_FOUND', 'there is no such module', { subject: path, cause });
  }
}
