/**
 * Programs of tests and of the bench, from the sources and each in one file. Node.js runs that at once;
 * with tsx a program takes a second of a processor to load, and some tests start dozens.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

/** What lies beside a source is looked for there, and not beside the bundle. */
const keepPlaces: Plugin = {
  name: 'places',
  setup({ onLoad, esbuild: { transform } }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      const define = { 'import.meta.url': JSON.stringify(pathToFileURL(path).href) };
      const { code } = await transform(text, { loader: 'ts', define });
      return { contents: code, loader: 'js' };
    });
  },
};

/** It finds its own program by where it is. */
const keepEsbuild: Plugin = {
  name: 'esbuild',
  setup({ onResolve }) {
    const path = createRequire(import.meta.url).resolve('esbuild');
    onResolve({ filter: /^esbuild$/ }, () => ({ path, external: true }));
  },
};

/** What ssh2 and others take to be there. */
const AS_IN_COMMONJS = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url), __dirname = import.meta.dirname;`;

/** How such a program is bundled. */
export const FROM_SOURCES = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  conditions: ['@pstar/source'],
  // Native libraries cannot be bundled. ssh2 and msgpackr do without theirs.
  external: ['koffi', 'cpu-features', 'msgpackr-extract', '*.node'],
  banner: { js: AS_IN_COMMONJS },
  plugins: [keepPlaces, keepEsbuild],
  logLevel: 'warning',
} satisfies BuildOptions;

const made = new Map<string, Promise<string>>();
let directory: string | undefined;

/** Bundles a program, once in this process; gives the file, which is there as long as this process is. */
export function bundled(program: string): Promise<string> {
  const known = made.get(program) ?? bundle(program);
  made.set(program, known);
  return known;
}

async function bundle(program: string): Promise<string> {
  directory ??= makeDirectory();
  const outfile = join(directory, `${made.size}-${basename(program, '.ts')}.mjs`);
  await build({ ...FROM_SOURCES, entryPoints: [program], outfile });
  return outfile;
}

function makeDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), 'pstar-programs-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}
