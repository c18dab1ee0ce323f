/**
 * Makes a fresh clone ready: the right Node, the locked dependencies, the agent's bundle.
 *
 * It runs before anything is installed, so that it knows Node and npm only. It says nothing when
 * there is nothing to do or to complain about.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pnpm } from './pnpm.mjs';

const root = new URL('../', import.meta.url);
const stampFile = new URL('node_modules/.pstar-setup', root);

/** @param {URL} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function checkNode() {
  const wanted = JSON.parse(read(new URL('package.json', root))).engines.node.replace('>=', '');
  const [major = 0, minor = 0] = wanted.split('.').map(Number);
  const [ourMajor = 0, ourMinor = 0] = process.versions.node.split('.').map(Number);
  if (ourMajor > major || (ourMajor === major && ourMinor >= minor)) return;
  throw new Error(`pstar needs Node.js ${wanted} or newer; this is ${process.versions.node}`);
}

/** Native parts differ from machine to machine, so that a copied node_modules is not taken as set up. */
function currentStamp() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml'])
    hash.update(read(new URL(file, root)));
  return hash.digest('hex');
}

/** @param {(line: string) => void} say */
function install(say) {
  const stamp = currentStamp();
  if (read(stampFile) === stamp) return;
  say('installing the dependencies …');
  const { status, output } = pnpm(['install', '--frozen-lockfile', '--prefer-offline']);
  if (status !== 0) throw new Error(`the dependencies could not be installed:\n${output}`);
  mkdirSync(new URL('node_modules', root), { recursive: true });
  writeFileSync(stampFile, stamp);
}

/**
 * A usable Node and the locked dependencies; a second call costs next to nothing.
 *
 * @param {(line: string) => void} [say] is told when it will take a while.
 */
export function prepare(say = () => {}) {
  checkNode();
  install(say);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    prepare((line) => process.stderr.write(`${line}\n`));
    const { buildAgent } = await import('./build-agent.mjs');
    await buildAgent();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
