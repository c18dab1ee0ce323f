import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ModuleCache } from '../../src/agent/module-cache.ts';
import type { CallCommand } from '../../src/model/call-command.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import type { AgentCallMessage } from '../../src/protocol/call-messages.ts';
import type { UnitCommand } from '../../src/protocol/messages.ts';
import { decodeValue, encodeValue } from '../../src/runtime/values.ts';
import { stagingError } from '../../src/staging/problems.ts';
import type { Batch, CallEvents, CallExecutor, CallRun } from '../../src/workers/call-run.ts';
import { LiveAgent } from './live-agent.ts';
import type { ToyManager } from './toy-manager.ts';

const CODE = `
export const double = (input) => 2 * input;
export const add = (a, b) => a + b;
export const say = (_, { log }) => log('said');
export const sleep = (ms, { signal }) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms, 'slept');
  signal.addEventListener('abort', () => { clearTimeout(timer); resolve('aborted'); });
});
export const hold = async (file) => {
  const { writeFileSync } = await import('node:fs');
  writeFileSync(file, String(process.pid));
  await new Promise((resolve) => setTimeout(resolve, 100_000));
};
export const crash = () => process.kill(process.pid, 'SIGSEGV');
export const fail = () => { throw new RangeError('no such molecule'); };
`;
const HASH = createHash('sha256').update(CODE).digest('hex');
const PROGRAM = fileURLToPath(new URL('../../dist/agent/agent.mjs', import.meta.url));

let root: string;
let agent: LiveAgent;
let manager: ToyManager;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pstar-calls-'));
});
afterEach(async () => {
  await agent.stop(manager);
  await rm(root, { recursive: true, force: true });
});

function command(name: string, more: Partial<CallCommand> = {}): UnitCommand {
  const call = { module: HASH, export: name, isolation: 'process', isMap: false, ...more } as const;
  return { executable: '', call };
}

function withArgs(...args: unknown[]): string {
  return JSON.stringify({ args: { inline: Buffer.from(encodeValue(args)).toString('base64') } });
}

/** Sends the module, once it was asked for. */
async function provide(code = CODE): Promise<void> {
  const asked = (name: string) => (message: AgentCallMessage) =>
    message.type === 'module-wanted' && message.module === name;
  for (const module of [HASH, `${HASH}.map`]) {
    await manager.until(({ calls }) => calls.some(asked(module)));
    const data = Buffer.from(module === HASH ? code : '{}');
    manager.tell({ type: 'module', module, at: 0, size: data.length, data });
  }
}

function ready(of: ToyManager, unit: number): AgentCallMessage | undefined {
  return of.calls.find((message) => message.type === 'calls-ready' && message.unit === unit);
}

function sendCalls(unit: number, batch: number, inputs: readonly unknown[]): void {
  const data = encodeValue(inputs);
  const what = { kind: 'calls', first: 0, count: inputs.length, round: 1 } as const;
  manager.tell({ type: 'calls', unit, attempt: 1, batch, ...what, at: 0, size: data.length, data });
}

/** Whole results of a batch, as they came. */
function valuesOf(of: ToyManager, batch: number): unknown[] | undefined {
  const found = of.calls.filter((each) => each.type === 'results' && each.batch === batch);
  if (!found.some((each) => each.type === 'results' && each.isLast)) return undefined;
  return found.flatMap((each) => (each.type === 'results' ? (decodeValue(each.data) as []) : []));
}

