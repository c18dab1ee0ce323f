/** What is wrong with files is said with their names, and nothing half done is left behind. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkUnit, WorkUnitDescription } from '@pstar/core';
import { filter, firstValueFrom } from 'rxjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { cannotMount, Tmpfs } from '../../packages/core/test/support/tmpfs.ts';
import { reached } from '../integration/fixture.ts';
import { homeDirectory, openStagingWorld } from './fixture.ts';

const script = (line: string) => ({ executable: '/bin/sh', arguments: ['-c', line] });

const PATIENCE = { timeout: 20_000, interval: 10 };

/** A disk of so many mebibytes, in memory. */
async function smallDisk(megabytes: number): Promise<string> {
  const path = await homeDirectory();
  const disk = Tmpfs.mount(path, `size=${megabytes}m,mode=777`);
  onTestFinished(() => disk[Symbol.dispose]());
  return path;
}

/** How a unit ended that was to fail. */
async function failed(unit: WorkUnit): Promise<NonNullable<WorkUnit['exit']>> {
  await unit.finished().catch(() => {});
  expect(unit.state).toBe('Failed');
  return unit.exit as NonNullable<WorkUnit['exit']>;
}

/** Waits for such a word among what is said of its progress. */
async function says(unit: WorkUnit, word: string): Promise<void> {
  await firstValueFrom(unit.progress$.pipe(filter(({ message }) => message.includes(word))));
}

