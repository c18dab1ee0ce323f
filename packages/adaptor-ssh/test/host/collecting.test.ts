/** What agents leave comes here, of all of them or of those that were killed. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localCommandRunner } from '@pstar/core/adaptor';
import { silentLog } from '@pstar/core/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { collect, collectKept, refuseUnwritable } from '../../src/host/collecting.ts';

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

describe('collect', () => {
  const runner = localCommandRunner();
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'pstar-collecting-'));
    for (const name of ['p.h1', 'p.h2']) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, 'agent.log'), `${name}\n`.repeat(50_000));
    }
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('adds the logs of agents that end together, each whole', async () => {
    const into = { directory: join(root, 'here'), logFile: join(root, 'log') };
    // Both are here before either goes on.
    let missing = 2;
    let goOn = () => {};
    const both = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const download = runner.files.download.bind(runner.files);
    const spy = vi.spyOn(runner.files, 'download');
    onTestFinished(() => spy.mockRestore());
    spy.mockImplementation(async (from, to) => {
      await download(from, to);
      missing -= 1;
      if (missing === 0) goOn();
      await both;
    });
    const each = ['p.h1', 'p.h2'].map((name) => collect(runner, join(root, name), into, silentLog));
    await Promise.all(each);
    const log = await readFile(into.logFile, 'utf8');
    for (const name of ['p.h1', 'p.h2']) expect(log.split(name)).toHaveLength(50_001);
    expect(await readdir(into.directory)).toEqual([]);
  });

  it('keeps a log that cannot go where it was to be', async () => {
    const into = { directory: join(root, 'here'), logFile: join(root, 'nowhere', 'log') };
    await collect(runner, join(root, 'p.h1'), into, silentLog);
    expect(await readFile(join(into.directory, 'p.h1.log'), 'utf8')).toMatch(/^p\.h1\n/);
  });
});

describe('refuseUnwritable', () => {
  it('refuses an output in a directory that is not there', async () => {
    const refused = refuseUnwritable('/nowhere/at/all/log');
    await expect(refused).rejects.toMatchObject({ code: 'DESCRIPTION_INVALID', subject: 'output' });
  });
});
