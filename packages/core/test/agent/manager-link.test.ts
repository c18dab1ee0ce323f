import { beforeEach, describe, expect, it } from 'vitest';
import { ManagerLink } from '../../src/agent/manager-link.ts';
import { PilotError } from '../../src/model/errors.ts';
import type { Hello, ManagerMessage } from '../../src/protocol/messages.ts';
import { PROTOCOL_VERSION } from '../../src/protocol/version.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { Link } from '../../src/transport/link.ts';
import { memoryLinks } from '../../src/transport/memory-link.ts';
import { ManualClock } from './manual-clock.ts';
import { ToyManager } from './toy-manager.ts';

const HEARTBEAT_MS = 1000;

/** The link under test, with the managers that it has reached. */
class World {
  readonly clock = new ManualClock();
  readonly dialled: number[] = [];
  isReachable = true;
  readonly told: string[] = [];
  readonly link: ManagerLink;
  now = 0;
  #arrived: ((manager: ToyManager) => void)[] = [];
  #waiting: ToyManager[] = [];
  #told: (() => void)[] = [];

  constructor() {
    const tell = (what: string): void => {
      this.told.push(what);
      for (const resolve of this.#told.splice(0)) resolve();
    };
    this.link = new ManagerLink({
      dial: () => this.#dial(),
      hello: () => ({ type: 'hello', agent: 'a' }) as Hello,
      remainingMs: () => undefined,
      heartbeatMs: HEARTBEAT_MS,
      clock: this.clock,
      random: () => 0.5,
      log: silentLog,
      events: {
        welcomed: ({ leaseMs }) => tell(`welcomed for ${leaseMs}`),
        message: ({ type }) => tell(type),
        lost: () => tell('lost'),
        refused: (problem) => tell(`refused: ${problem}`),
        drain: () => {},
      },
    });
  }

  /** The manager that the next link leads to. */
  manager(): Promise<ToyManager> {
    const manager = this.#waiting.shift();
    if (manager) return Promise.resolve(manager);
    return new Promise((resolve) => this.#arrived.push(resolve));
  }

  async until(what: string): Promise<void> {
    while (!this.told.includes(what)) {
      await new Promise<void>((resolve) => this.#told.push(resolve));
    }
  }

  tick(ms: number): void {
    this.now += ms;
    this.link.tick(this.now);
  }

  async #dial(): Promise<Link> {
    this.dialled.push(this.clock.monotonic());
    if (!this.isReachable) throw new PilotError('CONNECTION_LOST', 'nobody there');
    const [near, far] = memoryLinks();
    const manager = new ToyManager(far);
    const next = this.#arrived.shift();
    if (next) next(manager);
    else this.#waiting.push(manager);
    return near;
  }
}

describe('the link to the manager', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
    world.link.open();
  });

  async function welcomed(): Promise<ToyManager> {
    const manager = await world.manager();
    manager.welcome({ heartbeatMs: HEARTBEAT_MS, leaseMs: 7 });
    await world.until('attach');
    return manager;
  }

  it('introduces itself first, and passes messages on after the welcome', async () => {
    const manager = await welcomed();
    expect(manager.hello?.agent).toBe('a');
    expect(world.told).toEqual(['welcomed for 7', 'attach']);
    expect(world.link.isConnected).toBe(true);
  });

  it('sends nothing before the welcome', async () => {
    const manager = await world.manager();
    await manager.until(({ hello }) => hello);
    world.link.send({ type: 'bye', reason: 'idle' });
    manager.welcome();
    await world.until('attach');
    world.link.send({ type: 'pulse', at: 1 });
    await manager.until(({ pulses }) => pulses > 0);
    expect(manager.bye).toBeUndefined();
  });

  it('pulses with every heartbeat', async () => {
    const manager = await welcomed();
    for (let i = 0; i < 6; i++) world.tick(HEARTBEAT_MS / 2);
    await manager.until(({ pulses }) => pulses === 3);
  });

  it('drops a silent link and dials anew', async () => {
    await welcomed();
    world.tick(3 * HEARTBEAT_MS);
    expect(world.told).not.toContain('lost');
    world.tick(1);
    expect(world.told).toContain('lost');
    world.clock.advance(100);
    await world.manager();
    expect(world.dialled).toHaveLength(2);
  });

  it('takes any word for a sign of life', async () => {
    const manager = await welcomed();
    world.tick(3 * HEARTBEAT_MS);
    manager.send({ type: 'pulse', at: 1 });
    await world.until('pulse');
    world.tick(3 * HEARTBEAT_MS);
    expect(world.told).not.toContain('lost');
  });

  it('tries again when the manager has gone, ever more slowly, but not too slowly', async () => {
    const manager = await welcomed();
    world.isReachable = false;
    manager.link.destroy();
    await world.until('lost');
    for (let i = 0; i < 10_000; i++) {
      world.clock.advance(10);
      await Promise.resolve();
    }
    const pauses = world.dialled.slice(1).map((at, i) => at - (world.dialled[i] as number));
    expect(pauses.slice(0, 5)).toEqual([100, 200, 400, 800, 1500]);
    expect(Math.max(...pauses)).toBe(1500);
  });

  it('is quick again once it was welcome', async () => {
    for (const _ of [1, 2, 3]) {
      const manager = await welcomed();
      manager.link.destroy();
      await world.until('lost');
      world.told.length = 0;
      world.clock.advance(100);
    }
    expect(world.dialled).toEqual([0, 100, 200, 300]);
  });

  it('does not try again when it is refused', async () => {
    const manager = await world.manager();
    manager.send({ type: 'refuse', protocol: 9, version: '9', problem: 'too old' });
    await world.until('refused: too old');
    await manager.until(({ isClosed }) => isClosed);
    world.clock.advance(60_000);
    expect(world.dialled).toHaveLength(1);
  });

  it('refuses a manager that speaks another language, naming both', async () => {
    const manager = await world.manager();
    const welcome = { type: 'welcome', protocol: 99, version: '9.9.9', heartbeatMs: 1, leaseMs: 1 };
    manager.send(welcome as ManagerMessage);
    await manager.until(({ isClosed }) => isClosed);
    expect(world.told).toEqual([
      `refused: the manager speaks protocol 99 (pstar 9.9.9), this agent ${PROTOCOL_VERSION}`,
    ]);
  });

  it('sends what it was given before it closes', async () => {
    const manager = await welcomed();
    world.link.send({ type: 'bye', reason: 'idle' });
    await world.link.close();
    expect(manager.bye).toBe('idle');
    expect(world.told).not.toContain('lost');
  });
});
