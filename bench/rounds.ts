/** Measurements of ours as runners: each run in a fresh process of the built packages, with a store of its own. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { FROM_SOURCES } from '../tools/programs.ts';
import { run } from './ceilings.ts';
import type { Runner, Sample } from './harness.ts';
import type { Context } from './measures/world.ts';
import type { Sizes } from './workloads.ts';

const HERE = fileURLToPath(new URL('./', import.meta.url));

/** How our own processes are run. */
export interface RoundOptions {
  readonly sizes: Sizes;
  /** From the sources, when nothing is built; figures of that mean little. */
  readonly source: boolean;
  /** Leave processor profiles of manager and agent in dist/profiles. */
  readonly profile: boolean;
}

/** Makes runners of measurements, by their names in round.ts. */
export interface Rounds extends AsyncDisposable {
  readonly sizes: Sizes;
  /** Removed at the end. */
  readonly scratch: string;
  /** `name` tells runners of one measurement apart. */
  runner(measure: string, more?: Partial<Context>, name?: string): Runner;
  /** A node for agents that are larger from the start. */
  grownNode(): Promise<string>;
}

/** Bundles round.ts, without the packages that it measures, or with their sources. */
export async function openRounds({ sizes, source, profile }: RoundOptions): Promise<Rounds> {
  // Here and not in a temporary directory, which may be none on a disk.
  await mkdir(join(HERE, 'dist'), { recursive: true });
  const scratch = await mkdtemp(join(HERE, 'dist', 'scratch-'));
  const file = join(scratch, 'round.mjs');
  await build({
    ...FROM_SOURCES,
    // It finds its own program by where it is.
    external: [...FROM_SOURCES.external, 'piscina'],
    ...(!source && {
      packages: 'external',
      plugins: [leavePackagesOut, ...FROM_SOURCES.plugins],
    }),
    // Functions for those who take them from a file.
    entryPoints: [join(HERE, 'round.ts'), join(HERE, 'called.ts')],
    outdir: scratch,
    outExtension: { '.js': '.mjs' },
    splitting: true,
  });
  const flags: string[] = [];
  const agentNode = profile
    ? await nodeWith(PROFILER, `BENCH_PROFILES='${PROFILES}/agent'`, join(scratch, 'profiled-node'))
    : undefined;
  const grownBy = `BENCH_GROWN_MEGABYTES=${sizes.grownMegabytes}`;
  if (profile) {
    flags.push('--import', PROFILER);
    process.env['BENCH_PROFILES'] = join(PROFILES, 'manager');
  }
  return {
    sizes,
    scratch,
    runner: (measure, more = {}, name = measure) => ({
      name,
      run: async () => {
        const directory = await mkdtemp(join(scratch, `${measure}-`));
        try {
          const context: Context = { sizes, directory, ...(agentNode && { agentNode }), ...more };
          const words = [...flags, file, measure, JSON.stringify(context)];
          return JSON.parse(await run(process.execPath, words)) as Sample;
        } finally {
          await rm(directory, { recursive: true, force: true });
        }
      },
    }),
    grownNode: () => nodeWith(LARGE, grownBy, join(scratch, 'grown-node'), agentNode),
    [Symbol.asyncDispose]: () => rm(scratch, { recursive: true, force: true }),
  };
}

/** A part of a package that no door leads to is taken from what was built, too. */
const leavePackagesOut: Plugin = {
  name: 'packages',
  setup({ onResolve }) {
    onResolve({ filter: /\/packages\/[^/]+\/src\// }, ({ path, resolveDir }) => {
      const file = join(resolveDir, path);
      const built = file.replace(/(\/packages\/[^/]+)\/src\//, '$1/dist/').replace(/\.ts$/, '.js');
      return { path: built, external: true };
    });
  },
};

const PROFILER = join(HERE, 'profiler.mjs');
const PROFILES = join(HERE, 'dist', 'profiles');
const LARGE = join(HERE, 'large-agent.mjs');

/** Writes a program that is a node with a module loaded first, and returns its path. */
async function nodeWith(
  module: string,
  variable: string,
  file: string,
  node = process.execPath,
): Promise<string> {
  await writeFile(file, `#!/bin/sh\nexec env ${variable} '${node}' --import '${module}' "$@"\n`);
  await chmod(file, 0o755);
  return file;
}
