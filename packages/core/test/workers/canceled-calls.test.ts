/** How long calls go on that nobody wants any more. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ManualClock } from '../agent/manual-clock.ts';
import { CallWorld } from './call-world.ts';

it.each([
  ['waits', 'return new Promise(() => {});'],
  ['computes', 'for (;;);'],
])('ends a canceled call soon that %s and listens to nothing', async (_, code) => {
  await using world = new CallWorld();
  const key = world.run(`export const f = (x, context) => { context.progress('begun'); ${code} }`, {
    graceMs: 600_000,
  });
  world.send(key, [1]);
  await world.when(() => world.progress.length === 1);
  world.calls.terminate(key);
  expect(await world.whenEnded(key)).toMatchObject({ terminated: true });
});

it('gives a canceled call that listens its grace, and one of an agent that ends as well', async () => {
  await using world = new CallWorld();
  const code = `
    export const f = (x, context) => new Promise((done) => {
      if (x === 'listens') context.signal.addEventListener('abort', () => setTimeout(done, 1_000, x));
      else setTimeout(done, 1_000, x);
      context.progress('begun');
    });`;
  const canceled = world.run(code);
  const batch = world.send(canceled, ['listens']);
  const left = world.run(code);
  const other = world.send(left, ['deaf']);
  await world.when(() => world.progress.length === 2);
  world.calls.terminate(canceled);
  world.calls.terminate(left, 10_000);
  expect((await world.outcome(canceled, batch)).values.get(0)).toBe('listens');
  expect((await world.outcome(left, other)).values.get(0)).toBe('deaf');
});

it('gives its grace to a canceled call that asks for its signal only then', async () => {
  const clock = new ManualClock();
  await using world = new CallWorld({ clock });
  const file = (name: string): string => join(world.root, name);
  const key = world.run(`
    import { existsSync, writeFileSync } from 'node:fs';
    const until = async (file) => { while (!existsSync(file)) await new Promise((done) => setTimeout(done, 5)); };
    export const f = async ([go, asked, end], context) => {
      context.progress('begun');
      await until(go);
      const { signal } = context;
      writeFileSync(asked, '');
      await until(end);
      return signal.aborted;
    };`);
  const batch = world.send(key, [[file('go'), file('asked'), file('end')]]);
  await world.when(() => world.progress.length === 1);
  world.calls.terminate(key);
  writeFileSync(file('go'), '');
  await expect.poll(() => existsSync(file('asked'))).toBe(true);
  clock.advance(9_000);
  writeFileSync(file('end'), '');
  expect((await world.outcome(key, batch)).values.get(0)).toBe(true);
});

it('leaves no worker to others that still loads what a canceled run would have called', async () => {
  await using world = new CallWorld();
  const file = world.module('export const f = () => process.pid;');
  const loading = join(world.root, 'loading');
  const endless = world.module(`
    import { writeFileSync } from 'node:fs';
    writeFileSync(${JSON.stringify(loading)}, '');
    await new Promise(() => setInterval(() => {}, 1_000));
    export const g = () => {};`);
  const canceled = world.run(file, { combine: { module: endless, export: 'g' } });
  world.send(canceled, [1]);
  await expect.poll(() => existsSync(loading)).toBe(true);
  world.calls.terminate(canceled);
  await world.whenEnded(canceled);
  expect(await world.values(world.run(file), [1])).toHaveLength(1);
});
