/**
 * Makes of an author's module one file of JavaScript with all that it needs, and its source map.
 * Knows nothing of who wants it.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildFailure, BuildOptions, BuildResult, Message } from 'esbuild';
import { PilotError } from '../model/errors.ts';
import { messageOf } from '../model/message-of.ts';
import { bundlePlugin, PLACES } from './bundle-plugin.ts';
import { OWN_DIRECTORY } from './worker-stub.ts';

/** A module that was bundled. */
export interface Bundle {
  /** The sha256 of the code, in hex. */
  readonly hash: string;
  readonly code: Uint8Array;
  /** Its sources are absolute URLs, and in it; those of this package are `pstar:`, which no author wants to see. */
  readonly map: Uint8Array;
  /** What it exports by name; undefined for CommonJS, of which only loading it would tell. */
  readonly exports: readonly string[] | undefined;
  /** Packages with native code, which are looked for where it runs. */
  readonly natives: readonly string[];
  /** The files that it was made of. */
  readonly inputs: readonly string[];
}

/** What CommonJS in a bundle requires of Node's. */
const BANNER = `import { createRequire as pstarCreateRequire } from 'node:module'; const require = pstarCreateRequire(import.meta.url);`;

/**
 * Bundles the module of this path, which is real and absolute.
 *
 * @throws PilotError `MODULE_UNUSABLE` with esbuild's words, the file and the line; `OPERATION_UNSUPPORTED` where
 * esbuild does not run.
 */
export async function bundleModule(entry: string): Promise<Bundle> {
  const natives = new Set<string>();
  const { outputFiles = [], metafile } = await build(entry, natives);
  const text = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  const map = withAbsoluteSources(text('.map'), entry);
  // Where only comments or blank lines have changed, the code is the same and the map is not.
  const code = Buffer.from(`${text('.mjs')}//${sha256(map)}\n`);
  const [output] = Object.values(metafile?.outputs ?? {}).filter(({ entryPoint }) => entryPoint);
  return {
    hash: sha256(code),
    code,
    map,
    exports:
      metafile?.inputs[basename(entry)]?.format === 'cjs' ? undefined : (output?.exports ?? []),
    natives: [...natives].toSorted(),
    inputs: Object.keys(metafile?.inputs ?? {})
      .filter((input) => !input.startsWith('pstar'))
      .map((input) => resolve(dirname(entry), input)),
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function build(entry: string, natives: Set<string>): Promise<BuildResult> {
  try {
    const esbuild = await import('esbuild');
    const options = optionsOf(entry, natives);
    return await esbuild.build(options).catch(async (error: unknown) => {
      if (isBuildFailure(error)) throw error;
      // Its process is gone, perhaps by a Ctrl-C that was for all of this terminal. It starts no other
      // until it was told that there is none.
      await esbuild.stop();
      return esbuild.build(options);
    });
  } catch (error) {
    throw isBuildFailure(error) ? moduleError(entry, error) : esbuildError(error);
  }
}

function optionsOf(entry: string, natives: Set<string>): BuildOptions {
  return {
    entryPoints: [`./${basename(entry)}`],
    // Names in the code and in messages are relative to this.
    absWorkingDir: dirname(entry),
    outdir: '.',
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    metafile: true,
    sourcemap: 'external',
    legalComments: 'none',
    logLevel: 'silent',
    // What this process resolves by; also without any, or esbuild adds one that Node does not have.
    conditions: conditionsOf([
      ...(process.env['NODE_OPTIONS'] ?? '').split(' '),
      ...process.execArgv,
    ]),
    define: PLACES,
    banner: { js: BANNER },
    plugins: [bundlePlugin(entry, natives)],
  };
}

function conditionsOf(args: readonly string[]): string[] {
  return args.flatMap((arg, i) => {
    if (arg === '-C' || arg === '--conditions') return args[i + 1] ?? [];
    return arg.startsWith('--conditions=') ? arg.slice('--conditions='.length) : [];
  });
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return Array.isArray((error as Partial<BuildFailure> | undefined)?.errors);
}

function moduleError(entry: string, cause: BuildFailure): PilotError {
  const [first, ...others] = cause.errors.map((message) => sentenceOf(message, dirname(entry)));
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  const problem = `the module cannot be bundled: ${first}${more}`;
  return new PilotError('MODULE_UNUSABLE', problem, { subject: entry, cause });
}

function esbuildError(cause: unknown): PilotError {
  const [reason] = messageOf(cause).trim().split('\n');
  const problem = `esbuild, which bundles functions, does not run: ${reason}`;
  return new PilotError('OPERATION_UNSUPPORTED', problem, {
    subject: `${process.platform}-${process.arch}`,
    hint: 'install it with its optional dependencies, for this platform: npm install esbuild',
    cause,
  });
}

function sentenceOf({ text, location }: Message, directory: string): string {
  if (!location) return text;
  const { file, line, column } = location;
  return `${resolve(directory, file)}:${line}:${column + 1}: ${text}`;
}

function withAbsoluteSources(text: string, entry: string): Uint8Array {
  const map = JSON.parse(text) as { sources: string[] };
  map.sources = map.sources.map((source) => {
    if (/^[a-z-]+:/.test(source)) return source;
    const file = resolve(dirname(entry), source);
    return file.startsWith(OWN_DIRECTORY)
      ? `pstar:${file.slice(OWN_DIRECTORY.length)}`
      : pathToFileURL(file).href;
  });
  return Buffer.from(JSON.stringify(map));
}
