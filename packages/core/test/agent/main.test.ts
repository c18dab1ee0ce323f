import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentSettings } from '../../src/protocol/agent-settings.ts';
import { PROTOCOL_VERSION } from '../../src/protocol/version.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { randomSecret } from '../../src/runtime/random.ts';
import { type Listener, listenTls } from '../../src/transport/tls-listener.ts';
import { ToyManager } from './toy-manager.ts';

const BUNDLE = fileURLToPath(new URL('../../dist/agent/agent.mjs', import.meta.url));

/** A real agent process and the manager that it dials. */
class World {
  readonly key = randomSecret(32);
  readonly mark = `mark-${randomSecret(8).toString('hex')}`;
  readonly directory: string;
  readonly #managers: ToyManager[] = [];
  listener!: Listener;
  #arrived: ((manager: ToyManager) => void)[] = [];
  child: ChildProcess | undefined;
  exit: Promise<number | string | null> = Promise.resolve(null);
  log = '';

  constructor(directory: string) {
    this.directory = directory;
  }

  async listen(): Promise<void> {
    const keyFor = (identity: string) => (identity === 'pilot-1' ? this.key : undefined);
    this.listener = await listenTls({ keyFor, log: silentLog });
    this.listener.on('link', (link) => {
      const manager = new ToyManager(link);
      const next = this.#arrived.shift();
      if (next) next(manager);
      else this.#managers.push(manager);
    });
  }

  /** A socket that leads to the manager; how many have come by it. */
  async listenPlain(path: string): Promise<{ came: number }> {
    const plain = { came: 0 };
    const server = createServer((socket) => {
      plain.came += 1;
      this.listener.admit(socket, path);
    });
    server.listen(path);
    await once(server, 'listening');
    this.listener.on('link', () => server.close());
    return plain;
  }

  async manager(): Promise<ToyManager> {
    const manager =
      this.#managers.shift() ??
      (await new Promise<ToyManager>((resolve) => this.#arrived.push(resolve)));
    await manager.until(({ hello }) => hello);
    return manager;
  }

  async launch(
    settings: Partial<AgentSettings> = {},
    variables: Record<string, string> = {},
  ): Promise<ChildProcess> {
    const { host, port } = this.listener;
    const file = join(this.directory, 'settings.json');
    const all: AgentSettings = {
      protocol: PROTOCOL_VERSION,
      version: '0',
      pilot: 'pilot-1',
      identity: 'pilot-1',
      key: this.key.toString('base64'),
      manager: { host, port },
      root: this.directory,
      keptDirectory: join(this.directory, 'kept'),
      sharesFiles: true,
      cores: 2,
      leaseMs: 600_000,
      heartbeatMs: 60_000,
      graceMs: 200,
      executor: 'process',
      environment: { MARK: this.mark },
      ...settings,
    };
    await writeFile(file, JSON.stringify(all));
    const child = spawn(process.execPath, [BUNDLE, file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...variables },
    });
    this.child = child;
    child.stderr?.on('data', (chunk) => {
      this.log += chunk;
    });
    this.exit = new Promise((resolve) =>
      child.on('close', (code, signal) => resolve(code ?? signal)),
    );
    return child;
  }

  /** Command lines of living processes that descend from units of this agent. */
  async survivors(): Promise<string[]> {
    const found: string[] = [];
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
      if ((await read('environ')).includes(this.mark)) found.push(await read('cmdline'));
    }
    return found;
  }
}

let world: World;
beforeEach(async () => {
  world = new World(await mkdtemp(join(tmpdir(), 'pstar-main-')));
  await world.listen();
});
afterEach(async () => {
  world.child?.kill('SIGKILL');
  await world.exit;
  await world.listener.close();
  await rm(world.directory, { recursive: true, force: true });
});

/** Ignores SIGTERM, as does what it starts, a part of which hides in a session of its own. */
const STUBBORN = {
  executable: '/bin/sh',
  arguments: ['-c', 'trap "" TERM; setsid sleep 1000 & sleep 1000 & wait; wait'],
};

