/** Measurements of ours as runners: each run in a fresh process of the built packages, with a store of its own. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type PluginBuild } from 'esbuild';
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
}

/** Bundles round.ts, without the packages that it measures. */
export async function openRounds({ sizes, source, profile }: RoundOptions): Promise<Rounds> {
  // Here and not in a temporary directory, which may be none on a disk.
  await mkdir(join(HERE, 'dist'), { recursive: true });
  const scratch = await mkdtemp(join(HERE, 'dist', 'scratch-'));
  const file = join(scratch, 'round.mjs');
  await build({
    entryPoints: [join(HERE, 'round.ts')],
    outdir: scratch,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    plugins: [{ name: 'core', setup: (core) => leaveCoreOut(core, source) }],
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const flags = source ? ['--conditions=@pstar/source', '--import', 'tsx'] : [];
  const agentNode = profile ? await profiledNode(scratch) : undefined;
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
    [Symbol.asyncDispose]: () => rm(scratch, { recursive: true, force: true }),
  };
}

/** A part of the core that no door leads to is taken from what was built, too. */
function leaveCoreOut({ onResolve }: PluginBuild, source: boolean): void {
  onResolve({ filter: /\/packages\/core\/src\// }, ({ path, resolveDir }) => {
    const file = join(resolveDir, path);
    const built = file.replace('/core/src/', '/core/dist/').replace(/\.ts$/, '.js');
    return { path: source ? file : built, external: true };
  });
}

const PROFILER = join(HERE, 'profiler.mjs');
const PROFILES = join(HERE, 'dist', 'profiles');

/** A node for agents that writes a profile when it ends. */
async function profiledNode(scratch: string): Promise<string> {
  const file = join(scratch, 'profiled-node');
  const profiled = `BENCH_PROFILES='${PROFILES}/agent' '${process.execPath}' --import '${PROFILER}'`;
  await writeFile(file, `#!/bin/sh\nexec env ${profiled} "$@"\n`);
  await chmod(file, 0o755);
  return file;
}
