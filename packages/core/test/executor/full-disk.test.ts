/**
 * Units that find no room for what they write, on a tmpfs that is full. Where mount is not permitted it
 * is left out, but not in CI: there it fails.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cannotMount, Tmpfs } from '../support/tmpfs.ts';
import { World } from './harness.ts';

describe.skipIf(cannotMount())('a unit that finds no room', () => {
  let small: string;
  let disk: Tmpfs;
  beforeAll(() => {
    small = mkdtempSync(join(tmpdir(), 'pstar-small-'));
    disk = Tmpfs.mount(small, 'size=64k,mode=777');
  });
  afterAll(() => {
    disk[Symbol.dispose]();
    rmSync(small, { recursive: true });
  });

  it('for its output fails with the path, also when it says nothing itself', async () => {
    await using world = new World();
    const output = join(small, 'out');
    const outcome = await world.outcomeOf('head -c 1000000 /dev/zero 2>/dev/null', { output });
    expect(outcome).toMatchObject({
      exitCode: 1,
      problem: `there is no room left for ${output}: what it wrote there may be missing`,
    });
    // A failure of another kind is not put down to it.
    expect(await world.outcomeOf('exit 1')).not.toHaveProperty('problem');
    expect(await world.outcomeOf('true')).not.toHaveProperty('problem');
    rmSync(output);
    expect(await world.outcomeOf('exit 1', { output })).not.toHaveProperty('problem');
  });

  it('in its working directory fails with that', async () => {
    await using world = new World();
    const script = 'head -c 1000000 /dev/zero >result';
    expect(await world.outcomeOf(script, { workingDirectory: small })).toMatchObject({
      problem: expect.stringContaining(`no room left for ${small}:`),
      stderrTail: expect.stringContaining('No space left'),
    });
    rmSync(join(small, 'result'));
  });
});
