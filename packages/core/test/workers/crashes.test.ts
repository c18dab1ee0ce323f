/** Calls that end their workers: each fails alone, with what happened. */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import { CallWorld } from './call-world.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Does all inputs as the machine of maps would: what was not done is sent again, suspects alone. */
async function mapAll(world: CallWorld, key: number, inputs: readonly number[]) {
  const values = new Map<number, unknown>();
  const failed = new Map<number, string>();
  const todo: number[][] = [[...inputs]];
  for (let part = todo.shift(); part; part = todo.shift()) {
    const outcome = await world.batch(key, part);
    const done = new Set<number>();
    for (const [row, value] of outcome.values) values.set(part[row] as number, value);
    for (const row of outcome.values.keys()) done.add(row);
    const suspects = outcome.problems.filter(({ isSuspect }) => isSuspect);
    for (const { call, kind, isSuspect } of outcome.problems) {
      done.add(call);
      if (!isSuspect) failed.set(part[call] as number, kind);
    }
    for (const { call } of suspects) todo.push([part[call] as number]);
    const rest = part.filter((_, row) => !done.has(row));
    if (rest.length > 0) todo.push(rest);
  }
  return { values, failed };
}

it.each([
  ['process.exit()', 'process.exit(3)', /called process.exit\(3\)/, false],
  ['a signal', "process.kill(process.pid, 'SIGSEGV'); for (;;);", /ended by SIGSEGV/, true],
  ['process.abort()', 'process.abort()', /ended by SIGABRT/, true],
])(
  'fails the call that has ended its worker by %s, and no other',
  async (_, code, says, isMarked) => {
    await using world = new CallWorld();
    const key = world.run(`
    const wait = new Int32Array(new SharedArrayBuffer(4));
    export const f = (x) => { Atomics.wait(wait, 0, 0, 1); if (x === 7) { ${code} } return x; };`);
    const { values, problems } = await world.batch(key, numbers(20));
    expect(problems).toMatchObject([{ index: 7, kind: 'crashed' }]);
    expect(problems[0]?.isSuspect).toBeUndefined();
    expect(problems[0]?.message).toMatch(says);
    // What it had not said before goes with it, and is done again.
    expect([...values.keys()].every((index) => index < 7)).toBe(true);
    if (!isMarked) expect(values.size).toBe(7);
    expect(await world.values(key, [1, 2, 3])).toEqual([1, 2, 3]);
  },
);

it.each([
  ['text', `'DEBUG: this and that\\n'.repeat(20)`, 'DEBUG: this'],
  ['zeros', 'Buffer.alloc(100)', String.raw`\x00\x00`],
  ['ones', 'Buffer.alloc(100, 0xff)', 'ÿÿ'],
])(
  'ends only the worker in which a call has written %s to what is not its own',
  async (_, bytes, shown) => {
    await using world = new CallWorld();
    const key = world.run(`
    import { fstatSync, writeSync } from 'node:fs';
    const isSocket = (fd) => { try { return fstatSync(fd).isSocket(); } catch { return false; } };
    export const f = async (x) => {
      if (x === 1) for (let fd = 3; fd < 60; fd++) if (isSocket(fd)) writeSync(fd, ${bytes});
      if (x === 1) await new Promise((done) => setTimeout(done, 60_000));
      return x;
    };`);
    const { problems } = await world.batch(key, [0, 1, 2]);
    expect(problems).toMatchObject([{ index: 1, kind: 'crashed' }]);
    expect(problems[0]?.message).toContain('its worker was ended, because it sent its agent bytes');
    expect(problems[0]?.message).toContain(shown);
    expect(await world.values(key, [2, 3])).toEqual([2, 3]);
  },
);

it.each([
  'JSON.stringify = () => "x"; JSON.parse = () => "x";',
  'Array.prototype.toJSON = String;',
  'Object.prototype.toJSON = () => 1;',
  'setImmediate = setInterval = () => 0; performance.now = () => 0;',
])('tells of calls as ever after one of them has done: %s', async (code) => {
  await using world = new CallWorld();
  const key = world.run(`
    const wait = new Int32Array(new SharedArrayBuffer(4));
    export const f = (x) => {
      if (x === 1) { ${code} }
      if (x === 2) throw Object.assign(new RangeError('two'), { code: 'E_TWO' });
      Atomics.wait(wait, 0, 0, 100);
      return [x];
    };`);
  const { values, problems } = await world.batch(key, numbers(6));
  expect(problems).toMatchObject([{ index: 2, kind: 'threw', name: 'RangeError', message: 'two' }]);
  expect([...values.values()]).toEqual([[0], [1], [3], [4], [5]]);
  expect(await world.values(key, [9])).toEqual([[9]]);
});

