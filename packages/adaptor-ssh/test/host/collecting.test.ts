/** What agents leave comes here, of all of them or of those that were killed. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localCommandRunner } from '@pstar/core/adaptor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectKept } from '../../src/host/collecting.ts';

describe('collectKept', () => {
  const runner = localCommandRunner();
  let root: string;
  let there: string;
  let here: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'pstar-collecting-'));
    [there, here] = [join(root, 'there'), join(root, 'here')];
    await mkdir(join(there, 'kept'), { recursive: true });
    const left = ['agent-a1', 'agent-a1.work-1', 'agent-a1~killed', 'agent-a12.work-1', 'agent-b'];
    for (const name of left) await writeFile(join(there, 'kept', name), name);
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('fetches everything, and death notes last', async () => {
    const names = await collectKept(runner, there, here);
    expect(names.at(-1)).toBe('agent-a1~killed');
    expect((await readdir(join(here, 'kept'))).sort()).toEqual([...names].sort());
    expect(names).toHaveLength(5);
  });

  it('leaves what living agents keep where it is', async () => {
    expect(await collectKept(runner, there, here, 'killed')).toEqual([
      'agent-a1',
      'agent-a1.work-1',
      'agent-a1~killed',
    ]);
  });

  it('finds nothing where nothing was left', async () => {
    expect(await collectKept(runner, join(root, 'nowhere'), here)).toEqual([]);
  });
});
