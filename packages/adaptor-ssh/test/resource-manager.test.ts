/** Pilots on several hosts, of which some do not do as they should. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdaptorError, type AgentLaunch } from '@pstar/core/adaptor';
import { silentLog, systemClock } from '@pstar/core/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostSite } from '../src/host/host-site.ts';
import { Hosts } from '../src/hosts.ts';
import { LaunchRecords } from '../src/launch-records.ts';
import { SshResourceManager } from '../src/resource-manager.ts';
import { FakeHost } from './support/fake-host.ts';

const MANAGER = { host: '127.0.0.1', port: 4711 };
/** In place of the agent: ends as its settings say, or stays. */
const AGENT = `
import { readFileSync } from 'node:fs';
const { environment } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
process.stdout.write('agent of ' + process.env.PSTAR_NODE_NAME + '\\n');
const code = environment[process.env.PSTAR_NODE_NAME];
if (code === undefined) setInterval(() => {}, 1e6);
else process.exitCode = Number(code);
`;

let directory: string;
let a: FakeHost;
let b: FakeHost;
let count = 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-rm-'));
  [a, b] = await Promise.all([FakeHost.make('a'), FakeHost.make('b')]);
  await writeFile(join(directory, 'agent.mjs'), AGENT);
});

const opened: SshResourceManager[] = [];

afterEach(async () => {
  for (const host of [a, b]) {
    host.fails = () => false;
    host.become({ state: 'connected' });
  }
  const names = await readdir(join(directory, 'launches')).catch(() => []);
  const records = new LaunchRecords(directory);
  const ids = await Promise.all(names.map((name) => records.read(name.replace('.json', ''))));
  const last = opened.at(-1);
  await last?.cancel(ids.flatMap((record) => (record ? [`${record.name}@`] : [])));
  for (const manager of opened.splice(0)) await manager.close();
  for (const path of [directory, a.home, b.home]) await rm(path, { recursive: true, force: true });
});

/** As a program that has just begun, with what an earlier one has written down. */
function connect(): SshResourceManager {
  const open = async (target: string) =>
    new HostSite({
      host: target === 'a' ? a : b,
      manager: MANAGER,
      clock: systemClock,
      log: silentLog,
    });
  const hosts = new Hosts(open, systemClock);
  const records = new LaunchRecords(directory);
  const manager = new SshResourceManager({
    hosts,
    records,
    targets: ['a', 'b'],
    log: silentLog,
    machineOf: (target) => target,
  });
  opened.push(manager);
  return manager;
}

/** @param codes the exit codes of agents that end, by their hosts */
async function launchOf(codes: Record<string, number> = {}): Promise<AgentLaunch> {
  count += 1;
  const name = `rm${process.pid}-${count}`;
  const own = join(directory, name);
  await mkdir(own);
  const settingsFile = join(own, 'settings.json');
  const settings = { environment: codes, root: own, key: 'a secret' };
  await writeFile(settingsFile, JSON.stringify(settings), { mode: 0o600 });
  const agentFile = join(directory, 'agent.mjs');
  return {
    name,
    command: [process.execPath, agentFile, settingsFile],
    settingsFile,
    agentFile,
    manager: MANAGER,
    directory: own,
    environment: { PSTAR_PILOT_ID: name },
    logFile: join(own, 'agent.log'),
    description: { agent: { node: process.execPath } },
  };
}

const pilotsOf = (host: FakeHost) =>
  readdir(join(host.home, '.cache/pstar/pilots')).catch(() => [] as string[]);

async function until(manager: SshResourceManager, id: string, words: RegExp): Promise<void> {
  const said = async () => {
    const [state] = await manager.states([id]);
    return `${state?.state}: ${state?.detail}`;
  };
  await expect.poll(said, { timeout: 20_000 }).toMatch(words);
}

