/** Workers that are as they should be: who gets which, what calls are told, and what comes back. */
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ProcessTable } from '../../src/executor/tree.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import { decodeValue } from '../../src/runtime/values.ts';
import { CallWorld } from './call-world.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const WHO = `
  import { threadId } from 'node:worker_threads';
  export const f = () => process.pid + '.' + threadId;`;

it.each(['process', 'thread'] as const)(
  'keeps a %s warm for the next run of its module',
  async (isolation) => {
    await using world = new CallWorld({ cores: 2 });
    const file = world.module(`${WHO}
    let inits = 0;
    export const init = ({ host }) => ({ host, inits: ++inits });
    export const g = (_, { state, index, attempt }) => [state.host, state.inits, index, attempt, process.env.PSTAR_UNIT_ID, process.env.OWN];`);
    const first = world.run(file, {
      isolation,
      variables: { PSTAR_UNIT_ID: 'unit.1', OWN: 'yes' },
    });
    const [who] = await world.values(first, [0]);
    expect(await world.end(first)).toMatchObject({ exitCode: 0, reason: 0, terminated: false });
    const second = world.run(file, { isolation, variables: { PSTAR_UNIT_ID: 'unit.2' } });
    expect(await world.values(second, [0])).toEqual([who]);
    await world.end(second);
    const third = world.run(file, {
      isolation,
      export: 'g',
      variables: { PSTAR_UNIT_ID: 'unit.3' },
    });
    const { values } = await world.batch(third, [0], { first: 40, round: 3 });
    expect(values.get(40)).toEqual(['here', 1, 40, 3, 'unit.3', undefined]);
  },
);

it('gives each call a process of its own where they are to be fresh', async () => {
  await using world = new CallWorld();
  const key = world.run(WHO, { isolation: 'fresh' });
  const { values, results } = await world.batch(key, numbers(4), { first: 8 });
  expect(new Set(values.values()).size).toBe(4);
  expect([...values.keys()]).toEqual([8, 9, 10, 11]);
  expect(results.map(({ isLast }) => isLast)).toEqual([false, false, false, true]);
});

it('replaces workers after so many calls, within batches and between them', async () => {
  await using world = new CallWorld();
  const key = world.run(WHO, { recycleAfter: 3 });
  const { values } = await world.batch(key, numbers(7));
  const next = await world.batch(key, numbers(2));
  const who = [...values.values(), ...next.values.values()];
  expect(new Set(who).size).toBe(3);
  expect(new Set(who.slice(6)).size).toBe(1);
});

it('replaces a worker whose calls leave memory behind, and fails none of them', async () => {
  await using world = new CallWorld();
  const key = world.run(
    `const kept = [];
     const cell = new Int32Array(new SharedArrayBuffer(4));
     // So slow that it is looked after each, and with the memory at the end: a call that has too much and is held up then is to blame.
     export const f = () => { Atomics.wait(cell, 0, 0, 25); kept.push(new Uint8Array(8 << 20).fill(1)); return process.pid; };`,
    { memoryLimit: 160 << 20 },
  );
  const { values, problems } = await world.batch(key, numbers(40));
  expect(problems).toEqual([]);
  expect(values.size).toBe(40);
  expect(new Set(values.values()).size).toBeGreaterThan(1);
});

it('has idle workers make room for others, and lets them go after a while', async () => {
  await using world = new CallWorld({ cores: 2, idleMs: 300 });
  const modules = numbers(4).map(() => world.module(WHO));
  const keys = modules.map((module) => world.run(module));
  await Promise.all(keys.map((key) => world.values(key, [0])));
  expect(workers()).toBe(4);
  await Promise.all(keys.map((key) => world.end(key)));
  await expect.poll(workers).toBeLessThanOrEqual(2);
  await expect.poll(workers).toBe(0);
  expect(readdirSync(world.root).filter((name) => /^\d/.test(name))).toEqual([]);
});

it('passes arguments on, and the context behind them', async () => {
  await using world = new CallWorld();
  const key = world.run(
    `import { writeFileSync, existsSync } from 'node:fs';
     export const f = (...words) => {
       const context = words.pop();
       writeFileSync(context.scratch + '/file', 'x');
       const { log, progress, signal, cores, gpus, host, pilotJob } = context;
       log('a line with', { values: 1 });
       progress(0.5, 'half');
       return [...words, signal.aborted, cores, gpus, host, pilotJob, context.scratch];
     };
     export const g = (scratch) => existsSync(scratch);`,
    { cores: [3, 5], gpus: ['1'] },
  );
  world.calls.watch(key, 'stdout', true);
  const { values } = await world.batch(key, ['a', 2], { isSpread: true });
  const scratch = (values.get(0) as unknown[]).at(-1);
  expect(values.get(0)).toEqual(['a', 2, false, [3, 5], ['1'], 'here', 'pilot.1', scratch]);
  expect(existsSync(scratch as string)).toBe(false);
  const none = await world.batch(key, [], { isSpread: true });
  expect((none.values.get(0) as unknown[])[0]).toBeUndefined();
  await world.end(key);
  expect(world.output(key, 'stdout')).toContain('a line with { values: 1 }\n');
  expect(world.progress[0]).toEqual([key, 0.5, 'half']);
});

it('brings what calls print, in order, also to who comes late, and bears a flood', async () => {
  await using world = new CallWorld();
  const key = world.run(`
    import { spawnSync } from 'node:child_process';
    export const f = (x) => {
      if (x === 'flood') for (let line = 0; line < 20_000; line++) console.info('line '.repeat(200) + line);
      if (x === 'child') spawnSync('/bin/sh', ['-c', 'echo by a child'], { stdio: 'inherit' });
      console.info('out', x);
      process.stderr.write('err ' + x + '\\n');
      return x;
    };`);
  world.calls.watch(key, 'stdout', true);
  await world.values(key, ['one', 'two']);
  await world.when(() => world.output(key, 'stdout').includes('out two\n'));
  expect(world.output(key, 'stdout')).toBe('out one\nout two\n');
  await world.values(key, ['child']);
  await world.when(() => world.output(key, 'stdout').includes('by a child\n'));
  await world.values(key, ['flood']);
  await world.end(key);
  await world.when(() => world.output(key, 'stdout').endsWith('<end>'));
  expect(/bytes of output were not kept/.test(world.output(key, 'stdout'))).toBe(true);
  expect(world.output(key, 'stdout').endsWith('line 19999\nout flood\n<end>')).toBe(true);
  world.calls.watch(key, 'stderr', true);
  await world.when(() => world.output(key, 'stderr').endsWith('<end>'));
  expect(world.output(key, 'stderr')).toBe('err one\nerr two\nerr child\nerr flood\n<end>');
});

it('brings values of any size and shape, and says which part of a result cannot travel', async () => {
  await using world = new CallWorld();
  const key = world.run(`
    const results = {
      function: () => ({ scores: [1, { deep: function helper() {} }] }),
      symbol: () => Symbol('s'),
      promise: () => new Map([['key', Promise.resolve(1)]]),
      circular: () => { const value = { name: 'me' }; value.self = value; return value; },
    };
    export const f = (x) => (typeof x === 'string' ? results[x]() : x);`);
  const big = new Uint8Array(100 << 20).fill(7);
  const inputs = [
    big.subarray(0, 1 << 20),
    'function',
    'symbol',
    'promise',
    'circular',
    big,
    { n: 5n },
  ];
  const { values, problems } = await world.batch(key, inputs);
  expect(problems.map(({ call, kind, message }) => [call, kind, message])).toEqual([
    [1, 'not-sendable', 'its result.scores[1].deep, the function helper, cannot be sent'],
    [2, 'not-sendable', 'its result, a symbol, cannot be sent'],
    [3, 'not-sendable', "its result.get('key') (#<Promise> could not be cloned) cannot be sent"],
  ]);
  expect(Buffer.compare(values.get(5) as Uint8Array, big)).toBe(0);
  expect((values.get(0) as Uint8Array).length).toBe(1 << 20);
  const circular = values.get(4) as { self: unknown };
  expect(circular.self).toBe(circular);
  expect(values.get(6)).toEqual({ n: 5n });
  const unreadable = world.send(key, [], { data: new Uint8Array([1, 2, 3]), count: 2 });
  expect((await world.outcome(key, unreadable)).problems).toMatchObject([
    { call: 0, kind: 'not-sendable' },
    { call: 1, kind: 'not-sendable' },
  ]);
});

it('brings what was thrown: errors with their stack and causes, other values as they are', async () => {
  await using world = new CallWorld();
  const key = world.run(`
    export const f = (x) => {
      if (x === 'value') throw { code: 7 };
      if (x === 'own') {
        const own = { code: 'E7', details: [1], retry() {}, name: 'Own', get bad() { throw 1; } };
        throw Object.defineProperties(new Error('own'), Object.getOwnPropertyDescriptors(own));
      }
      throw new TypeError('outer', { cause: new Error('inner') });
    };`);
  const { problems } = await world.batch(key, ['value', 'error', 'own']);
  const [value, error, own] = problems;
  expect(value?.kind).toBe('threw');
  expect(decodeValue(value?.thrown as Uint8Array)).toEqual({ code: 7 });
  expect(error).toMatchObject({ kind: 'threw', name: 'TypeError', message: 'outer' });
  expect(error?.stack).toContain('module-1.mjs:8');
  expect(error?.stack).toContain('inner');
  expect(error?.stack).not.toMatch(/node:internal|agent\.mjs/);
  const within = decodeValue(error?.thrown as Uint8Array);
  expect(within).toMatchObject([{}, { cause: { error: { name: 'Error', message: 'inner' } } }]);
  expect(own).toMatchObject({ name: 'Own', message: 'own' });
  const parts = decodeValue(own?.thrown as Uint8Array);
  expect(parts).toEqual({ code: 'E7', details: [1], bad: undefined });
});

it('gives back what was not begun, and ends what is under way when it is told to', async () => {
  await using world = new CallWorld();
  const code = `
    export const f = (x, { signal, progress }) => new Promise((done) => {
      if (x !== 'deaf') signal.addEventListener('abort', () => done('aborted'));
      progress('begun');
    });`;
  const key = world.run(code);
  world.send(key, ['wait'], { batch: 1001 });
  world.send(key, ['wait'], { batch: 1002 });
  await world.when(() => world.progress.length === 1);
  expect(world.calls.drop(key, [1001, 1002, 1003])).toEqual([1002]);
  world.calls.terminate(key);
  expect(await world.whenEnded(key)).toMatchObject({ terminated: true });
  const deaf = world.run(code);
  world.send(deaf, ['deaf']);
  await world.when(() => world.progress.length === 2);
  world.calls.terminate(deaf, 20);
  expect(await world.whenEnded(deaf)).toMatchObject({ terminated: true });
});

it('folds results where they are, over workers that are replaced, and says when they are lost', async () => {
  await using world = new CallWorld();
  const file = world.module(`
    export const f = async (x) => { if (x < 0) process.kill(process.pid, 'SIGKILL'); return x; };
    export const add = (a, b) => a + b;`);
  const key = world.run(file, { recycleAfter: 4, combine: { module: file, export: 'add' } });
  const folded = await world.batch(key, numbers(10));
  expect(folded.values.size).toBe(0);
  expect(folded.problems).toEqual([]);
  world.send(key, [1000, 2000], { kind: 'combine' });
  world.calls.fold(key, 77);
  expect((await world.outcome(key, 77)).values.get(0)).toBe(45 + 3000);
  world.calls.fold(key, 78);
  expect((await world.outcome(key, 78)).results).toMatchObject([{ count: 0, isLast: true }]);
  await world.batch(key, [1]);
  const crashed = await world.batch(key, [-1]);
  expect(crashed.results.at(-1)).toMatchObject({
    isFoldLost: true,
    problems: [{ kind: 'crashed' }],
  });
  await world.batch(key, [5]);
  world.calls.fold(key, 79);
  expect((await world.outcome(key, 79)).values.get(0)).toBe(5);
});

it('says that what was folded is lost where a worker has ended between calls, which none of them has done', async () => {
  await using world = new CallWorld();
  const file = world.module(`
    export const f = (x, { progress }) => { progress(String(process.pid)); return x; };
    export const add = (a, b) => a + b;`);
  const key = world.run(file, { combine: { module: file, export: 'add' } });
  await world.batch(key, [1]);
  await world.when(() => world.progress.length === 1);
  process.kill(Number(world.progress[0]?.[2]), 'SIGKILL');
  const { problems, results } = await world.batch(key, [2]);
  expect(problems).toEqual([]);
  expect(results[0]).toMatchObject({ isFoldLost: true });
  world.calls.fold(key, 77);
  expect((await world.outcome(key, 77)).values.get(0)).toBe(2);
});

it('says of what was folded that it cannot be sent, instead of folding it again and again', async () => {
  await using world = new CallWorld();
  const file = world.module(`
    export const f = (x) => ({ x });
    export const add = (a, b) => ({ ...a, then: [b, () => b] });`);
  const combine = { module: file, export: 'add' };
  const key = world.run(file, { combine });
  await world.batch(key, [1, 2]);
  world.calls.fold(key, 77);
  const { problems } = await world.outcome(key, 77);
  const message = 'what was folded.then[1], the function (anonymous), cannot be sent';
  expect(problems).toMatchObject([{ call: 0, kind: 'not-sendable', message }]);
  const recycled = world.run(file, { combine, recycleAfter: 2 });
  const refused = await world.batch(recycled, [1, 2, 3, 4]);
  expect(refused.problems).toMatchObject([{ call: 2 }, { call: 3, kind: 'not-sendable' }]);
  expect(refused.results.at(-1)).toMatchObject({ isFoldLost: true });
});

it('ends a run that can have no worker, or no other one, and goes on with others', async () => {
  await using world = new CallWorld();
  const code = 'export const f = (x) => x;';
  const key = world.run(code, { recycleAfter: 1 });
  await world.batch(key, [1]);
  const [directory = ''] = readdirSync(world.root).filter((name) => name.startsWith('workers-'));
  const path = join(world.root, directory);
  renameSync(path, `${path}-gone`);
  world.send(key, [2]);
  const thread = world.run(code, { isolation: 'thread' });
  for (const one of [key, thread, world.run(code)]) {
    const { problem, reason } = await world.whenEnded(one);
    expect(problem).toContain('ENOENT');
    expect(FAILURE_REASONS[reason]).toBe('SPAWN_FAILED');
  }
  renameSync(`${path}-gone`, path);
  expect((await world.batch(world.run(code), [3])).values.get(0)).toBe(3);
});

it('does thousands of small batches in order', async () => {
  await using world = new CallWorld();
  const key = world.run('export const f = (x) => x * 2;');
  const batches = numbers(3000).map((n) => world.send(key, [n]));
  await world.outcome(key, batches.at(-1) as number);
  expect(world.results.map(({ data }) => (decodeValue(data) as number[])[0])).toEqual(
    numbers(3000).map((n) => n * 2),
  );
});

it('leaves no process behind when it is closed', async () => {
  const world = new CallWorld({ cores: 4 });
  const waiting = 'export const f = () => new Promise((done) => process.once("SIGTERM", done));';
  world.run(waiting, { isolation: 'thread' });
  const key = world.run(waiting);
  world.send(key, [1]);
  await world.when(() => world.started.size === 2);
  await world[Symbol.asyncDispose]();
  expect(workers()).toBe(0);
  expect(existsSync(world.root)).toBe(false);
});

/** How many processes of workers there are below this one. */
function workers(): number {
  return ProcessTable.read()
    .descendants(process.pid)
    .filter(({ pid, isZombie }) => !isZombie && readCommand(pid).includes('--worker')).length;
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

it.each(['process', 'thread'] as const)(
  'brings each result as it was when its call was over, from a %s',
  async (isolation) => {
    await using world = new CallWorld();
    const key = world.run(
      `const counts = { n: 0, seen: [] };
       const row = new Float32Array(2);
       export const f = (x) => {
         counts.n++;
         counts.seen.push(x);
         return { counts, row: row.fill(x) };
       };`,
      { isolation },
    );
    const { values } = await world.batch(key, [5, 6, 7]);
    expect([...values.values()]).toEqual([
      { counts: { n: 1, seen: [5] }, row: new Float32Array([5, 5]) },
      { counts: { n: 2, seen: [5, 6] }, row: new Float32Array([6, 6]) },
      { counts: { n: 3, seen: [5, 6, 7] }, row: new Float32Array([7, 7]) },
    ]);
  },
);
