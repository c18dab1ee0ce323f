import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type Adaptor,
  type AgentLaunch,
  defineAdaptor,
  type NativeState,
  type ResourceManager,
} from '../../src/adaptor/adaptor.ts';
import { type Log, silentLog } from '../../src/runtime/log.ts';
import { pilotServices } from './pilot-services.ts';

const world = pilotServices();
const never = () => new Promise<never>(() => {});

/** Answers with what a test says, and keeps the contract otherwise. */
class Unruly implements Partial<ResourceManager> {
  readonly pollIntervalMs = 100;
  readonly launches: AgentLaunch[] = [];
  readonly canceled: string[] = [];
  ids = ['1', '2', '3'];
  async submit(launch: AgentLaunch): Promise<string> {
    this.launches.push(launch);
    return this.ids[this.launches.length - 1] ?? '';
  }
  async states(ids: readonly string[]): Promise<NativeState[]> {
    return ids.map((id) => {
      const state = this.canceled.includes(id) ? 'Canceled' : 'Pending';
      return { id, state, detail: 'as asked' };
    });
  }
  async find(_name: string): Promise<string | undefined> {
    return undefined;
  }
  async cancel(ids: readonly string[]): Promise<void> {
    this.canceled.push(...ids);
  }
  async close(): Promise<void> {}
}

const adaptorOf = (manager: Unruly, connect?: Adaptor['connect']): Adaptor =>
  defineAdaptor({
    scheme: 'unruly',
    attributes: [],
    connect: connect ?? (async () => manager as unknown as ResourceManager),
  });

it('an adaptor that takes its time may have many pilots wait, without a warning of leaks', async () => {
  const warnings: Error[] = [];
  const hear = (warning: Error) => warnings.push(warning);
  process.on('warning', hear);
  onTestFinished(() => void process.off('warning', hear));
  const count = 20;
  const manager = new Unruly();
  manager.submit = async (launch) => {
    manager.launches.push(launch);
    await vi.waitFor(() => expect(manager.launches).toHaveLength(count));
    return launch.name;
  };
  let connect: (manager: ResourceManager) => void = () => {};
  const connecting = new Promise<ResourceManager>((resolve) => {
    connect = resolve;
  });
  const connects = vi.fn(() => connecting);
  const service = await world.open({ adaptors: [adaptorOf(manager, connects)] });
  const creating = Array.from({ length: count }, () => service.create('unruly://', {}));
  await vi.waitFor(() => expect(connects).toHaveBeenCalled());
  connect(manager as unknown as ResourceManager);
  await Promise.all(creating);
  await service.cancel();
  expect(warnings.map(({ message }) => message)).toEqual([]);
});

