import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { LeftFiles } from '../../src/transport/kept-reports.ts';
import { LiveAgent } from './live-agent.ts';
import type { ToyManager } from './toy-manager.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pstar-agent-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const sh = (script: string) => ({ executable: '/bin/sh', arguments: ['-c', script] });

describe('an agent without processes', () => {
  it('runs units, reports them and forgets what is acknowledged', async () => {
    const world = new LiveAgent(root, { executor: 'null' });
    const manager = await world.manager();
    expect(manager.hello).toMatchObject({
      pilot: 'pilot-1',
      node: { cores: 2, launcher: 'null' },
    });
    await manager.until(({ held }) => held);
    expect(manager.held?.units).toHaveLength(0);
    const units = Array.from({ length: 5000 }, (_, i) => i);
    manager.start(units, { executable: '/bin/true' });
    await manager.until(({ ended }) => ended.size === units.length);
    expect(manager.reports.map(({ seq }) => seq)).toEqual(manager.reports.map((_, i) => i + 1));
    await world.stop(manager);
    expect(await world.end).toEqual({ reason: 'ordered', problem: 'the test is over' });
    expect(manager.bye).toBe('ordered');
  });

  it('repeats on the next link what was not acknowledged on the last', async () => {
    const world = new LiveAgent(root, { executor: 'null' });
    const first = await world.manager();
    first.acknowledges = false;
    first.start([1, 2, 3], { executable: '/bin/true' });
    await first.until(({ ended }) => ended.size === 3);
    first.link.destroy();
    const second = await world.manager();
    expect(second.hello?.agent).toBe(first.hello?.agent);
    await second.until(({ ended }) => ended.size === 3);
    expect([...(second.held?.phases ?? [])]).toEqual([2, 2, 2]);
    await world.stop(second);
  });

  it('ends when it is not used', async () => {
    const world = new LiveAgent(root, { executor: 'null', idleTimeoutMs: 20 });
    const manager = await world.manager();
    expect(await world.end).toEqual({ reason: 'idle' });
    expect(manager.bye).toBe('idle');
  });

  it('has its last word on disk where its manager goes before it has heard it', async () => {
    const world = new LiveAgent(root, { executor: 'null' });
    const manager = await world.manager();
    await manager.until(({ held }) => held);
    manager.link.destroy();
    world.agent.evict();
    expect(await world.end).toEqual({ reason: 'signal' });
    expect(manager.bye).toBeUndefined();
    const left = new LeftFiles(join(root, 'kept'));
    expect(await left.bye(manager.hello?.agent ?? '')).toEqual({ reason: 'signal' });
  });

  it('ends when its lease is over', async () => {
    const world = new LiveAgent(root, { executor: 'null', leaseMs: 40 });
    expect(await world.end).toMatchObject({ reason: 'lease' });
  });

  it('ends when it is refused', async () => {
    const world = new LiveAgent(root, { executor: 'null' });
    const { 0: manager } = world.managers;
    manager?.send({ type: 'refuse', protocol: 2, version: '2', problem: 'wrong version' });
    expect(await world.end).toEqual({
      reason: 'failed',
      problem: 'refused by the manager: wrong version',
    });
  });
});

const noTimer = { cancel: () => {} };