describe('the agent as a program', () => {
  it('registers, runs units and ends when it is told to', async () => {
    await world.launch();
    const manager = await world.manager();
    expect(manager.hello).toMatchObject({ pilot: 'pilot-1', protocol: PROTOCOL_VERSION });
    manager.welcome();
    manager.start([1, 2, 3], { executable: '/bin/sh', arguments: ['-c', 'exit 3'] });
    await manager.until(({ ended }) => ended.size === 3);
    expect(manager.ended.get(2)).toMatchObject({ exitCode: 3 });
    manager.start([4], { executable: 'sleep', arguments: ['1000'] });
    await manager.until(({ started }) => started.has(4));
    manager.cancel(4);
    await manager.until(({ ended }) => ended.has(4));
    manager.send({ type: 'end', graceMs: 1000, why: 'done' });
    expect(await world.exit).toBe(0);
    expect(manager.bye).toBe('ordered');
    expect(world.log).toBe('');
  });

  it('comes by a socket where there is one, and by the port where it leads nowhere', async () => {
    const managerSocket = join(world.directory, 'manager.sock');
    const plain = await world.listenPlain(managerSocket);
    await world.launch({ managerSocket, heartbeatMs: 100 });
    const first = await world.manager();
    expect(first.link.peer).toBe(managerSocket);
    first.welcome();
    first.link.destroy();
    const second = await world.manager();
    expect(second.link.peer).toContain('127.0.0.1');
    expect(plain.came).toBe(1);
  });

  it('offers what it is told of its node, which its units are not', async () => {
    await world.launch(
      { cores: 2 },
      {
        PSTAR_NODE_NAME: 'n7',
        PSTAR_NODE_CORES: '3',
        PSTAR_NODE_MEMORY: '1048576',
        PSTAR_NODE_GPUS: '1',
      },
    );
    const manager = await world.manager();
    expect(manager.hello?.node).toMatchObject({ host: 'n7', cores: 2, memory: 1048576, gpus: 1 });
    manager.welcome();
    const script = 'env | grep -c ^PSTAR_NODE_';
    manager.start([1], { executable: '/bin/sh', arguments: ['-c', script] });
    await manager.until(({ ended }) => ended.has(1));
    // grep's own word for none.
    expect(manager.ended.get(1)).toMatchObject({ exitCode: 1 });
  });

  it('says what is wrong with what it is told', async () => {
    await world.launch({}, { PSTAR_NODE_CORES: 'four' });
    expect(await world.exit).toBe(70);
    expect(world.log).toContain("PSTAR_NODE_CORES='four' is no whole number from 1 on");
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('leaves no process behind at %s', async (signal) => {
    const child = await world.launch();
    const manager = await world.manager();
    manager.welcome();
    manager.start([1, 2, 3], STUBBORN);
    await manager.until(({ started }) => started.size === 2);
    child.kill(signal);
    expect(await world.exit).toBe(0);
    expect(manager.returned).toEqual(
      new Map([
        [3, 'evicted'],
        [1, 'evicted'],
        [2, 'evicted'],
      ]),
    );
    expect(manager.bye).toBe('signal');
    expect(await world.survivors()).toEqual([]);
  });

  it('goes on at signals by which resource managers warn', async () => {
    const child = await world.launch();
    const manager = await world.manager();
    manager.welcome();
    for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) child.kill(signal);
    manager.start([1], { executable: '/bin/sh', arguments: ['-c', 'exit 3'] });
    await manager.until(({ ended }) => ended.has(1));
    manager.send({ type: 'end', graceMs: 1000, why: 'done' });
    expect(await world.exit).toBe(0);
    // Not even a word of a debugger.
    expect(world.log).toBe('');
  });

  it('ends its units and itself when the manager is gone for good', async () => {
    await world.launch();
    const manager = await world.manager();
    manager.welcome({ leaseMs: 400 });
    manager.start([1], STUBBORN);
    await manager.until(({ started }) => started.size === 1);
    await world.listener.close();
    manager.link.destroy();
    expect(await world.exit).toBe(75);
    expect(world.log).toContain('no manager for');
    expect(await world.survivors()).toEqual([]);
  });

  it('comes back to a manager that listens somewhere else now, with all that it holds', async () => {
    const managerFile = join(world.directory, 'manager.json');
    await world.launch({ managerFile });
    const first = await world.manager();
    first.welcome();
    first.acknowledges = false;
    first.start([1], { executable: 'true' });
    first.start([2], { executable: 'sleep', arguments: ['1000'] });
    await first.until(({ ended, started }) => ended.has(1) && started.has(2));
    const former = world.listener;
    await world.listen();
    const { host, port } = world.listener;
    await writeFile(managerFile, JSON.stringify({ host, port }));
    await former.close();
    first.link.destroy();
    const second = await world.manager();
    second.welcome();
    await second.until(({ held }) => held);
    const { held } = second;
    expect([[...(held?.units ?? [])], [...(held?.phases ?? [])]]).toEqual([
      [2, 1],
      [1, 2],
    ]);
    await second.until(({ ended }) => ended.has(1));
  });

  it('says which versions do not understand each other', async () => {
    await world.launch();
    const manager = await world.manager();
    const problem = 'this manager is pstar 9 (protocol 9), the agent pstar 0 (protocol 1)';
    manager.send({ type: 'refuse', protocol: 9, version: '9', problem });
    expect(await world.exit).toBe(70);
    expect(world.log).toContain(problem);
  });

  it('refuses settings of another protocol', async () => {
    await world.launch({ protocol: 99, version: '9.9.9' });
    expect(await world.exit).toBe(70);
    expect(world.log).toContain('was written by pstar 9.9.9 (protocol 99)');
  });

  it('ends itself, and its units, when it is broken', async () => {
    await world.launch();
    const manager = await world.manager();
    manager.welcome();
    manager.start([1], STUBBORN);
    await manager.until(({ started }) => started.size === 1);
    manager.start([2], { executable: 'true' }, { own: ['this is no JSON'] });
    expect(await world.exit).toBe(70);
    expect(manager.bye).toBe('failed');
    expect(world.log).toContain('JSON');
    expect(await world.survivors()).toEqual([]);
  });
});
