/** Runs the pnpm that package.json pins, wherever this machine has it from. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * @param {readonly string[]} args
 * @param {{ cwd?: string }} [options] the workspace's root unless told otherwise
 * @returns {{ status: number, output: string }} output is all that it wrote, to be shown when it failed.
 */
export function pnpm(args, { cwd = root } = {}) {
  const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const { status, stdout, stderr, error } = spawnSync(
    process.platform === 'win32' ? 'npx.cmd' : 'npx',
    ['--yes', packageManager, ...args],
    {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      // Without a terminal pnpm would refuse to replace a node_modules it did not make; CI says yes.
      env: { ...process.env, CI: 'true', npm_config_loglevel: 'error' },
    },
  );
  return {
    status: status ?? 1,
    output: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim(),
  };
}