describe('an agent with processes', () => {
  let world: LiveAgent;
  let manager: ToyManager;
  beforeEach(async () => {
    world = new LiveAgent(root);
    manager = await world.manager();
  });
  afterEach(() => world.stop(manager));

  it('tells units who they are and what they hold', async () => {
    const write = { ...sh('env > $OUT; pwd >> $OUT'), environment: { OUT: join(root, 'a.txt') } };
    const own = JSON.stringify({ environment: { OUT: join(root, 'b.txt') } });
    manager.start([7, 1008], write, { own: [null, own] });
    await manager.until(({ ended }) => ended.size === 2);
    const [a, b] = await Promise.all(
      ['a.txt', 'b.txt'].map((name) => readFile(join(root, name), 'utf8')),
    );
    expect(a).toMatch(/^PSTAR_UNIT_ID=work\.7$/m);
    expect(a).toMatch(/^PSTAR_ATTEMPT=1$/m);
    expect(a).toMatch(/^PSTAR_PILOT_ID=pilot-1$/m);
    expect(a).toMatch(/^SITE=here$/m);
    expect(a).toMatch(/^OMP_NUM_THREADS=1$/m);
    expect(a).toMatch(/units\/work\/0\/7$/m);
    expect(b).toMatch(/units\/work\/1\/1008$/m);
  });

  it('says what is wrong with a unit that cannot start', async () => {
    manager.start([1], { executable: '/no/such/thing' });
    await manager.until(({ ended }) => ended.has(1));
    expect(manager.ended.get(1)?.problem).toContain('/no/such/thing');
  });

  it('terminates units that are canceled', async () => {
    manager.start([1, 2, 3], sh('sleep 1000'));
    await manager.until(({ started }) => started.size === 2);
    manager.cancel(1, 2, 3);
    await manager.until(({ ended, returned }) => ended.size === 2 && returned.has(3));
    expect(manager.ended.get(1)).toMatchObject({ signal: 15, terminated: 1 });
  });

  it('passes on progress, the last of it before the end', async () => {
    manager.start([1], sh('for i in 1 2 3 4 5; do echo "0.$i step $i" >> $PSTAR_PROGRESS; done'));
    await manager.until(({ ended }) => ended.has(1));
    expect(manager.progress.at(-1)).toBe('1 0.5 step 5');
  });

  it('shows output of units that run, wait, and have just ended', async () => {
    const go = join(root, 'go');
    manager.start(
      [1, 2, 3],
      sh(`echo hello; until [ -e ${go} ]; do sleep 0.01; done; echo bye >&2`),
    );
    for (const unit of [1, 3]) {
      manager.send({ type: 'watch', channel: 1, unit, stream: 'stdout', on: true });
    }
    await manager.until(({ output }) => output.get('1 stdout') === 'hello\n');
    await writeFile(go, '');
    await manager.until(
      ({ ended, outputEnded }) => ended.size === 3 && outputEnded.has('3 stdout'),
    );
    expect(manager.output.get('3 stdout')).toBe('hello\n');
    manager.send({ type: 'watch', channel: 1, unit: 2, stream: 'stderr', on: true });
    await manager.until(({ outputEnded }) => outputEnded.has('2 stderr'));
    expect(manager.output.get('2 stderr')).toBe('bye\n');
  });

  it('hands back what it has not finished when it is evicted', async () => {
    manager.start([1, 2, 3], sh('trap "exit 0" TERM; while :; do sleep 0.01; done'));
    await manager.until(({ started }) => started.size === 2);
    world.agent.evict();
    expect(await world.end).toEqual({ reason: 'signal' });
    expect([...manager.returned.keys()].sort()).toEqual([1, 2, 3]);
    expect(manager.ended.size).toBe(0);
    expect(manager.bye).toBe('signal');
  });

  it('reports what a SIGTERM has ended that was not for itself', async () => {
    manager.start([1], sh('kill -TERM $$'));
    await manager.until(({ ended }) => ended.has(1));
    expect(manager.ended.get(1)).toMatchObject({ signal: 15 });
  });

  it('says nothing more of its units when something is wrong with itself', async () => {
    manager.start([1], sh('sleep 1000'));
    await manager.until(({ started }) => started.size === 1);
    const failed = world.agent.fail(new Error('a defect'));
    manager.start([2], { executable: '/bin/true' });
    await failed;
    expect(await world.end).toEqual({ reason: 'failed', problem: 'a defect' });
    await manager.until(({ bye }) => bye === 'failed');
    expect([...manager.ended.keys(), ...manager.returned.keys()]).toEqual([]);
  });

  it.each([
    ['killed', true],
    ['ended by nobody else', false],
  ])(
    'hands back what its wall time does not suffice for, where it is %s',
    async (_, isKilledAtLimit) => {
      await world.stop(manager);
      const wallTimeLimitMs = 3_600_000;
      const due: { ms: number; call: () => void }[] = [];
      // That it takes its time to start a unit must not count here.
      const clock: Clock = {
        ...systemClock,
        after: (ms, call, options) => {
          if (ms < wallTimeLimitMs / 2) return systemClock.after(ms, call, options);
          due.push({ ms, call });
          return noTimer;
        },
      };
      world = new LiveAgent(root, { wallTimeLimitMs, graceMs: 50, isKilledAtLimit }, { clock });
      manager = await world.manager();
      manager.start([1], sh('sleep 1000'));
      await manager.until(({ started }) => started.has(1));
      const [leaving] = due;
      expect(due).toHaveLength(1);
      const unitsMs = leaving?.ms ?? 0;
      expect(wallTimeLimitMs - unitsMs > 50).toBe(isKilledAtLimit);
      // What it says that it has left is what units have until it leaves.
      const { remainingMs = 0 } = manager.hello ?? {};
      expect(remainingMs).toBeLessThanOrEqual(unitsMs);
      expect(remainingMs).toBeGreaterThan(unitsMs / 2);
      leaving?.call();
      expect(await world.end).toEqual({ reason: 'time-limit' });
      expect([...manager.returned]).toEqual([[1, 'evicted']]);
    },
  );
});

describe('an agent whose reports that may wait are never due', () => {
  const impatient: Clock = {
    ...systemClock,
    after: (ms, call, options) => (ms < 5_000 ? noTimer : systemClock.after(ms, call, options)),
  };

  let world: LiveAgent;
  let manager: ToyManager;
  beforeEach(async () => {
    world = new LiveAgent(root, {}, { clock: impatient });
    manager = await world.manager();
    // Being welcomed, it says what there is to say: that is over before it is asked for anything.
    await manager.until(({ held }) => held);
  });
  afterEach(() => world.stop(manager));

  it('says of units only that they have ended, though messages come while they run', async () => {
    // After some quick ones the next is started within the tick of its message.
    for (let unit = 1; unit <= 8; unit++) {
      manager.start([unit], { executable: '/bin/true', workingDirectory: '/tmp' });
      manager.send({ type: 'pulse', at: 0 });
      await manager.until(({ ended }) => ended.has(unit));
    }
    expect(manager.started).toEqual(new Set());
    expect(manager.reports).toHaveLength(8);
  });

  it('gathers what it has to say while much waits, and says it at once when little does', async () => {
    const units = Array.from({ length: 60 }, (_, i) => i);
    manager.start(units, { executable: '/bin/true', workingDirectory: '/tmp' });
    await manager.until(({ ended }) => ended.size === units.length);
    // Two cores: until only fifteen wait nothing is said, but for what a message before had asked for.
    const sizes = manager.reports.map(({ ended }) => ended?.units.length ?? 0);
    expect(Math.max(...sizes)).toBeGreaterThan(30);
  });
});
