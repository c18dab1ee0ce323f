import { describe, expect, it } from 'vitest';
import { RecentOutput } from '../../src/executor/recent-output.ts';
import { World } from './harness.ts';

describe('the null executor', () => {
  it('ends every unit at the end of the tick, and starts nothing', async () => {
    await using world = new World('null');
    expect(world.executor.launcher).toBe('null');
    const keys = [1, 2, 3].map((key) => world.run('exit 1', { key }));
    expect(world.reported).toEqual([]);
    const outcomes = await Promise.all(keys.map((key) => world.ended(key)));
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(world.reported.map(({ kind, key }) => `${kind} ${key}`)).toEqual(
      keys.flatMap((key) => [`started ${key}`, `ended ${key}`]),
    );
    world.executor.terminate(1);
    world.executor.watch(1, 'stdout', true);
    await world.outputEnded(1, 'stdout');
  });

  it('takes units that are run when one has ended', async () => {
    await using world = new World('null');
    let left = 10_000;
    world.onEnded = () => {
      if (left-- > 0) world.run('true');
    };
    world.run('true');
    await world.when(() => left < 0 || undefined);
  });
});

describe('RecentOutput', () => {
  it('forgets the oldest when it holds too much', () => {
    const recent = new RecentOutput();
    const mebibyte = { missed: 0, bytes: Buffer.alloc(1024 * 1024) };
    for (let key = 0; key < 20; key++) recent.add(key, { stdout: mebibyte, stderr: '/a/file' });
    expect(recent.get(0, 'stdout')).toBeUndefined();
    expect(recent.get(19, 'stdout')).toBe(mebibyte);
    expect(recent.get(19, 'stderr')).toBe('/a/file');
    recent.forget(19);
    expect(recent.get(19, 'stdout')).toBeUndefined();
    expect([recent.has(18), recent.has(19)]).toEqual([true, false]);
    for (let key = 100; key < 115; key++) recent.add(key, { stdout: mebibyte, stderr: undefined });
    expect(recent.get(100, 'stdout')).toBe(mebibyte);
  });

  it('keeps some ten thousands of short ones', () => {
    const recent = new RecentOutput();
    const stdout = { missed: 0, bytes: Buffer.from('a line') };
    for (let key = 0; key < 50_000; key++) recent.add(key, { stdout, stderr: undefined });
    expect([recent.has(0), recent.has(20_000)]).toEqual([false, true]);
  });
});
