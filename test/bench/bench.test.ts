/** Runs every measurement with a handful of units: that the bench works, never how fast anything is. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { root } from '../tidy/repository.ts';

const run = promisify(execFile);
const MAIN = ['--import', 'tsx', 'bench/main.ts', '--tiny', '--source'];

describe('the bench', () => {
  it('measures everything that it has a row for', { timeout: 300_000 }, async () => {
    const { stdout } = await run(process.execPath, MAIN, { cwd: root });
    const named = stdout.split('\n').map((line) => line.split(' ')[0]);
    for (const bench of [
      'process',
      'null',
      'submit',
      'latency',
      'memory',
      'manager',
      'quality',
      'reopen',
      'reconnect',
      'many-agents',
      'scale',
      'growth',
      'observing',
      'computing',
      'functions',
      'staging',
      'slurm',
      'ssh',
    ]) {
      expect(named).toContain(bench);
    }
    expect(stdout).not.toContain('NaN');
  });

  it('says which benches there are', async () => {
    const misnamed = run(process.execPath, [...MAIN, 'speed'], { cwd: root });
    await expect(misnamed).rejects.toThrow(/no bench is called speed; there are process, null/);
  });
});
