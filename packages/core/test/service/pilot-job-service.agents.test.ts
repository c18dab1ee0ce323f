import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentSettings } from '../../src/protocol/agent-settings.ts';
import { PROTOCOL_VERSION, PSTAR_VERSION } from '../../src/protocol/version.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { PilotJob } from '../../src/service/base/pilot-job.ts';
import { pilotProvider } from '../../src/service/base/work-client.ts';
import type { PilotJobService } from '../../src/service/pilot-job-service.ts';
import type { Link } from '../../src/transport/link.ts';
import { dialTls } from '../../src/transport/tls-dial.ts';
import { HearingClient, leftOf, pidOf, pilotServices } from './pilot-services.ts';

const world = pilotServices();

describe('an agent', () => {
  it('that is killed fails its pilot, and is gone for work unit services', async () => {
    const service = await world.open();
    const client = new HearingClient();
    service[pilotProvider].attachWork(client);
    const pilot = await service.create('local://', {});
    await client.until('joined');
    process.kill(pidOf(pilot), 'SIGKILL');
    await pilot.finished();
    expect(pilot).toMatchObject({ state: 'Failed', stateDetail: 'local: ended by SIGKILL' });
    await client.until('gone');
    expect(client.heard[0]).toBe('joined true 0');
    expect(client.heard.at(-1)).toBe('gone false lost: local: ended by SIGKILL');
    const late = new HearingClient();
    service[pilotProvider].attachWork(late);
    expect(late.heard).toEqual(['gone false lost: local: ended by SIGKILL']);
  });

  it('of this machine comes by a socket, and again when its service was opened again', async () => {
    const service = await world.open({ id: 'near' });
    const client = new HearingClient();
    service[pilotProvider].attachWork(client);
    const pilot = await service.create('local://', { agent: { heartbeat: '100ms' } });
    await client.until('joined');
    const socket = join(world.store, 'near', 'agents.sock');
    expect(connectionsAt(socket)).toBe(1);
    await service.close();
    await expect.poll(() => connectionsAt(socket)).toBe(0);
    const reopened = await world.open({ id: 'near' });
    const next = new HearingClient();
    reopened[pilotProvider].attachWork(next);
    await next.until('joined');
    expect(connectionsAt(socket)).toBe(1);
    expect(reopened.pilotJobs.map(({ id }) => id)).toEqual([pilot.id]);
  });

  it('is told of no socket where its user has said what it is to call', async () => {
    const service = await world.open({ listen: { advertise: '127.0.0.1' } });
    const client = new HearingClient();
    service[pilotProvider].attachWork(client);
    const pilot = await service.create('local://', {});
    await client.until('joined');
    const file = join(world.directoryOf(service, pilot), 'settings.json');
    const settings = JSON.parse(await readFile(file, 'utf8')) as AgentSettings;
    expect(settings.managerSocket).toBeUndefined();
    expect(connectionsAt(join(world.store, service.id, 'agents.sock'))).toBe(0);
  });

  it('that never reports fails its pilot in time, with its last output', async () => {
    const service = await world.open();
    const agent = { node: await world.fakeNode('exec sleep 1000'), registrationTimeout: '500ms' };
    // There from the start: on a busy machine the time may be over before a program writes its first word.
    const output = join(world.store, 'own.log');
    await writeFile(output, 'no such module\n');
    const pilot = await service.create('local://', { agent, output });
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
    const service = await world.open();
    const agent = { node: await world.fakeNode('echo "cannot find libfoo" >&2; exit 3') };
    const pilot = await service.create('local://', { agent });
    await pilot.finished();
    expect(pilot.stateDetail).toBe(
      'it ended before its agent had registered; local: ended with exit code 3',
    );
    expect(pilot.explain().lastOutput).toBe('cannot find libfoo\n');
  });

  it('of another version fails its pilot, and both are named', async () => {
    const service = await world.open();
    const edit = `sed -i 's/"protocol": ${PROTOCOL_VERSION},/"protocol": 99,/' "$2"`;
    const node = await world.fakeNode(`${edit}; exec ${process.execPath} "$@"`);
    const pilot = await service.create('local://', { agent: { node } });
    await pilot.finished();
    expect(pilot.state).toBe('Failed');
    expect(pilot.explain().lastOutput).toMatch(/protocol 99.*this agent is pstar .*protocol \d/);
  });

  it('ends by itself when it is idle: the pilot is Done', async () => {
    const service = await world.open();
    // From its start on: on a busy machine it takes a while until it is welcome.
    const pilot = await service.create('local://', { idleTimeout: '2s' });
    await pilot.finished();
    expect(pilot).toMatchObject({
      state: 'Done',
      stateDetail: expect.stringContaining('it was idle for its idleTimeout'),
    });
  });

  it('does not seem dead because the program has been busy', async () => {
    const service = await world.open();
    const client = new HearingClient();
    service[pilotProvider].attachWork(client);
    const pilot = await service.create('local://', { agent: { heartbeat: '100ms', lease: '30s' } });
    await client.until('joined');
    const end = performance.now() + 3000;
    while (performance.now() < end);
    await pilot.cancel();
    expect(client.heard.filter((line) => line.startsWith('silent: no sign of life'))).toEqual([]);
    // That its process is over may be known before its goodbye is read.
    expect(client.heard.at(-1)).toMatch(/^gone false (ended|vanished)/);
  });
});

describe('the listener', () => {
  async function settingsOf(service: PilotJobService, pilot: PilotJob): Promise<AgentSettings> {
    const file = join(world.directoryOf(service, pilot), 'settings.json');
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
    const service = await world.open();
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
    const service = await world.open();
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

/** How many connections this machine has to a unix socket, besides who listens at it. */
function connectionsAt(path: string): number {
  const CONNECTED = '03';
  const rows = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return rows.filter((row) => row.endsWith(` ${path}`) && row.split(' ')[5] === CONNECTED).length;
}