it.each([
  ['throws', `throw new Error('bad')`, 'threw'],
  ['throws later', `return Promise.reject(new Error('bad'))`, 'threw'],
  ['ends its worker', 'process.exit(1)', 'crashed'],
])('names what folds results where that %s, and not what was called', async (_, code, kind) => {
  await using world = new CallWorld();
  const module = world.module(`
    export const f = (x) => { if (x === 'f') throw new Error('f itself'); return x; };
    export const merge = (a, b) => { if (b === 'merge') { ${code}; } return a + b; };`);
  const key = world.run(module, { combine: { module, export: 'merge' } });
  const { problems } = await world.batch(key, ['a', 'f', 'b', 'merge']);
  expect(problems).toMatchObject([
    { index: 1, kind: 'threw', message: 'f itself' },
    { index: 3, kind, task: 'merge' },
  ]);
  expect(problems[0]?.task).toBeUndefined();
});

it('names suspects where calls are too quick to tell apart, and the culprit when they are tried alone', async () => {
  await using world = new CallWorld();
  const key = world.run(`
    export const f = (x) => { if (x === 5000) process.kill(process.pid, 'SIGKILL'); return x; };`);
  await world.batch(key, numbers(5000));
  const { problems } = await world.batch(key, numbers(10_000));
  expect(problems.length).toBeLessThanOrEqual(64);
  expect(problems.map(({ call }) => call)).toContain(5000);
  const { values, failed } = await mapAll(world, key, numbers(10_000));
  expect([...failed]).toEqual([[5000, 'crashed']]);
  expect(values.size).toBe(9_999);
});

it('fails the call under way for an error that a timer or a promise throws', async () => {
  await using world = new CallWorld();
  const key = world.run(`
    import { setTimeout as sleep } from 'node:timers/promises';
    export const f = async (x) => {
      if (x === 1) setTimeout(() => { throw new TypeError('from a timer'); }, 1);
      if (x === 3) Promise.reject(new RangeError('from a promise'));
      await sleep(x === 1 || x === 3 ? 10_000 : 1);
      return x;
    };`);
  const first = await world.batch(key, numbers(3));
  expect(first.problems).toMatchObject([{ index: 1, kind: 'crashed', name: 'TypeError' }]);
  expect(first.problems[0]?.message).toContain('from a timer');
  expect(first.problems[0]?.stack).toContain('module-1.mjs:4');
  expect(first.values.get(0)).toBe(0);
  const second = await world.batch(key, [3]);
  expect(second.problems).toMatchObject([{ index: 0, kind: 'crashed', name: 'RangeError' }]);
});

it('charges nobody with an error between calls', async () => {
  await using world = new CallWorld();
  const key = world.run(`
    let pid = process.pid;
    export const f = (x) => { setImmediate(() => { throw new Error('late'); }); return pid; };`);
  const pids = new Set<unknown>();
  for (let round = 0; round < 4; round++) {
    const { values, problems } = await world.batch(key, [round]);
    expect(problems).toEqual([]);
    pids.add(values.get(0));
    await world.when(() => world.output(key, 'stderr') !== undefined);
  }
  expect(pids.size).toBeGreaterThan(1);
});

it('ends a call at its time limit, whether it waits or computes', async () => {
  await using world = new CallWorld();
  const code = `
    const wait = new Int32Array(new SharedArrayBuffer(4));
    export const f = (x) => {
      if (x === 2) for (;;);
      if (x === 5) return new Promise(() => setInterval(() => {}, 1000));
      Atomics.wait(wait, 0, 0, 1);
      return x;
    };`;
  // So much longer than the other calls that a busy machine does not make them as long.
  const key = world.run(code, { timeLimitMs: 1_000 });
  const { failed, values } = await mapAll(world, key, numbers(8));
  expect(Object.fromEntries(failed)).toEqual({ 2: 'time-limit', 5: 'time-limit' });
  expect(values.size).toBe(6);
  expect(world.results.flatMap(({ problems }) => problems)[0]?.message).toBe(
    'ran into its timeLimit of 1s',
  );
});

