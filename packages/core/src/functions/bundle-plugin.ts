/**
 * What esbuild is told of an author's modules: who is registered before the code of the bundle runs,
 * what stands for this package and for native ones, and where each module was.
 */
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { OnLoadArgs, OnLoadResult, OnResolveResult, Plugin } from 'esbuild';
import { LOADER_NAME } from './loader.ts';
import { NativePackages, nativeModule } from './native-packages.ts';
import { prefixed } from './prefixed.ts';
import { OWN_DOORS, STUB, STUB_DIRECTORY } from './worker-stub.ts';

/** Every `import.meta.url` and its like becomes a variable, which each module that has one declares. */
export const PLACES = {
  'import.meta.url': 'pstarUrl',
  'import.meta.filename': 'pstarFilename',
  'import.meta.dirname': 'pstarDirname',
  __filename: 'pstarFilename',
  __dirname: 'pstarDirname',
} as const;

const ASKS_FOR_PLACE = /import\.meta|__filename|__dirname/;
const REGISTRATION = 'pstar:module';

/**
 * @param entry - The module, by its real path.
 * @param natives - Gets the names of native packages.
 */
export function bundlePlugin(entry: string, natives: Set<string>): Plugin {
  const packages = new NativePackages();
  return {
    name: 'pstar',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^pstar:/ }, () => ({ path: 'module', namespace: 'pstar' }));
      onResolve({ filter: /^@pstar\// }, () => ({ path: 'stub', namespace: 'pstar' }));
      onResolve({ filter: /^file:/ }, ({ path }) => ({ path: fileURLToPath(path) }));
      onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => native(path, path, resolveDir));
      onResolve({ filter: /^[^./]/, namespace: 'file' }, ({ path, resolveDir }) => {
        const name = isBuiltin(path) ? undefined : packages.nameOf(path, resolveDir);
        if (name === undefined) return undefined;
        natives.add(name);
        return native(name, path, resolveDir);
      });
      onLoad({ filter: /^stub$/, namespace: 'pstar' }, () => stub);
      onLoad({ filter: /^module$/, namespace: 'pstar' }, () => registration(entry));
      onLoad({ filter: /./, namespace: 'pstar-native' }, ({ pluginData }) => pluginData);
      onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, (args) =>
        loadSource(args, args.path === entry ? `import '${REGISTRATION}';` : ''),
      );
    },
  };
}

/** From different places it may be a different one. */
function native(name: string, specifier: string, from: string): OnResolveResult {
  const pluginData: OnLoadResult = { contents: nativeModule(name, specifier, from) };
  return { path: `${from}:${specifier}`, namespace: 'pstar-native', pluginData };
}

const stub: OnLoadResult = { contents: STUB, resolveDir: STUB_DIRECTORY };

/** Runs first, and imports the module that imports it: so whatever that is stuck at, it has said what it exports. */
function registration(entry: string): OnLoadResult {
  return {
    contents: `import * as exported from ${JSON.stringify(`./${basename(entry)}`)};
      globalThis[Symbol.for('${LOADER_NAME}')]?.register(() => exported, ${JSON.stringify(entry)});`,
    resolveDir: dirname(entry),
  };
}

async function loadSource({ path }: OnLoadArgs, registers: string): Promise<OnLoadResult> {
  if (OWN_DOORS.includes(path)) return stub;
  const source = await readFile(path, 'utf8');
  const words = registers + (ASKS_FOR_PLACE.test(source) ? placeOf(path) : '');
  const contents = words === '' ? source : await prefixed(source, words, path);
  return { contents, loader: 'default', resolveDir: dirname(path) };
}

function placeOf(path: string): string {
  const { href } = pathToFileURL(path);
  const [url, file, directory] = [href, path, dirname(path)].map((each) => JSON.stringify(each));
  return `var pstarUrl=${url},pstarFilename=${file},pstarDirname=${directory};`;
}