describe('a pilot on two hosts', () => {
  it('has an agent on each, and when it is over nothing there, and their logs here', async () => {
    const manager = connect();
    const launch = await launchOf({ a: 0, b: 0 });
    const id = await manager.submit(launch);
    expect(id).toBe(`${launch.name}@a,b`);
    await until(manager, id, /^Done: a: ended with exit code 0; b: ended with exit code 0$/);
    expect([...(await pilotsOf(a)), ...(await pilotsOf(b))]).toEqual([]);
    const log = await readFile(launch.logFile, 'utf8');
    expect(log).toContain('agent of a\n');
    expect(log).toContain('agent of b\n');
  });

  it('runs on one of them when the other is over, and says on which', async () => {
    const manager = connect();
    const id = await manager.submit(await launchOf({ b: 75 }));
    await until(manager, id, /^Running: process \d+ on a; b: ended with exit code 75$/);
    const [state] = await manager.states([id]);
    expect(state?.nodes).toEqual(['a']);
    await manager.cancel([id]);
    await until(manager, id, /^Canceled/);
  });

  it('is refused when one of them lacks something, and leaves nothing on the other', async () => {
    const manager = connect();
    await writeFile(join(b.home, 'file'), '');
    b.environment = { XDG_CACHE_HOME: join(b.home, 'file') };
    const launch = await launchOf();
    await expect(manager.submit(launch)).rejects.toThrow(/nothing can be written there.*me@b/);
    expect(await pilotsOf(a)).toEqual([]);
    expect(await manager.find(launch.name)).toBe(undefined);
  });

  it('is given up while what it needs is still being brought to one, and leaves nothing', async () => {
    const manager = connect();
    const launch = await launchOf();
    const hanging = vi.fn(() => new Promise<void>(() => {}));
    b.runner.files.upload = hanging;
    const controller = new AbortController();
    const submitted = manager.submit(launch, { signal: controller.signal });
    await expect.poll(() => hanging.mock.calls.length).toBeGreaterThan(0);
    await expect.poll(() => pilotsOf(a)).toEqual([`${launch.name}.h1`]);
    controller.abort(new Error('enough'));
    await expect(submitted).rejects.toThrow('enough');
    expect(await pilotsOf(a)).toEqual([]);
    expect(await manager.find(launch.name)).toBe(undefined);
  });

  it('is undone by whoever looks for it, when it was not known what came of a start', async () => {
    const launch = await launchOf();
    // It never comes to the start on b.
    b.fails = (script) => {
      if (!script.includes('setsid')) return false;
      b.become({ state: 'closed' });
      return true;
    };
    const lost = b.runner.run;
    Object.assign(b.runner, {
      run: (command: string[], options: { input?: string }) =>
        options.input?.includes('setsid')
          ? Promise.reject(new AdaptorError('CONNECTION_LOST', 'gone'))
          : lost(command, options),
    });
    await expect(connect().submit(launch)).rejects.toThrow('gone');
    expect(await pilotsOf(a)).toEqual([`${launch.name}.h1`]);
    Object.assign(b.runner, { run: lost });
    b.fails = () => false;
    expect(await connect().find(launch.name)).toBe(undefined);
    expect([...(await pilotsOf(a)), ...(await pilotsOf(b))]).toEqual([]);
  });

  it('is found when it had started, although nobody heard so', async () => {
    const launch = await launchOf();
    b.fails = (script) => script.includes('setsid');
    await expect(connect().submit(launch)).rejects.toThrow('it is gone');
    b.fails = () => false;
    const id = await connect().find(launch.name);
    expect(id).toBe(`${launch.name}@a,b`);
    await until(connect(), id ?? '', /^Running: process \d+ on a; process \d+ on b$/);
  });

  it('is no end of it that a host does not answer, and it is said why', async () => {
    const manager = connect();
    const id = await manager.submit(await launchOf());
    const error = new AdaptorError('CONNECTION_LOST', 'timed out');
    b.become({ state: 'reconnecting', error });
    await until(manager, id, /^Running: process \d+ on a; no connection to b: timed out$/);
    await expect(manager.cancel([id])).rejects.toThrow('timed out');
    b.become({ state: 'connected' });
    await manager.cancel([id]);
    await until(manager, id, /^Canceled/);
    expect([...(await pilotsOf(a)), ...(await pilotsOf(b))]).toEqual([]);
  });

  it('has settings that nobody else can read, and a script without secrets', async () => {
    const manager = connect();
    const launch = await launchOf();
    await manager.submit(launch);
    const there = join(a.home, '.cache/pstar/pilots', `${launch.name}.h1`);
    const stats = await Promise.all([
      a.runner.files.stat(there),
      a.runner.files.stat(join(there, 'settings.json')),
    ]);
    expect(stats.map((each) => each?.mode)).toEqual([0o700, 0o600]);
    expect(a.scripts.join()).not.toContain('a secret');
    expect(await manager.render(launch)).toContain('# on a, in ~/.cache/pstar/pilots/');
  });
});