it.each([
  ['a full heap', 'const all = []; for (;;) all.push(new Array(10_000).fill(x));'],
  [
    'memory beside the heap',
    'const all = []; for (;;) { all.push(new Uint8Array(4 << 20).fill(1)); wait(); }',
  ],
])('says that a call is out of memory: %s', async (_, code) => {
  await using world = new CallWorld();
  const key = world.run(
    `const cell = new Int32Array(new SharedArrayBuffer(4));
     const wait = () => Atomics.wait(cell, 0, 0, 10);
     export const f = (x) => { if (x === 1) { ${code} } return x; };`,
    { memoryLimit: 192 << 20 },
  );
  const { failed, values } = await mapAll(world, key, numbers(3));
  expect(Object.fromEntries(failed)).toEqual({ 1: 'out-of-memory' });
  expect(values.size).toBe(2);
});

it('has a thousand calls with a failure each in batches of a hundred, and no worker lost', async () => {
  await using world = new CallWorld();
  const key = world.run(
    `export const f = (x) => { if (x % 100 === 42) throw new Error('no ' + x); return process.pid; };`,
  );
  const batches = await Promise.all(
    numbers(10).map((n) =>
      world.batch(
        key,
        numbers(100).map((row) => n * 100 + row),
        { first: n * 100 },
      ),
    ),
  );
  expect(
    batches.flatMap(({ problems }) => problems.map(({ index, message }) => [index, message])),
  ).toEqual(numbers(10).map((n) => [n * 100 + 42, `no ${n * 100 + 42}`]));
  expect(new Set(batches.flatMap(({ values }) => [...values.values()])).size).toBe(1);
});

it('refuses all calls when the module or its init fails, and says which and why', async () => {
  await using world = new CallWorld();
  const broken = world.run(
    `export const init = () => { throw new Error('no model'); }; export const f = (x) => x;`,
  );
  expect((await world.batch(broken, [1, 2])).problems).toMatchObject([
    { call: 0, kind: 'init', message: 'no model' },
    { call: 1, kind: 'init', message: 'no model' },
  ]);
  const missing = world.run(`import 'nowhere-to-be-found'; export const f = (x) => x;`);
  const { problems } = await world.batch(missing, [1]);
  expect(problems).toMatchObject([{ kind: 'module' }]);
  expect(problems[0]?.message).toContain('nowhere-to-be-found');
  const leaving = world.run('export const f = (x) => x; process.reallyExit(9);');
  expect((await world.batch(leaving, [1])).problems).toMatchObject([{ kind: 'init' }]);
  expect(await world.end(broken)).toMatchObject({ exitCode: 0, terminated: false });
});

it.each([
  ['an init that waits', 'process', 'export const init = () => new Promise(() => {});'],
  ['an init that computes', 'thread', 'export const init = () => { for (;;); };'],
  ['a module that waits', 'process', 'setInterval(() => {}, 1_000); await new Promise(() => {});'],
] as const)('fails the calls of %s for longer than it may', async (_, isolation, code) => {
  await using world = new CallWorld();
  const key = world.run(`export const f = (x) => x; ${code}`, {
    isolation,
    // Of calls alone.
    timeLimitMs: 20,
    initTimeLimitMs: 1_000,
  });
  const message = 'init, or the loading of its module, ran into its initTimeLimit of 1s';
  expect((await world.batch(key, [1, 2])).problems).toMatchObject([
    { call: 0, kind: 'init', message },
    { call: 1, kind: 'init', message },
  ]);
  expect(await world.end(key)).toMatchObject({ exitCode: 0, terminated: false });
});

it('fails only the thread that crashes, and all of them where the process does', async () => {
  await using world = new CallWorld({ cores: 4 });
  const file = world.module(`
    import { setTimeout as sleep } from 'node:timers/promises';
    export const f = async (x) => {
      if (x === 'exit') process.exit(1);
      if (x === 'hang') for (;;);
      if (x === 'heap') { const all = []; for (;;) all.push(new Array(10_000).fill(x)); }
      if (x === 'wait') { console.info('waiting'); await sleep(100_000); }
      return process.pid;
    };`);
  const options = { isolation: 'thread', memoryLimit: 64 << 20 } as const;
  const [a, b] = [world.run(file, options), world.run(file, options)];
  const limited = world.run(file, { ...options, timeLimitMs: 1_000 });
  const [pid] = await world.values(a, ['go']);
  expect(await world.values(b, ['go'])).toEqual([pid]);
  expect((await world.batch(a, ['exit'])).problems).toMatchObject([{ kind: 'crashed' }]);
  expect((await world.batch(limited, ['hang'])).problems).toMatchObject([{ kind: 'time-limit' }]);
  expect(await world.values(limited, ['go'])).toEqual([pid]);
  expect((await world.batch(a, ['heap'])).problems).toMatchObject([{ kind: 'out-of-memory' }]);
  expect(await world.values(a, ['go'])).toEqual([pid]);
  expect(await world.values(b, ['go'])).toEqual([pid]);
  const waiting = world.send(b, ['wait']);
  world.calls.watch(b, 'stdout', true);
  await world.when(() => world.output(b, 'stdout').includes('waiting'));
  process.kill(pid as number, 'SIGKILL');
  expect((await world.outcome(b, waiting)).problems).toMatchObject([{ kind: 'crashed' }]);
  expect(await world.values(a, ['go'])).not.toEqual([pid]);
});

