import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tailOf } from '../../../src/service/agents/log-tail.ts';

describe('the tail of a log', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pstar-tail-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is the whole of a short one, and whole lines of a long one', async () => {
    const file = join(directory, 'log');
    await writeFile(file, 'said\n');
    expect(tailOf(file)).toBe('said\n');
    await writeFile(file, `${'x'.repeat(5000)}\nlast\n`);
    expect(tailOf(file)).toBe('last\n');
  });

  it('is empty where there is no file that can be read, and nobody waits for a named pipe', () => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [join(directory, 'none'), directory, pipe, '/dev/null', 'a\0b']) {
      expect(tailOf(path)).toBe('');
    }
  });
});