describe('an agent with workers', () => {
  beforeEach(async () => {
    agent = new LiveAgent(root, {}, { workers: { program: PROGRAM } });
    manager = await agent.manager();
  });

  it('calls functions for units, and reports what they return or why they do not', async () => {
    manager.start([1], command('add'), { own: [withArgs(40, 2)] });
    manager.start([2], command('fail'));
    await provide();
    await manager.until(({ ended }) => ended.size === 2);
    expect(decodeValue(manager.values.get(1) as Uint8Array)).toEqual([42]);
    expect(manager.ended.get(1)).toMatchObject({ reason: 0, exitCode: 0 });
    expect(manager.ended.get(2)?.problem).toBe('RangeError: no such molecule');
    expect(manager.values.get(2)).toMatchObject({ kind: 'threw', name: 'RangeError' });
    // The module is there now.
    manager.start([3], command('crash'));
    await manager.until(({ ended }) => ended.has(3));
    expect(manager.values.get(3)).toMatchObject({ kind: 'crashed' });
    expect(manager.calls).toHaveLength(2);
  });

  it('shows what a call prints to who has asked for it before its module was there', async () => {
    manager.start([1, 2], command('say'));
    const watch = { type: 'watch', channel: 1, stream: 'stdout', on: true } as const;
    for (const unit of [1, 2]) manager.send({ ...watch, unit });
    await manager.until(({ calls }) => calls.length === 2);
    manager.cancel(2);
    await manager.until(({ outputEnded }) => outputEnded.has('2 stdout'));
    await provide();
    await manager.until(({ outputEnded }) => outputEnded.has('1 stdout'));
    expect(manager.output.get('1 stdout')).toBe('said\n');
  });

  it('has the batches of a map done, and repeats on a new link what was not acknowledged', async () => {
    manager.start([1], command('double', { isMap: true }));
    await provide();
    await manager.until((one) => ready(one, 1));
    sendCalls(1, 1, [1, 2, 3]);
    sendCalls(1, 2, [4]);
    await manager.until((one) => valuesOf(one, 1) && valuesOf(one, 2));
    expect(valuesOf(manager, 1)).toEqual([2, 4, 6]);
    manager.tell({ type: 'calls-ack', unit: 1, attempt: 1, batches: Uint32Array.of(1) });
    sendCalls(1, 3, [5]);
    await manager.until((one) => valuesOf(one, 3));
    manager.link.destroy();
    manager = await agent.manager();
    await manager.until((one) => valuesOf(one, 3));
    expect(ready(manager, 1)).toMatchObject({ held: Uint32Array.of(2, 3) });
    expect(valuesOf(manager, 2)).toEqual([8]);
    manager.tell({ type: 'calls-ack', unit: 1, attempt: 1, batches: Uint32Array.of(2, 3) });
    manager.tell({ type: 'calls-over', unit: 1, attempt: 1 });
    await manager.until(({ ended }) => ended.has(1));
    expect(manager.ended.get(1)).toMatchObject({ reason: 0, terminated: 0 });
  });

  it('ends calls that are canceled, and frees their slots', async () => {
    manager.start([1, 2], command('sleep'), { own: [withArgs(100_000), withArgs(100_000)] });
    manager.start([3], command('add'), { own: [withArgs(1, 2)] });
    await provide();
    await manager.until(({ started }) => started.size === 2);
    manager.cancel(1);
    await manager.until(({ ended }) => ended.has(1) && ended.has(3));
    expect(manager.ended.get(1)).toMatchObject({ terminated: 1 });
    expect(manager.values.has(1)).toBe(false);
  });

  it('blames no call for a worker that was ended along with the agent', async () => {
    const file = join(root, 'pid');
    manager.start([1], command('hold'), { own: [withArgs(file)] });
    await provide();
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).not.toBe('');
    const pid = Number(await readFile(file, 'utf8'));
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
    agent.agent.evict();
    expect(await agent.end).toEqual({ reason: 'signal' });
    expect([...manager.returned]).toEqual([[1, 'evicted']]);
    expect(manager.ended.size).toBe(0);
  });
});

/** Workers that do what the test says. */
class FakeWorkers implements CallExecutor {
  readonly runs = new Map<number, CallRun>();
  readonly batches: Batch[] = [];
  readonly #events: CallEvents;

  constructor(events: CallEvents) {
    this.#events = events;
  }