describe('a file that does not travel', () => {
  it.each<[string, (home: string) => Partial<WorkUnitDescription>, string[]]>([
    ['an input that is not there', (home) => ({ input: `${home}/none` }), ['none', 'ENOENT']],
    [
      'a file for the unit that is not there',
      (home) => ({ fileTransfer: [`${home}/none > here`] }),
      ['none', 'ENOENT'],
    ],
    [
      'an output that the unit did not make',
      (home) => ({ fileTransfer: [`${home}/x < none`] }),
      ['none', 'ENOENT'],
    ],
    [
      'an output for what is no directory',
      (home) => ({ output: `${home}/directory/file/out` }),
      ['directory/file/out ', 'ENOTDIR'],
    ],
    [
      'a file for the unit where no directory can be made',
      (home) => ({ fileTransfer: [`${home}/directory/file > /proc/none/a/in`] }),
      ['/proc/none/a/in', 'ENOENT'],
    ],
    [
      'an output where no directory can be made',
      () => ({ fileTransfer: ['/proc/none/a/out < made'], ...script('touch made') }),
      ['/proc/none/a/out', 'ENOENT'],
    ],
    [
      'a file for the place of a directory',
      (home) => ({
        fileTransfer: [`${home}/directory < made`],
        ...script('mkdir made; mkdir -p made/file; touch made/file/x'),
      }),
      ['directory/file'],
    ],
    [
      'a directory that is to be added to a file',
      (home) => ({ fileTransfer: [`${home}/directory >> here`] }),
      ['here'],
    ],
    ['a device', (home) => ({ fileTransfer: [`${home}/x < /dev/zero`] }), ['/dev/zero']],
  ])('fails the unit: %s', async (_, part, words) => {
    const { home, work } = await openStagingWorld();
    await mkdir(join(home, 'directory'));
    await writeFile(join(home, 'directory', 'file'), 'as it was');
    const unit = await work.submit({
      ...script('true'),
      retries: 2,
      ...part(home),
    } as WorkUnitDescription);
    const { reason, problem, attempt } = await failed(unit);
    expect(reason).toBe('STAGING_FAILED');
    for (const word of words) expect(problem).toContain(word);
    expect(attempt).toBe(1);
    expect(await readdir(home)).toEqual(['directory']);
    expect(await readFile(join(home, 'directory', 'file'), 'utf8')).toBe('as it was');
  });

  it('is no second problem of a unit that failed', async () => {
    const { home, work } = await openStagingWorld();
    const unit = await work.submit({
      ...script('echo partly > there; exit 3'),
      fileTransfer: [`${home}/there < there`, `${home}/missing < missing`],
    });
    const { reason, exitCode } = await failed(unit);
    expect({ reason, exitCode }).toEqual({ reason: 'EXIT_CODE', exitCode: 3 });
    expect(await readFile(join(home, 'there'), 'utf8')).toBe('partly\n');
  });

  it.skipIf(cannotMount())('is a home without room: nothing of it is left', async () => {
    const disk = await smallDisk(1);
    const { work } = await openStagingWorld();
    await writeFile(join(disk, 'result'), 'as it was');
    const unit = await work.submit({
      ...script('head -c 3000000 /dev/urandom > big'),
      fileTransfer: [`${disk}/result < big`],
    });
    const { reason, problem } = await failed(unit);
    expect(reason).toBe('STAGING_FAILED');
    expect(problem).toContain('ENOSPC');
    expect(problem).toContain(join(disk, 'result'));
    expect(await readdir(disk)).toEqual(['result']);
    expect(await readFile(join(disk, 'result'), 'utf8')).toBe('as it was');
  });

  it.skipIf(cannotMount())('is a node without room, and the next unit has it again', async () => {
    const disk = await smallDisk(4);
    const { home, work } = await openStagingWorld({
      totalCpuCount: 1,
      workingDirectory: disk,
    });
    await writeFile(join(home, 'big'), Buffer.alloc(8_000_000, 7));
    await writeFile(join(home, 'small'), Buffer.alloc(1_000_000, 7));
    const unit = await work.submit({ ...script('true'), fileTransfer: [`${home}/big > big`] });
    await says(unit, 'ENOSPC');
    const next = await work.submit({ ...script('true'), fileTransfer: [`${home}/small > small`] });
    await next.finished();
    expect(unit.state).toBe('Scheduled');
    await unit.cancel();
    await unit.finished().catch(() => {});
    expect(unit.state).toBe('Canceled');
  });

  it.skipIf(cannotMount())(
    'is no unit of a full node: others have them, or it does later',
    async () => {
      const disk = await smallDisk(16);
      const { home, work, pilots } = await openStagingWorld({
        totalCpuCount: 1,
        workingDirectory: disk,
      });
      await writeFile(join(home, 'big'), Buffer.alloc(4_000_000, 7));
      await writeFile(join(disk, 'ballast'), Buffer.alloc(14_000_000, 7));
      const brings = { ...script('true'), fileTransfer: [`${home}/big > big`], cleanup: true };
      const first = await work.submit(brings);
      await says(first, 'ENOSPC');
      await pilots.create('local://', { totalCpuCount: 2 });
      const others = await Promise.all(Array.from({ length: 12 }, () => work.submit(brings)));
      await Promise.all(others.map((unit) => unit.finished()));
      expect(first.state).toBe('Scheduled');
      await rm(join(disk, 'ballast'));
      await first.finished();
      for (const unit of [first, ...others]) expect(unit.state).toBe('Done');
    },
  );

  it('does not keep a unit from being canceled, in any phase', async () => {
    const { home, work } = await openStagingWorld({ totalCpuCount: 1 });
    await writeFile(join(home, 'big'), Buffer.alloc(200_000_000, 7));
    await writeFile(join(home, 'small'), 'x');
    const brings = { fileTransfer: [`${home}/small > small`, `${home}/never < never`] };
    const coming = await work.submit({ ...script('true'), fileTransfer: [`${home}/big > big`] });
    await reached(coming, 'Scheduled');
    await coming.cancel();
    const running = await work.submit({ ...script('sleep 600'), ...brings });
    const queued = await work.submit({ ...script('sleep 600'), ...brings });
    await reached(running, 'Running');
    await reached(queued, 'Scheduled');
    await queued.cancel();
    await running.cancel();
    const leaving = await work.submit({
      ...script('head -c 200000000 /dev/zero > big'),
      fileTransfer: [`${home}/late < big`],
    });
    await vi.waitFor(async () => expect(await drafts(home)).toHaveLength(1), PATIENCE);
    await leaving.cancel();
    for (const unit of [coming, queued, running, leaving]) await unit.finished().catch(() => {});
    const states = [coming, queued, running, leaving].map(({ state }) => state);
    expect(states).toEqual(['Canceled', 'Canceled', 'Canceled', 'Canceled']);
    await vi.waitFor(async () => expect(await drafts(home)).toEqual([]), PATIENCE);
    const after = await work.submit(script('true'));
    await after.finished();
    expect((await readdir(home)).sort()).toEqual(['big', 'small']);
  });
});

/** What is on its way into a directory. */
async function drafts(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.startsWith('.pstar'));
}