it('finds out which of the threads it was that has ended their process', async () => {
  await using world = new CallWorld({ cores: 4 });
  const file = world.module(`
    import { setTimeout as sleep } from 'node:timers/promises';
    export const f = async (x) => {
      console.info('at it');
      await sleep(x === 'crash' ? 100 : 1_000);
      // Node's own handler of SIGSEGV runs in another thread, so that this one may go on for a while.
      if (x === 'crash') { process.kill(process.pid, 'SIGSEGV'); for (;;); }
      return process.pid;
    };`);
  const keys = numbers(3).map(() => world.run(file, { isolation: 'thread' }));
  const [bad, ...good] = keys as [number, ...number[]];
  for (const key of good) world.calls.watch(key, 'stdout', true);
  const sent = good.map((key) => [key, world.send(key, ['fine', 'fine'])] as const);
  await world.when(() => good.every((key) => world.output(key, 'stdout').includes('at it')));
  const { problems } = await world.batch(bad, ['crash']);
  expect(problems).toMatchObject([{ kind: 'crashed', message: 'its worker was ended by SIGSEGV' }]);
  expect(problems[0]?.isSuspect).toBeUndefined();
  for (const [key, batch] of sent) {
    const outcome = await world.outcome(key, batch);
    expect(outcome.problems).toEqual([]);
    expect(outcome.values.size).toBe(2);
  }
});

it('quotes the standard error of the worker that has ended, and of none before it', async () => {
  await using world = new CallWorld();
  const key = world.run(`
    export const f = (x) => { if (x) console.error(x); process.exit(3); };`);
  const [loud] = (await world.batch(key, ['so it goes'])).problems;
  expect(loud?.stderrTail).toContain('so it goes');
  const [silent] = (await world.batch(key, [''])).problems;
  expect(silent).toMatchObject({ kind: 'crashed' });
  expect(silent?.stderrTail).toBeUndefined();
});

it('starts another worker for one that somebody has killed', async () => {
  await using world = new CallWorld();
  const key = world.run('export const f = () => process.pid;');
  const pids = new Set<unknown>();
  for (let round = 0; round < 5; round++) {
    const [pid] = await world.values(key, [0]);
    pids.add(pid);
    process.kill(pid as number, 'SIGKILL');
    await expect.poll(() => isThere(pid as number)).toBe(false);
  }
  expect(pids.size).toBe(5);
});

it('leaves no worker behind when the agent is killed, whatever they do', async () => {
  const program = fileURLToPath(new URL('programs/killed-agent.ts', import.meta.url));
  const words = ['--conditions=@pstar/source', '--import', 'tsx', program];
  const { stdout, signal } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  expect(signal).toBe('SIGKILL');
  const [root, ...pids] = JSON.parse(stdout) as [string, ...string[]];
  expect(pids).toHaveLength(3);
  await expect.poll(() => pids.filter((pid) => isThere(Number(pid)))).toEqual([]);
  rmSync(root, { recursive: true, force: true });
});

function isThere(pid: number): boolean {
  return readdirSync('/proc').includes(String(pid));
}

it.each(['process', 'fresh', 'thread'] as const)(
  'says of its node that no worker (%s) can be started where the program of its agent was removed',
  async (isolation) => {
    const program = '/no/such/agent.mjs';
    await using world = new CallWorld({ program });
    const key = world.run('export const f = (x) => x;', { isolation });
    const outcome = await world.whenEnded(key);
    const reason = FAILURE_REASONS.indexOf('SPAWN_FAILED');
    expect(outcome).toMatchObject({ reason, isOfNode: true });
    expect(outcome.problem).toContain(`${program}, the agent's own program, is not there any more`);
    expect(outcome).not.toHaveProperty('exitCode');
  },
);
