import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { filter, firstValueFrom } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  type Adaptor,
  type AgentLaunch,
  type ConnectContext,
  defineAdaptor,
  type NativeState,
  type ResourceManager,
} from '../../src/adaptor/adaptor.ts';
import { PilotError } from '../../src/model/errors.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { pilotPolicy } from '../../src/service/agents/pilot-launch.ts';
import { openServiceStore } from '../../src/service/base/service-store.ts';
import type { PilotJobService } from '../../src/service/pilot-job-service.ts';
import { pilotServices } from './pilot-services.ts';

const world = pilotServices();

describe('a resource manager', () => {
  const id = 'pilots-crashed';
  const pilot = 'pilot-1';
  const CANCELED = { why: 'canceled', detail: 'canceled' };

  /** What a crash leaves that came between the intention and the submission. */
  async function crash(more: readonly object[] = []): Promise<void> {
    const options = {
      kind: 'pilots',
      id,
      store: world.store,
      clock: systemClock,
      log: silentLog,
    } as const;
    const left = await openServiceStore(options);
    const policy = pilotPolicy({}, {});
    const plan = { rm: 'fake://', type: 'fake', description: {}, policy };
    left.opened.journal.append([{ type: 'pilot-created', pilot, plan, at: 0 }, ...more]);
    await left.close();
  }
  const accepted = (service: PilotJobService) =>
    firstValueFrom(service.pilotJobs$.pipe(filter(({ length }) => length > 0)));

  /** Does what a test tells it to. */
  class Fake implements Partial<ResourceManager> {
    readonly submitted: AgentLaunch[] = [];
    /** Names of launches by native id. */
    readonly accepted = new Map<string, string>();
    readonly canceled: string[] = [];
    readonly states_ = new Map<string, NativeState>();
    context: ConnectContext | undefined;
    refusal: PilotError | undefined;
    hang = false;
    /** What submit() throws although it has accepted. */
    afterwards: Error | undefined;
    /** What find() throws so many times before it answers. */
    finding: Error[] = [];
    finds = 0;
    pollIntervalMs = 1;

    async submit(launch: AgentLaunch, { signal }: { signal?: AbortSignal } = {}): Promise<string> {
      this.submitted.push(launch);
      if (this.refusal) throw this.refusal;
      if (this.hang) await new Promise((_, reject) => signal?.addEventListener('abort', reject));
      const id = this.accept(launch);
      if (this.afterwards) throw this.afterwards;
      return id;
    }
    accept({ name }: Pick<AgentLaunch, 'name'>): string {
      const id = `${this.accepted.size + 1}`;
      this.accepted.set(id, name);
      this.states_.set(id, { id, state: 'Pending', detail: 'PENDING (Resources)' });
      return id;
    }
    async states(ids: readonly string[]): Promise<NativeState[]> {
      return ids.flatMap((id) => this.states_.get(id) ?? []);
    }
    async find(name: string): Promise<string | undefined> {
      this.finds += 1;
      const problem = this.finding.shift();
      if (problem) throw problem;
      return [...this.accepted].find(([, accepted]) => accepted === name)?.[0];
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
      connect: async (_rm, context) => {
        fake.context = context;
        return fake as ResourceManager;
      },
    });

  it('that refuses has its own sentence heard, and nothing is left', async () => {
    const fake = new Fake();
    fake.refusal = new PilotError('PERMISSION_DENIED', 'sbatch: Invalid account');
    const service = await world.open({ adaptors: [adaptorOf(fake)] });
    await expect(service.create('fake://', {})).rejects.toBe(fake.refusal);
    expect(service.pilotJobs).toEqual([]);
    expect(await readdir(join(world.store, service.id, 'pilots'))).toEqual([]);
  });

  it('that refuses leaves no directory that was made for the pilot, and all others', async () => {
    const fake = new Fake();
    const service = await world.open({ adaptors: [adaptorOf(fake)] });
    const path = (name: string) => join(world.store, 'made', name);
    await service.create('fake://', { workingDirectory: path('shared/kept') });
    fake.refusal = new PilotError('PERMISSION_DENIED', 'sbatch: Invalid account');
    for (const description of [
      { workingDirectory: path('deep/work') },
      { agent: { scratch: path('scratch') } },
      { workingDirectory: path('shared/kept') },
    ]) {
      await expect(service.create('fake://', description)).rejects.toBe(fake.refusal);
    }
    fake.refusal = undefined;
    expect(await readdir(path(''))).toEqual(['shared']);
    expect(await readdir(path('shared'))).toEqual(['kept']);
  });

  it.each([
    ['workingDirectory', (path: string) => ({ workingDirectory: path })],
    ['agent.scratch', (path: string) => ({ agent: { scratch: path } })],
  ])(
    'is not asked where %s cannot be made, which is not the store’s fault',
    async (subject, of) => {
      const service = await world.open({ adaptors: [adaptorOf(new Fake())] });
      const created = service.create('fake://', of('/proc/x'));
      await expect(created).rejects.toMatchObject({ code: 'DESCRIPTION_INVALID', subject });
    },
  );

  it('that refuses one of two leaves the other its directory', async () => {
    const fake = new Fake();
    const service = await world.open({ adaptors: [adaptorOf(fake)] });
    const workingDirectory = join(world.store, 'made');
    const submit = fake.submit.bind(fake);
    let other: Promise<unknown> | undefined;
    fake.submit = async (launch) => {
      if (other !== undefined) return submit(launch);
      other = service.create('fake://', { workingDirectory });
      await other;
      throw new PilotError('PERMISSION_DENIED', 'sbatch: too many');
    };
    await expect(service.create('fake://', { workingDirectory })).rejects.toThrow('too many');
    expect(await readdir(world.store)).toContain('made');
  });

  describe('after a crash between the journal and the submission', () => {
    it('finds what was submitted, and does not submit it twice', async () => {
      await crash();
      const fake = new Fake();
      fake.accept({ name: pilot });
      const service = await world.open({ id, adaptors: [adaptorOf(fake)] });
      expect(await accepted(service)).toMatchObject([{ id: pilot, nativeId: '1' }]);
      expect(fake.submitted).toEqual([]);
    });

    it('submits what was not', async () => {
      await crash();
      const fake = new Fake();
      const service = await world.open({ id, adaptors: [adaptorOf(fake)] });
      expect(await accepted(service)).toMatchObject([{ id: pilot, nativeId: '1' }]);
      expect(fake.submitted).toHaveLength(1);
    });

    it('does not risk to submit twice where nothing can be found', async () => {
      await crash();
      const fake = new Fake();
      Object.defineProperty(fake, 'find', { value: undefined });
      const service = await world.open({ id, adaptors: [adaptorOf(fake)] });
      await service.cancel();
      expect(service.pilotJobs).toEqual([]);
      expect(fake.submitted).toEqual([]);
    });
  });

  it('is given where commands run, and where agents will dial', async () => {
    const fake = new Fake();
    const listen = { host: '127.0.0.1', advertise: 'login.example' };
    const service = await world.open({ adaptors: [adaptorOf(fake)], listen });
    await service.create('fake://', {});
    expect(await fake.context?.runner.run(['echo', 'here'])).toMatchObject({ stdout: 'here\n' });
    const [launch] = fake.submitted;
    const settings = JSON.parse(await readFile(launch?.settingsFile ?? '', 'utf8'));
    expect(launch?.manager).toEqual({ host: 'login.example', port: expect.any(Number) });
    expect(launch?.manager).toEqual(settings.manager);
  });

  it('is given credentials, which nobody sees who prints the pilot', async () => {
    const fake = new Fake();
    const context = { userId: 'me', userPass: 'sesame' };
    const service = await world.open({ adaptors: [adaptorOf(fake)] });
    const pilot = await service.create('fake://', {}, { context });
    expect(fake.context?.security).toEqual(context);
    expect(pilot.context).toEqual(context);
    expect(JSON.parse(JSON.stringify(pilot))).toMatchObject({ id: pilot.id, state: pilot.state });
    expect(JSON.stringify(pilot) + inspect(pilot, { depth: 9 })).not.toContain('sesame');
  });

  describe('that was not heard out', () => {
    const timeout = new PilotError('TIMEOUT', 'sbatch: no answer in 60 s');
    const away = new PilotError('RESOURCE_MANAGER_UNREACHABLE', 'slurmctld is away');

    it.each([timeout, new TypeError('x is not a function'), new PilotError('ABORTED', 'killed')])(
      'may have accepted all the same: %s',
      async (problem) => {
        const fake = new Fake();
        fake.afterwards = problem;
        const service = await world.open({ adaptors: [adaptorOf(fake)] });
        expect((await service.create('fake://', {})).nativeId).toBe('1');
        expect(fake.submitted).toHaveLength(1);
      },
    );

    it('is asked until it answers', async () => {
      const fake = new Fake();
      fake.afterwards = timeout;
      fake.finding = [away];
      const service = await world.open({ adaptors: [adaptorOf(fake)] });
      expect((await service.create('fake://', {})).nativeId).toBe('1');
      expect(fake.finds).toBe(2);
    });

    it('and has nothing, is asked once more before that is believed', async () => {
      const fake = new Fake();
      fake.refusal = timeout;
      const service = await world.open({ adaptors: [adaptorOf(fake)] });
      await expect(service.create('fake://', {})).rejects.toBe(timeout);
      expect(fake.finds).toBe(2);
      expect(service.pilotJobs).toEqual([]);
    });

    it('is not waited for by a refusal', async () => {
      const fake = new Fake();
      fake.refusal = away;
      fake.finding = [away];
      const service = await world.open({ adaptors: [adaptorOf(fake)] });
      await expect(service.create('fake://', {})).rejects.toBe(away);
      expect(fake.finds).toBe(1);
    });

    it('and cannot be asked, has its word taken', async () => {
      const fake = new Fake();
      fake.afterwards = timeout;
      Object.defineProperty(fake, 'find', { value: undefined });
      const service = await world.open({ adaptors: [adaptorOf(fake)] });
      await expect(service.create('fake://', {})).rejects.toBe(timeout);
    });

    it('is asked by the next process when this one is closed meanwhile', async () => {
      const fake = new Fake();
      fake.afterwards = timeout;
      fake.finding = [away];
      const service = await world.open({ adaptors: [adaptorOf(fake)] });
      const created = service.create('fake://', {});
      const rejected = expect(created).rejects.toMatchObject({ code: 'SERVICE_CLOSED' });
      while (fake.finds === 0) await new Promise((resolve) => setImmediate(resolve));
      await service.close();
      await rejected;
      const again = await world.open({ id: service.id, adaptors: [adaptorOf(fake)] });
      const [pilot] = await accepted(again);
      expect(pilot?.nativeId).toBe('1');
      expect(fake.submitted).toHaveLength(1);
    });

    it('has what was given up in the meantime ended', async () => {
      const fake = new Fake();
      fake.afterwards = timeout;
      fake.finding = [away];
      const service = await world.open({ adaptors: [adaptorOf(fake)] });
      const controller = new AbortController();
      const created = service.create('fake://', {}, { signal: controller.signal });
      while (fake.finds === 0) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      await expect(created).rejects.toMatchObject({ code: 'ABORTED' });
      const [pilot] = await accepted(service);
      await pilot?.finished();
      expect([pilot?.state, fake.canceled]).toEqual(['Canceled', ['1']]);
    });
  });

  it('that is down when a service is opened again is waited for', async () => {
    await crash();
    const fake = new Fake();
    fake.accept({ name: 'pilot-1' });
    fake.finding = [new PilotError('RESOURCE_MANAGER_UNREACHABLE', 'slurmctld is away')];
    const service = await world.open({ id: 'pilots-crashed', adaptors: [adaptorOf(fake)] });
    expect(await accepted(service)).toMatchObject([{ id: 'pilot-1', nativeId: '1' }]);
  });

  it('is not given what was canceled before anybody knew of it', async () => {
    await crash([{ type: 'pilot-ending', pilot: 'pilot-1', ending: CANCELED }]);
    const fake = new Fake();
    const service = await world.open({ id: 'pilots-crashed', adaptors: [adaptorOf(fake)] });
    await service.cancel();
    expect(fake.submitted).toEqual([]);
  });

  it('has the options of its URL checked', async () => {
    const service = await world.open({ adaptors: [adaptorOf(new Fake())] });
    await expect(service.create('fake://?partition=a', {})).rejects.toMatchObject({
      code: 'URL_INVALID',
      problem: 'fake:// takes no options, and this has partition',
    });
    const optionsSchema = z.strictObject({ partition: z.string().optional() });
    const adaptor = { ...adaptorOf(new Fake()), optionsSchema };
    const choosy = await world.open({ adaptors: [adaptor] });
    await choosy.create('fake://?partition=a', {});
    await expect(choosy.create('fake://?partitoin=a', {})).rejects.toMatchObject({
      code: 'URL_INVALID',
      problem: expect.stringContaining('partitoin'),
    });
  });

  it('has its words in the detail and in the explanation', async () => {
    const service = await world.open({ adaptors: [adaptorOf(new Fake())] });
    const pilot = await service.create('fake://', { queue: 'long' });
    await firstValueFrom(pilot.stateDetail$.pipe(filter((d) => d === 'fake: PENDING (Resources)')));
    expect(`${pilot.explain()}`).toContain(
      'Pending: fake: PENDING (Resources)\n  waits for fake://',
    );
    expect(await pilot.render()).toMatch(/agent\.mjs .*settings\.json$/);
  });

  it('is asked again until the native job is over', async () => {
    const fake = new Fake();
    const service = await world.open({ adaptors: [adaptorOf(fake)] });
    const pilot = await service.create('fake://', {});
    fake.refusal = new PilotError('RESOURCE_MANAGER_UNREACHABLE', 'slurmctld is away');
    const canceled = pilot.cancel();
    while (fake.canceled.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(pilot.state).toBe('Pending');
    fake.refusal = undefined;
    await canceled;
    expect(pilot.state).toBe('Canceled');
  });

  it.each<[string, string, (service: PilotJobService, call: AbortController) => unknown]>([
    ['the call can be', 'ABORTED', (_, call) => call.abort()],
    ['it is with its service', 'SERVICE_CLOSED', (service) => service.cancel()],
  ])('may take long: %s given up', async (_, code, giveUp) => {
    const fake = new Fake();
    fake.hang = true;
    const service = await world.open({ adaptors: [adaptorOf(fake)] });
    const controller = new AbortController();
    const created = service.create('fake://', {}, { signal: controller.signal });
    while (fake.submitted.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const given = giveUp(service, controller);
    await expect(created).rejects.toMatchObject({ code });
    // Before it is known whether it was accepted.
    expect(service.state).toBe('Open');
    await given;
    expect(service.pilotJobs).toEqual([]);
  });

  it('may take long to connect: that is given up with the service as well', async () => {
    let connected: (manager: ResourceManager) => void = () => {};
    const connect = vi.fn(() => new Promise<ResourceManager>((resolve) => (connected = resolve)));
    const service = await world.open({ adaptors: [{ ...adaptorOf(new Fake()), connect }] });
    const created = service.create('fake://', {});
    while (connect.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const canceled = service.cancel();
    await expect(created).rejects.toMatchObject({ code: 'SERVICE_CLOSED' });
    connected(new Fake() as ResourceManager);
    await canceled;
  });

  it('may take long to have one again: that is given up with the pilot', async () => {
    const fake = new Fake();
    const service = await world.open({ adaptors: [adaptorOf(fake)] });
    const pilot = await service.create('fake://', {});
    fake.hang = true;
    const again = expect(pilot.reinitialize({})).rejects.toMatchObject({
      cause: { type: 'abort' },
    });
    while (fake.submitted.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await pilot.cancel();
    await again;
    expect(pilot.state).toBe('Canceled');
  });
});