describe('an adaptor that gives two pilots one native id', () => {
  it('has the second refused by name, and nothing is left of it', async () => {
    const manager = new Unruly();
    manager.ids = ['1', '1', '2'];
    const service = await world.open({ adaptors: [adaptorOf(manager)] });
    const first = await service.create('unruly://', {});
    const workingDirectory = join(world.store, 'made');
    const second = service.create('unruly://', { workingDirectory });
    await expect(second).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      subject: '1',
      message: expect.stringContaining(`the native id 1, which is that of ${first.id}`),
    });
    expect(service.pilotJobs).toEqual([first]);
    expect(await readdir(join(world.store, service.id, 'pilots'))).toEqual([first.id]);
    expect(await readdir(world.store)).not.toContain('made');
    expect((await service.create('unruly://', {})).nativeId).toBe('2');
    await service.cancel();
    expect(new Set(manager.canceled)).toEqual(new Set(['1', '2']));
  });

  it('has one alone accepted where both are answered at once, and where find() gives it', async () => {
    const manager = new Unruly();
    manager.ids = ['1', '1'];
    manager.find = async () => '1';
    const service = await world.open({ adaptors: [adaptorOf(manager)] });
    const both = [service.create('unruly://', {}), service.create('unruly://', {})];
    const created = await Promise.allSettled(both);
    expect(created.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('may give it again once the native job is over, and over another connection', async () => {
    const manager = new Unruly();
    manager.ids = ['1', '1', '1'];
    const service = await world.open({ adaptors: [adaptorOf(manager)] });
    const first = await service.create('unruly://', {});
    await service.create('unruly://elsewhere', {});
    await first.cancel();
    manager.canceled.length = 0;
    expect((await service.create('unruly://', {})).nativeId).toBe('1');
  });
});

describe('an adaptor whose calls never settle', () => {
  /** Times as fast as the world's does the time of a service go by. */
  const SPEED = 20;
  beforeEach(() => {
    const { setTimeout: after, performance: time } = globalThis;
    const faster = (call: () => void, ms = 0) => after(call, ms / SPEED);
    vi.stubGlobal('setTimeout', faster);
    vi.stubGlobal('performance', { now: () => time.now() * SPEED });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  /** How it settles, and after how many seconds. */
  async function settled<T>(promise: Promise<T>) {
    const begin = performance.now();
    const [result] = await Promise.allSettled([promise]);
    return { seconds: (performance.now() - begin) / 1000, ...result };
  }
  const until = (condition: () => boolean) =>
    expect.poll(condition, { timeout: 10_000, interval: 10 }).toBe(true);

  it.each(['states', 'cancel'] as const)(
    'is waited for half a minute when pilots are canceled: %s()',
    async (name) => {
      const manager = new Unruly();
      manager[name] = never;
      const service = await world.open({ adaptors: [adaptorOf(manager)] });
      await settled(service.create('unruly://', {}));
      const outcome = await settled(service.cancel());
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'TIMEOUT', message: expect.stringContaining(`${name}() of the adaptor`) },
      });
      expect(outcome.seconds).toBeLessThan(90);
      expect(service.state).toBe('Closed');
    },
  );

  it('does not keep a service from closing: close()', async () => {
    const manager = new Unruly();
    manager.close = never;
    const service = await world.open({ adaptors: [adaptorOf(manager)] });
    await settled(service.create('unruly://', {}));
    expect(await settled(service.cancel())).toMatchObject({ status: 'fulfilled' });
    expect(service.state).toBe('Canceled');
  });

  it('does not keep a service from closing: connect(), of which the log has a line', async () => {
    const warnings: string[] = [];
    const log: Log = {
      ...silentLog,
      warn: (_: unknown, words?: string) => void warnings.push(`${words}`),
    };
    const adaptor = adaptorOf(new Unruly(), never);
    const service = await world.open({ adaptors: [adaptor], log });
    const created = settled(service.create('unruly://', {}));
    await until(() => warnings.length > 0);
    expect(warnings[0]).toContain('waits for the adaptor to connect');
    const canceled = settled(service.cancel());
    expect(await created).toMatchObject({ reason: { code: 'SERVICE_CLOSED' } });
    expect(await canceled).toMatchObject({ status: 'fulfilled' });
  });

  it('has a connection closed that comes too late', async () => {
    const manager = new Unruly();
    let closed = 0;
    manager.close = async () => {
      closed += 1;
    };
    let connected: (manager: ResourceManager) => void = () => {};
    const connect = () => new Promise<ResourceManager>((resolve) => (connected = resolve));
    const service = await world.open({ adaptors: [adaptorOf(manager, connect)] });
    const created = settled(service.create('unruly://', {}));
    await settled(service.close());
    expect(await created).toMatchObject({ reason: { code: 'SERVICE_CLOSED' } });
    expect(closed).toBe(0);
    connected(manager as unknown as ResourceManager);
    await until(() => closed > 0);
  });

  it('is given up though it heeds no signal: submit(), and what it accepts later is ended', async () => {
    const warnings: string[] = [];
    const log: Log = {
      ...silentLog,
      warn: (_: unknown, words?: string) => void warnings.push(`${words}`),
    };
    const manager = new Unruly();
    let accept: (id: string) => void = () => {};
    manager.submit = () => new Promise((resolve) => (accept = resolve));
    const service = await world.open({ adaptors: [adaptorOf(manager)], log });
    const controller = new AbortController();
    const { signal } = controller;
    const created = settled(service.create('unruly://', {}, { signal }));
    await until(() => warnings.length > 0);
    expect(warnings[0]).toContain('hand it to the resource manager');
    controller.abort();
    expect(await created).toMatchObject({ reason: { code: 'ABORTED' } });
    const pilots = join(world.store, service.id, 'pilots');
    await expect.poll(() => readdir(pilots), { timeout: 10_000 }).toEqual([]);
    accept('9');
    await until(() => manager.canceled.includes('9'));
    expect(await settled(service.cancel())).toMatchObject({ status: 'fulfilled' });
  });

  it('does not keep a service from being canceled: submit()', async () => {
    const manager = new Unruly();
    let asked = false;
    manager.submit = () => {
      asked = true;
      return never();
    };
    const service = await world.open({ adaptors: [adaptorOf(manager)] });
    const created = settled(service.create('unruly://', {}));
    await until(() => asked);
    const outcome = await settled(service.cancel());
    expect(outcome.status).toBe('fulfilled');
    expect(outcome.seconds).toBeLessThan(90);
    expect(await created).toMatchObject({ reason: { code: 'SERVICE_CLOSED' } });
  });
});
