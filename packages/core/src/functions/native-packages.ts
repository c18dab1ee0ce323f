/**
 * Packages that are not JavaScript alone. They cannot be bundled, and what fits this machine may not fit
 * another: a bundle looks for them where it runs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Who has one of these as a dependency has native code, or looks for some. */
const LOADERS: readonly string[] = [
  '@mapbox/node-pre-gyp',
  '@neon-rs/load',
  'bindings',
  'cmake-js',
  'nan',
  'node-addon-api',
  'node-gyp-build',
  'node-gyp-build-optional-packages',
  'node-pre-gyp',
  'pkg-prebuilds',
  'prebuild-install',
];
/** Attributes of a package.json that only packages with native code have. */
const ATTRIBUTES: readonly string[] = ['gypfile', 'napi', 'cnoke', 'neon'];
const FILES: readonly string[] = ['binding.gyp', 'prebuilds'];
/** A package for each platform, as optional dependencies of the one that picks from them. */
const OF_A_PLATFORM = /[-/](linux|darwin|win32)-(x64|arm64)/;

/** Finds out about packages, each once. */
export class NativePackages {
  readonly #known = new Map<string, boolean>();

  /** The name of the native package that an import leads to from this directory, if it does. */
  nameOf(specifier: string, from: string): string | undefined {
    const [scope = '', rest] = specifier.split('/');
    const name = scope.startsWith('@') ? `${scope}/${rest}` : scope;
    const directory = findPackage(name, from);
    return directory !== undefined && this.#isNative(directory) ? name : undefined;
  }

  #isNative(directory: string): boolean {
    const known = this.#known.get(directory) ?? isNative(directory);
    this.#known.set(directory, known);
    return known;
  }
}

/** Where Node finds a package, without what it looks up in it. */
function findPackage(name: string, from: string): string | undefined {
  const directory = join(from, 'node_modules', name);
  if (existsSync(join(directory, 'package.json'))) return directory;
  const outer = dirname(from);
  return outer === from ? undefined : findPackage(name, outer);
}

function isNative(directory: string): boolean {
  if (FILES.some((file) => existsSync(join(directory, file)))) return true;
  const facts = readFacts(join(directory, 'package.json'));
  if (ATTRIBUTES.some((attribute) => facts[attribute] !== undefined)) return true;
  if (`${facts['main']}`.endsWith('.node')) return true;
  const { dependencies = {}, optionalDependencies = {} } = facts as Record<string, object>;
  const optional = Object.keys(optionalDependencies);
  return (
    LOADERS.some((loader) => loader in dependencies || loader in optionalDependencies) ||
    optional.some((name) => OF_A_PLATFORM.test(name))
  );
}

function readFacts(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/**
 * The source of a module that stands for a native one in a bundle: it looks for it, when it is first
 * needed, where the author's module would find it, in the directory that the worker runs in, and in
 * those of NODE_PATH. Whoever can do without catches what it throws, as that of `require`.
 */
export function nativeModule(name: string, specifier: string, from: string): string {
  return `
const { createRequire } = require('node:module');
const { hostname } = require('node:os');
const from = [${JSON.stringify(from)}, process.cwd()];
const place = from.find((directory) => {
  try {
    return createRequire(directory + '/').resolve(${JSON.stringify(specifier)});
  } catch {}
});
if (place === undefined) {
  const problem =
    'the package ' + ${JSON.stringify(name)} + ' has native code, which does not travel, and is not installed on ' +
    hostname() + ': install it there, in the directory that calls run in (' + process.cwd() +
    ') or in one that NODE_PATH names in the environment of the calls';
  throw Object.assign(new Error(problem), { code: 'MODULE_NOT_FOUND' });
}
module.exports = createRequire(place + '/')(${JSON.stringify(specifier)});
`;
}
