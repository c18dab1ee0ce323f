import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Adaptor,
  type AgentLaunch,
  defineAdaptor,
  type NativeState,
  type ResourceManager,
} from '../../src/adaptor/adaptor.ts';
import { processesWith } from '../../src/adaptor/local-process.ts';
import { PilotError } from '../../src/model/errors.ts';
import type { PilotJobDescription } from '../../src/model/pilot-job-description.ts';
import type { PilotJobState } from '../../src/model/pilot-job-state.ts';
import type { AgentSettings } from '../../src/protocol/agent-settings.ts';
import type { HeldUnits } from '../../src/protocol/messages.ts';
import { PROTOCOL_VERSION, PSTAR_VERSION } from '../../src/protocol/version.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { listServices } from '../../src/service/list-services.ts';
import type { PilotJob } from '../../src/service/pilot-job.ts';
import {
  PilotJobService,
  type PilotJobServiceOptions,
} from '../../src/service/pilot-job-service.ts';
import { pilotPolicy } from '../../src/service/pilot-launch.ts';
import { openServiceStore } from '../../src/service/service-store.ts';
import { type AgentPort, pilotProvider, type WorkClient } from '../../src/service/work-client.ts';
import type { Link } from '../../src/transport/link.ts';
import { dialTls } from '../../src/transport/tls-dial.ts';

let store: string;
let services: PilotJobService[];
let children: ChildProcess[];

beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), 'pstar-pilots-'));
  services = [];
  children = [];
});
afterEach(async () => {
  await Promise.all(services.map((service) => service.cancel().catch(() => {})));
  for (const child of children) child.kill('SIGKILL');
  await rm(store, { recursive: true, force: true });
});

async function open(options: Partial<PilotJobServiceOptions> = {}): Promise<PilotJobService> {
  const service = await PilotJobService.open({ store, log: silentLog, signals: false, ...options });
  services.push(service);
  return service;
}
const reaches = (pilot: PilotJob, state: PilotJobState) =>
  firstValueFrom(pilot.state$.pipe(filter((present) => present === state)));
const leftOf = (pilot: { id: string }) => processesWith('PSTAR_LAUNCH', pilot.id);
const directoryOf = (service: PilotJobService, pilot: PilotJob) =>
  join(store, service.id, 'pilots', pilot.id);
const pidOf = (pilot: PilotJob) => Number(pilot.nativeId?.split(':')[0]);

