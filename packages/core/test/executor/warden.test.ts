import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { until } from './harness.ts';

/** The processes that were given these words. */
function given(words: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(words);
    } catch {
      return false;
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went by itself between being found and being killed.
  }
}

it('goes when its agent was killed before it had begun', async () => {
  const directory = `${mkdtempSync(join(tmpdir(), 'warden-test-'))}/`;
  onTestFinished(() => {
    for (const pid of given(directory)) kill(Number(pid));
    rmSync(directory, { recursive: true, force: true });
  });
  const program = fileURLToPath(new URL('programs/killed-early.ts', import.meta.url));
  const words = ['--conditions=@pstar/source', '--import', 'tsx', program, directory];
  expect(spawnSync(process.execPath, words).signal).toBe('SIGKILL');
  await until(() => given(directory).length === 0);
});
