/**
 * Bundles the agent, and the relay of ssh, each into the one file that travels to a node; and the
 * helper that DRMAA libraries are loaded in.
 *
 * The sources run as they are, but these are processes of their own, perhaps on a machine without
 * node_modules, so that they always run from their bundles. Building takes a fraction of a second:
 * setup, the build and every test run do it anew, and nobody has to remember it. By hand:
 * `node tools/build-agent.mjs`.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = new URL('../packages/', import.meta.url);
const bundles = [
  { entry: 'core/src/agent/main.ts', bundle: 'core/dist/agent/agent.mjs' },
  { entry: 'adaptor-drmaa/src/helper/main.ts', bundle: 'adaptor-drmaa/dist/helper/helper.mjs' },
  { entry: 'adaptor-ssh/src/relay/main.ts', bundle: 'adaptor-ssh/dist/relay/relay.mjs' },
].map(({ entry, bundle }) => ({
  entry: fileURLToPath(new URL(entry, packages)),
  bundle: fileURLToPath(new URL(bundle, packages)),
}));

/** Writes the bundles, beside what the compiler has written, and their source maps. */
export async function buildAgent() {
  for (const each of bundles) await write(each);
}

/** @param {{ entry: string, bundle: string }} files */
async function write({ entry, bundle }) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [entry],
    outfile: bundle,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'external',
    logLevel: 'warning',
    // Native libraries cannot be bundled. The executor looks for koffi when it runs; msgpackr does
    // as well without its own, and a file alone has none beside it to look for.
    external: ['koffi', 'msgpackr-extract'],
    define: { 'process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED': '"true"' },
  });
  await mkdir(dirname(bundle), { recursive: true });
  for (const { path, contents } of outputFiles) {
    // Renamed into place: an agent that starts at this moment must not read half of it.
    const partial = `${path}.${process.pid}`;
    await writeFile(partial, contents);
    await rename(partial, path);
  }
}

/** What vitest calls before the tests. An agent that does not build fails only the tests that start one. */
export async function setup() {
  for (const each of bundles) await write(each).catch(() => rm(each.bundle, { force: true }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAgent();