/** Stands in for Node.js on a node, so that a test can come between a launch and its agent. */
async function fakeNode(script: string): Promise<string> {
  const file = join(store, `node-${Math.random()}`);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

/** Hears what a work unit service would. */
class Client implements WorkClient {
  readonly id = 'work-1';
  readonly heard: string[] = [];
  readonly #waiting = new Set<() => void>();

  agentJoined(agent: AgentPort, _held: HeldUnits): void {
    this.#hear(`joined ${agent.connected} ${agent.channelOf(this.id)}`);
  }
  agentMessage(): void {}
  agentSilent(_agent: AgentPort, why: string): void {
    this.#hear(`silent: ${why}`);
  }
  agentGone(agent: AgentPort, how: string, detail: string): void {
    this.#hear(`gone ${agent.connected} ${how}: ${detail}`);
  }
  pilotsChanged(): void {}

  async until(text: string): Promise<void> {
    while (!this.heard.some((line) => line.startsWith(text))) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
  #hear(line: string): void {
    this.heard.push(line);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

describe('create', () => {
  it('settles once the pilot is accepted; it is Running with its first agent', async () => {
    const service = await open();
    const pilot = await service.create('local://', { totalCpuCount: 3 });
    const details = firstValueFrom(pilot.stateDetail$.pipe(toArray()));
    const states = firstValueFrom(pilot.state$.pipe(toArray()));
    expect(pilot.nativeId).toBeDefined();
    expect(pilot).toMatchObject({ type: 'local', description: { totalCpuCount: 3 } });
    expect(service.pilotJobs).toEqual([pilot]);
    await reaches(pilot, 'Running');
    expect(pilot.nodes).toMatchObject([{ cores: 3, pstarVersion: PSTAR_VERSION }]);
    expect(`${pilot.explain()}`).toBe(`Running: local: process ${pidOf(pilot)}`);
    await pilot.cancel();
    expect(await states).toEqual(['Pending', 'Running', 'Canceled']);
    expect((await details).at(-1)).toBe('canceled');
    expect(await lastValueFrom(pilot.state$)).toBe('Canceled');
    expect(leftOf(pilot)).toEqual([]);
  });

  it('keeps the key in a file of its own, for as long as it is of use', async () => {
    const service = await open();
    const pilot = await service.create('local://', {});
    await reaches(pilot, 'Running');
    const file = join(directoryOf(service, pilot), 'settings.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { key } = JSON.parse(await readFile(file, 'utf8')) as AgentSettings;
    const shown = await readFile(`/proc/${pidOf(pilot)}/environ`, 'latin1');
    expect(shown + (await readFile(`/proc/${pidOf(pilot)}/cmdline`, 'latin1'))).not.toContain(key);
    await pilot.cancel();
    await service.close();
    expect(existsSync(file)).toBe(false);
  });

  it('takes local:// when no resource manager is named', async () => {
    const service = await open();
    const pilot = await service.create(undefined, {});
    expect(pilot.rm.href).toBe('local://');
  });

  it.each<[string, PilotJobDescription, object]>([
    ['nobody://', {}, { code: 'ADAPTOR_NOT_FOUND' }],
    ['local', {}, { code: 'NOT_FOUND', hint: expect.stringContaining('local://') }],
    ['local://[', {}, { code: 'URL_INVALID' }],
    ['local://u:secret@localhost', {}, { code: 'URL_INVALID' }],
    ['local://', { queue: 'debug' }, { code: 'ATTRIBUTE_UNSUPPORTED', subject: 'queue' }],
    ['local://', { startTime: 1e9 }, { code: 'ATTRIBUTE_UNSUPPORTED', subject: 'startTime' }],
    ['local://', { totalCpuCnt: 2 } as PilotJobDescription, { code: 'DESCRIPTION_INVALID' }],
  ])('refuses %s %j and leaves nothing behind', async (rm_, description, error) => {
    const service = await open();
    await expect(service.create(rm_, description)).rejects.toMatchObject(error);
    expect(service.pilotJobs).toEqual([]);
    expect(existsSync(join(store, service.id, 'pilots'))).toBe(false);
  });

  it('is refused on a service that is canceled or closed', async () => {
    const canceled = await open();
    await canceled.cancel();
    await canceled.cancel();
    await expect(canceled.create('local://', {})).rejects.toMatchObject({
      code: 'SERVICE_CLOSED',
      problem: 'the service is canceled',
    });
    const closed = await open();
    await closed.close();
    await expect(closed.create('local://', {})).rejects.toMatchObject({ code: 'SERVICE_CLOSED' });
    expect(await lastValueFrom(closed.state$)).toBe('Closed');
  });

  it('removes what a pilot leaves when the description says so', async () => {
    const service = await open();
    const pilot = await service.create('local://', { cleanup: true });
    await reaches(pilot, 'Running');
    const directory = directoryOf(service, pilot);
    expect(existsSync(directory)).toBe(true);
    await service.cancel();
    expect(existsSync(directory)).toBe(false);
  });
});

describe('an agent', () => {
  it('that is killed fails its pilot, and is gone for work unit services', async () => {
    const service = await open();
    const client = new Client();
    service[pilotProvider].attachWork(client);
    const pilot = await service.create('local://', {});
    await client.until('joined');
    process.kill(pidOf(pilot), 'SIGKILL');
    await pilot.finished();
    expect(pilot).toMatchObject({ state: 'Failed', stateDetail: 'local: ended by SIGKILL' });
    await client.until('gone');
    expect(client.heard[0]).toBe('joined true 0');
    expect(client.heard.at(-1)).toBe('gone false lost: local: ended by SIGKILL');
    const late = new Client();
    service[pilotProvider].attachWork(late);
    expect(late.heard).toEqual(['gone false lost: local: ended by SIGKILL']);
  });

  it('that never reports fails its pilot in time, with its last output', async () => {
    const service = await open();
    const node = await fakeNode('echo "no such module"; exec sleep 1000');
    const agent = { node, registrationTimeout: '500ms' };
    const pilot = await service.create('local://', { agent });
    await pilot.finished();
    expect(pilot.state).toBe('Failed');
    expect(pilot.stateDetail).toContain(
      'its agent has not registered within 0.5 s; local: process',
    );
    expect(pilot.explain()).toMatchObject({ lastOutput: 'no such module\n' });
    await service.cancel();
    expect(leftOf(pilot)).toEqual([]);
  });

  it('that ends before it has registered fails its pilot', async () => {
    const service = await open();
    const agent = { node: await fakeNode('echo "cannot find libfoo" >&2; exit 3') };
    const pilot = await service.create('local://', { agent });
    await pilot.finished();
    expect(pilot.stateDetail).toBe(
      'it ended before its agent had registered; local: ended with exit code 3',
    );
    expect(pilot.explain().lastOutput).toBe('cannot find libfoo\n');
  });

  it('of another version fails its pilot, and both are named', async () => {
    const service = await open();
    const edit = `sed -i 's/"protocol": ${PROTOCOL_VERSION},/"protocol": 99,/' "$2"`;
    const node = await fakeNode(`${edit}; exec ${process.execPath} "$@"`);
    const pilot = await service.create('local://', { agent: { node } });
    await pilot.finished();
    expect(pilot.state).toBe('Failed');
    expect(pilot.explain().lastOutput).toMatch(/protocol 99.*this agent is pstar .*protocol 1/);
  });

  it('ends by itself when it is idle: the pilot is Done', async () => {
    const service = await open();
    const pilot = await service.create('local://', { idleTimeout: '100ms' });
    await pilot.finished();
    expect(pilot).toMatchObject({
      state: 'Done',
      stateDetail: expect.stringContaining('it was idle for its idleTimeout'),
    });
  });

  it('does not seem dead because the program has been busy', async () => {
    const service = await open();
    const client = new Client();
    service[pilotProvider].attachWork(client);
    const pilot = await service.create('local://', { agent: { heartbeat: '100ms', lease: '30s' } });
    await client.until('joined');
    const end = performance.now() + 3000;
    while (performance.now() < end);
    await pilot.cancel();
    expect(client.heard.filter((line) => line.startsWith('silent: no sign of life'))).toEqual([]);
    expect(client.heard.at(-1)).toMatch(/^gone false ended/);
  });
});

describe('the listener', () => {
  async function settingsOf(service: PilotJobService, pilot: PilotJob): Promise<AgentSettings> {
    const file = join(directoryOf(service, pilot), 'settings.json');
    return JSON.parse(await readFile(file, 'utf8')) as AgentSettings;
  }
  function dial({ manager, identity, key }: AgentSettings): Promise<Link> {
    const { host, port } = manager;
    const options = { host, port, identity, timeoutMs: 10_000, log: silentLog };
    return dialTls({ ...options, key: Buffer.from(key, 'base64') });
  }
  async function answer(link: Link, hello: object): Promise<object> {
    link.send(hello);
    return new Promise((resolve) => link.once('message', resolve));
  }

  it('turns away who speaks another language, and names both', async () => {
    const service = await open();
    const pilot = await service.create('local://', {});
    const settings = await settingsOf(service, pilot);
    const hello = { type: 'hello', pilot: pilot.id, agent: 'a', node: {} };
    const refusal = await answer(await dial(settings), {
      ...hello,
      protocol: 99,
      version: '9.9.9',
    });
    expect(refusal).toEqual({
      type: 'refuse',
      protocol: PROTOCOL_VERSION,
      version: PSTAR_VERSION,
      problem:
        'the agent is pstar 9.9.9 (protocol 99), ' +
        `its manager ${PSTAR_VERSION} (protocol ${PROTOCOL_VERSION})`,
    });
  });

  it('turns away an agent that is not its pilot’s', async () => {
    const service = await open();
    const pilot = await service.create('local://', {});
    const settings = await settingsOf(service, pilot);
    const version = { protocol: PROTOCOL_VERSION, version: PSTAR_VERSION };
    const hello = { type: 'hello', ...version, pilot: 'pilot-x', agent: 'a', node: {} };
    expect(await answer(await dial(settings), hello)).toMatchObject({
      type: 'refuse',
      problem: 'the key is not that of pilot-x',
    });
    await expect(dial({ ...settings, identity: 'pilot-x' })).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
    });
  });
});

describe('a service', () => {
  it('cancels all of its pilots, and tells of every move in order', async () => {
    const service = await open();
    const moves = firstValueFrom(service.events$.pipe(toArray()));
    const counts = firstValueFrom(service.pilotJobs$.pipe(toArray()));
    const pilots = [await service.create('local://', {}), await service.create('local://', {})];
    await Promise.all(pilots.map((pilot) => reaches(pilot, 'Running')));
    await service.cancel();
    expect(service.state).toBe('Canceled');
    expect((await counts).map(({ length }) => length)).toEqual([0, 1, 2]);
    for (const { id } of pilots) {
      const own = (await moves).filter(({ pilotId }) => pilotId === id);
      expect(own.map(({ from, state }) => `${from} ${state}`)).toEqual([
        'New Pending',
        'Pending Running',
        'Running Canceled',
      ]);
    }
    expect(pilots.flatMap(leftOf)).toEqual([]);
  });

  it('starts a pilot anew under its id', async () => {
    const service = await open();
    const pilot = await service.create('local://', { totalCpuCount: 1 });
    await reaches(pilot, 'Running');
    const before = pilot.nativeId;
    await pilot.reinitialize({ totalCpuCount: 2 });
    expect(pilot.nativeId).not.toBe(before);
    await reaches(pilot, 'Running');
    expect(pilot).toMatchObject({ description: { totalCpuCount: 2 }, nodes: [{ cores: 2 }] });
    await pilot.cancel();
    await expect(pilot.reinitialize({})).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  it('can be closed and opened again: its agents call by themselves', async () => {
    const first = await open();
    const client = new Client();
    first[pilotProvider].attachWork(client);
    const { id } = await first.create('local://', {});
    await client.until('joined');
    await first.close();
    expect(client.heard.at(-1)).toBe('silent: its pilot service is closed');
    const again = await open({ id: first.id });
    const [pilot] = again.pilotJobs as [PilotJob];
    expect(pilot.id).toBe(id);
    await reaches(pilot, 'Running');
    await again.cancel();
    expect(leftOf(pilot)).toEqual([]);
    const last = await open({ id: first.id });
    expect(last.state).toBe('Canceled');
    expect(last.pilotJobs).toMatchObject([{ id, state: 'Canceled' }]);
  });

  it('finds its agents at a new address when the old one is taken', async () => {
    const first = await open();
    const { id } = await first.create('local://', {});
    await reaches(first.pilotJobs[0] as PilotJob, 'Running');
    await first.close();
    const again = await open({ id: first.id, listen: { host: '127.0.0.2' } });
    const pilot = again.pilotJobs.find((each) => each.id === id) as PilotJob;
    await reaches(pilot, 'Running');
  });
});

describe('a program', () => {
  const program = fileURLToPath(new URL('programs/pilots.ts', import.meta.url));

  /** Runs it until its pilot runs. */
  async function start(
    ...more: string[]
  ): Promise<{ child: ChildProcess; service: string; id: string }> {
    const options = ['--import', 'tsx', '--conditions=@pstar/source'];
    const child = spawn(process.execPath, [...options, program, store, ...more], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    const [service = '', id = ''] = String(line).trim().split(' ');
    return { child, service, id };
  }

  it('that is killed loses nothing: its service is opened again by its id', async () => {
    const { child, service: id, id: pilotId } = await start();
    await expect(open({ id })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringContaining(`process ${child.pid}`),
    });
    expect(await listServices(store)).toMatchObject([
      { id, kind: 'pilots', state: 'Open', holder: { pid: child.pid } },
    ]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await listServices(store))[0]).not.toHaveProperty('holder');
    const service = await open({ id });
    const [pilot] = service.pilotJobs as [PilotJob];
    expect(pilot.id).toBe(pilotId);
    await reaches(pilot, 'Running');
    expect(pilot.nodes).toMatchObject([{ cores: 2 }]);
    await service.cancel();
    expect(leftOf(pilot)).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'that gets %s leaves no process',
    async (signal) => {
      const { child, id } = await start('setsid sleep 1000 &');
      expect(leftOf({ id }).length).toBeGreaterThan(1);
      child.kill(signal);
      const [, by] = await once(child, 'exit');
      expect(by).toBe(signal);
      expect(leftOf({ id })).toEqual([]);
    },
  );

  it('that is interrupted twice does not wait', async () => {
    const { child, id } = await start('setsid sleep 1000 &');
    // An agent that is stopped answers nobody.
    const [agent] = leftOf({ id });
    process.kill(agent?.pid as number, 'SIGSTOP');
    child.kill('SIGINT');
    // The first signal is at work once the service is no more to be had.
    const journal = join(
      store,
      (await readdir(store)).find((name) => name.startsWith('pilots')) ?? '',
    );
    await contains(join(journal, 'journal'), 'pilot-ending');
    child.kill('SIGINT');
    const [, by] = await once(child, 'exit');
    expect(by).toBe('SIGINT');
    await vanish({ id });
  });

  async function contains(directory: string, word: string): Promise<void> {
    for (;;) {
      const names = await readdir(directory);
      const texts = await Promise.all(
        names.map((name) => readFile(join(directory, name), 'latin1')),
      );
      if (texts.some((text) => text.includes(word))) return;
    }
  }
  /** Killed processes are gone a moment after the signal. */
  async function vanish(pilot: { id: string }): Promise<void> {
    while (leftOf(pilot).length > 0) await new Promise((resolve) => setImmediate(resolve));
  }
});

describe('a resource manager', () => {
  /** Does what a test tells it to. */
  class Fake implements Partial<ResourceManager> {
    readonly submitted: AgentLaunch[] = [];
    readonly canceled: string[] = [];
    readonly states_ = new Map<string, NativeState>();
    refusal: PilotError | undefined;
    hang = false;
    pollIntervalMs = 1;

    async submit(launch: AgentLaunch, { signal }: { signal?: AbortSignal } = {}): Promise<string> {
      this.submitted.push(launch);
      if (this.refusal) throw this.refusal;
      if (this.hang) await new Promise((_, reject) => signal?.addEventListener('abort', reject));
      const id = `${this.submitted.length}`;
      this.states_.set(id, { id, state: 'Pending', detail: 'PENDING (Resources)' });
      return id;
    }
    async states(ids: readonly string[]): Promise<NativeState[]> {
      return ids.flatMap((id) => this.states_.get(id) ?? []);
    }
    async find(name: string): Promise<string | undefined> {
      const index = this.submitted.findIndex((launch) => launch.name === name);
      return index < 0 ? undefined : `${index + 1}`;
    }
    async cancel(ids: readonly string[]): Promise<void> {
      this.canceled.push(...ids);
      if (this.refusal) throw this.refusal;
      for (const id of ids) this.states_.set(id, { id, state: 'Canceled', detail: 'CANCELLED' });
    }
    async render(launch: AgentLaunch): Promise<string> {
      return launch.command.join(' ');
    }
    async info() {
      return { name: 'fake' };
    }
    async close(): Promise<void> {}
  }
  const adaptorOf = (fake: Fake): Adaptor =>
    defineAdaptor({
      scheme: 'fake',
      attributes: ['queue'],
      connect: async () => fake as ResourceManager,
    });

  it('that refuses has its own sentence heard, and nothing is left', async () => {
    const fake = new Fake();
    fake.refusal = new PilotError('PERMISSION_DENIED', 'sbatch: Invalid account');
    const service = await open({ adaptors: [adaptorOf(fake)] });
    await expect(service.create('fake://', {})).rejects.toBe(fake.refusal);
    expect(service.pilotJobs).toEqual([]);
    expect(await readdir(join(store, service.id, 'pilots'))).toEqual([]);
  });

  describe('after a crash between the journal and the submission', () => {
    const id = 'pilots-crashed';
    const pilot = 'pilot-1';

    /** What such a crash leaves. */
    async function crash(): Promise<void> {
      const options = { kind: 'pilots', id, store, clock: systemClock, log: silentLog } as const;
      const left = await openServiceStore(options);
      const policy = pilotPolicy({}, {});
      const plan = { rm: 'fake://', type: 'fake', description: {}, policy };
      left.opened.journal.append([{ type: 'pilot-created', pilot, plan, at: 0 }]);
      await left.close();
    }
    const accepted = (service: PilotJobService) =>
      firstValueFrom(service.pilotJobs$.pipe(filter(({ length }) => length > 0)));

    it('finds what was submitted, and does not submit it twice', async () => {
      await crash();
      const fake = new Fake();
      await fake.submit({ name: pilot } as AgentLaunch);
      const service = await open({ id, adaptors: [adaptorOf(fake)] });
      expect(await accepted(service)).toMatchObject([{ id: pilot, nativeId: '1' }]);
      expect(fake.submitted).toHaveLength(1);
    });

    it('submits what was not', async () => {
      await crash();
      const fake = new Fake();
      const service = await open({ id, adaptors: [adaptorOf(fake)] });
      expect(await accepted(service)).toMatchObject([{ id: pilot, nativeId: '1' }]);
      expect(fake.submitted).toHaveLength(1);
    });

    it('does not risk to submit twice where nothing can be found', async () => {
      await crash();
      const fake = new Fake();
      Object.defineProperty(fake, 'find', { value: undefined });
      const service = await open({ id, adaptors: [adaptorOf(fake)] });
      await service.cancel();
      expect(service.pilotJobs).toEqual([]);
      expect(fake.submitted).toEqual([]);
    });
  });

  it('has its words in the detail and in the explanation', async () => {
    const service = await open({ adaptors: [adaptorOf(new Fake())] });
    const pilot = await service.create('fake://', { queue: 'long' });
    await firstValueFrom(pilot.stateDetail$.pipe(filter((d) => d === 'fake: PENDING (Resources)')));
    expect(`${pilot.explain()}`).toContain(
      'Pending: fake: PENDING (Resources)\n  waits for fake://',
    );
    expect(await pilot.render()).toMatch(/agent\.mjs .*settings\.json$/);
  });

  it('is asked again until the native job is over', async () => {
    const fake = new Fake();
    const service = await open({ adaptors: [adaptorOf(fake)] });
    const pilot = await service.create('fake://', {});
    fake.refusal = new PilotError('RESOURCE_MANAGER_UNREACHABLE', 'slurmctld is away');
    const canceled = pilot.cancel();
    while (fake.canceled.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(pilot.state).toBe('Pending');
    fake.refusal = undefined;
    await canceled;
    expect(pilot.state).toBe('Canceled');
  });

  it('may take long: the call can be given up', async () => {
    const fake = new Fake();
    fake.hang = true;
    const service = await open({ adaptors: [adaptorOf(fake)] });
    const controller = new AbortController();
    const created = service.create('fake://', {}, { signal: controller.signal });
    while (fake.submitted.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await expect(created).rejects.toMatchObject({ code: 'ABORTED' });
    expect(service.pilotJobs).toEqual([]);
  });
});
