/** Modules of authors, in a directory of their own, and what they do where they are loaded from bundles. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { Bundle } from '../../src/functions/bundle.ts';

const FUNCTIONS = fileURLToPath(new URL('../../src/functions/', import.meta.url));
/** Loads a bundle as workers do, calls its functions, and says what came of each. */
const PROGRAM = `
import { authorStack } from './author-stack.ts';
import { loadFunction } from './load-function.ts';
const [file, calls] = process.argv.slice(2);
const outcomes = [];
for (const [name, ...args] of JSON.parse(calls)) {
  try {
    const { call, init } = await loadFunction(file, name);
    outcomes.push({ value: await call(...args), hasInit: init !== undefined });
  } catch (error) {
    outcomes.push({ message: String(error.message), stack: authorStack(error) });
  }
}
process.stdout.write('\\n' + JSON.stringify(outcomes), () => process.exit());
`;

/** What came of a call. */
export interface CallOutcome {
  readonly value?: unknown;
  readonly hasInit?: boolean;
  readonly message?: string;
  readonly stack?: string;
}

export class ModuleWorld implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(name = 'with space #1'): Promise<ModuleWorld> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'pstar-modules-')));
    await mkdir(join(root, name));
    return new ModuleWorld(join(root, name));
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  url(name: string): URL {
    return pathToFileURL(this.path(name));
  }

  /** Writes files by their names, `\n` at the end. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(this.path(name)), { recursive: true });
      await writeFile(this.path(name), `${text}\n`);
    }
  }

  /** Calls functions of a bundle in a process of their own, in a directory beside the modules. */
  async call(
    bundle: Pick<Bundle, 'code' | 'map'>,
    ...calls: readonly (readonly [name: string, ...args: unknown[]])[]
  ): Promise<CallOutcome[]> {
    const away = join(this.directory, '..', 'away');
    await mkdir(away, { recursive: true });
    // By a link, as directories of clusters are.
    await symlink(away, join(this.directory, '../link')).catch(() => {});
    await writeFile(join(away, 'bundle.mjs'), bundle.code);
    await writeFile(join(away, 'bundle.mjs.map'), bundle.map);
    const program = join(away, 'program.mjs');
    await build({
      stdin: { contents: PROGRAM, resolveDir: FUNCTIONS },
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
    const args = [program, join(this.directory, '../link/bundle.mjs'), JSON.stringify(calls)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: away });
    return JSON.parse(stdout.slice(stdout.lastIndexOf('\n')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(dirname(this.directory), { recursive: true, force: true });
  }
}
