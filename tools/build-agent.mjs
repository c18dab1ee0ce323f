/**
 * Bundles the agent into the one file that travels to a node.
 *
 * The sources run as they are, but an agent is a process of its own, perhaps on a machine without
 * node_modules, so that it always runs from this bundle. Building takes a fraction of a second:
 * setup, the build and every test run do it anew, and nobody has to remember it. By hand:
 * `node tools/build-agent.mjs`.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const core = new URL('../packages/core/', import.meta.url);
const entry = fileURLToPath(new URL('src/agent/main.ts', core));
const bundle = fileURLToPath(new URL('dist/agent/agent.mjs', core));

/**
 * Writes packages/core/dist/agent/agent.mjs and its source map.
 *
 * @returns {Promise<string>} where the bundle is.
 */
export async function buildAgent() {
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
  return bundle;
}

/** What vitest calls before the tests. An agent that does not build fails only the tests that start one. */
export async function setup() {
  await buildAgent().catch(() => rm(bundle, { force: true }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAgent();