  run(run: CallRun): void {
    this.runs.set(run.key, run);
    queueMicrotask(() => this.#events.started(run.key, 1_000));
  }

  call(key: number, batch: Batch): void {
    this.batches.push(batch);
    const { first, count, data } = batch;
    if (batch.batch === 9) return;
    const result = { batch: batch.batch, first, count, ms: 1, isLast: true, problems: [], data };
    queueMicrotask(() => this.#events.results(key, result));
  }

  drop(): readonly number[] {
    return [];
  }

  fold(): void {}

  finish(key: number): void {
    this.#end(key, false);
  }

  terminate(key: number): void {
    this.#end(key, true);
  }

  watch(): void {}

  knows(): boolean {
    return false;
  }

  async close(): Promise<void> {}

  #end(key: number, terminated: boolean): void {
    const times = { startedAt: 1_000, finishedAt: 2_000, userTime: 0, systemTime: 0, maxRss: 0 };
    const how = terminated ? { signal: 15, reason: 2 } : { exitCode: 0, reason: 0 };
    setImmediate(() => this.#events.ended(key, { ...how, ...times, terminated }));
  }
}

describe('an agent that calls functions', () => {
  let workers: FakeWorkers | undefined;
  beforeEach(async () => {
    workers = undefined;
    const create = ({ events }: { events: CallEvents }): CallExecutor => {
      workers = new FakeWorkers(events);
      return workers;
    };
    agent = new LiveAgent(root, {}, { workers: { create } });
    manager = await agent.manager();
  });

  it('fails units whose module cannot be had, or is another, and says why', async () => {
    manager.start([1], command('add'));
    await provide('export const add = 1;');
    await manager.until(({ ended }) => ended.has(1));
    expect(manager.ended.get(1)?.problem).toContain(`module ${HASH.slice(0, 12)} is another`);
    expect(manager.values.get(1)).toMatchObject({ kind: 'module' });
    expect(workers).toBeUndefined();
  });

  it('has units tried elsewhere where a node has no room for their module', async () => {
    const noRoom = stagingError('no room', { isOfMachine: true });
    const file = vi.spyOn(ModuleCache.prototype, 'file').mockRejectedValueOnce(noRoom);
    onTestFinished(() => file.mockRestore());
    manager.start([1], command('add'));
    await manager.until(({ ended }) => ended.has(1));
    expect(FAILURE_REASONS[manager.ended.get(1)?.reason ?? 0]).toBe('STAGING_INTERRUPTED');
    expect(manager.values.size).toBe(0);
  });

  it('takes back at once what waits for its module', async () => {
    manager.start([1], command('add', { isMap: true }));
    await manager.until(({ calls }) => calls.length === 2);
    manager.cancel(1);
    await manager.until(({ ended }) => ended.has(1));
    expect(manager.ended.get(1)).toMatchObject({ terminated: 1 });
    await provide();
    manager.start([2], command('add'));
    await manager.until(({ ended }) => ended.has(2));
    expect(workers?.runs.size).toBe(1);
  });

  it('asks again for a module that was on its way when the link was lost', async () => {
    manager.start([1], command('add'), { own: [withArgs(1)] });
    await manager.until(({ calls }) => calls.length === 2);
    manager.link.destroy();
    manager = await agent.manager();
    await provide();
    await manager.until(({ ended }) => ended.has(1));
    expect(decodeValue(manager.values.get(1) as Uint8Array)).toEqual([1]);
  });

  it('tells workers what a unit is, holds and may', async () => {
    const more = {
      recycleAfter: 7,
      memoryLimit: 1e9,
      timeLimit: 2,
      initTimeLimit: 60,
      isMap: true,
    };
    const environment = { MODEL: 'small' };
    manager.start([5], { ...command('double', more), environment }, { cores: 2 });
    await provide();
    await manager.until((one) => ready(one, 5));
    const [run] = [...(workers?.runs.values() ?? [])];
    expect(run).toMatchObject({
      ...{ export: 'double', isolation: 'process', isMap: true, environment },
      ...{
        timeLimitMs: 2_000,
        initTimeLimitMs: 60_000,
        recycleAfter: 7,
        memoryLimit: 1e9,
        graceMs: 10_000,
      },
      variables: { PSTAR_UNIT_ID: 'work.5', PSTAR_ATTEMPT: '1', PSTAR_PILOT_ID: 'pilot-1' },
    });
    expect(run?.cores).toHaveLength(2);
    expect(run?.module).toBe(join(root, 'modules', `${HASH}.mjs`));
  });

  it('has a map unit give way to a program, which then gets its slots', async () => {
    manager.start([1], command('double', { isMap: true }), { cores: 2 });
    await provide();
    await manager.until((one) => ready(one, 1));
    sendCalls(1, 1, [1]);
    await manager.until((one) => valuesOf(one, 1));
    manager.start([2], { executable: '/bin/true' });
    await manager.until(({ calls }) => calls.some(({ type }) => type === 'calls-yield'));
    expect(manager.ended.size).toBe(0);
    manager.tell({ type: 'calls-ack', unit: 1, attempt: 1, batches: Uint32Array.of(1) });
    await manager.until(({ ended }) => ended.has(2));
    expect(manager.ended.get(1)).toMatchObject({ reason: 0 });
  });

  it('waits at its end for what was not acknowledged, and hands units back', async () => {
    manager.start([1], command('double', { isMap: true }));
    await provide();
    await manager.until((one) => ready(one, 1));
    sendCalls(1, 1, [1]);
    sendCalls(1, 9, [2]);
    await manager.until((one) => valuesOf(one, 1));
    agent.agent.evict();
    await manager.until(({ calls }) => calls.some(({ type }) => type === 'calls-yield'));
    expect(manager.returned.size).toBe(0);
    manager.tell({ type: 'calls-ack', unit: 1, attempt: 1, batches: Uint32Array.of(1) });
    expect(await agent.end).toEqual({ reason: 'signal' });
    expect([...manager.returned]).toEqual([[1, 'evicted']]);
  });
});
