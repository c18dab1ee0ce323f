/** What is lost behind ssh keeps no program from ending. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cannotIsolate,
  type SshHost,
  type SshHosts,
  startSshHosts,
} from '../clusters/ssh/hosts.ts';
import { reached } from '../integration/fixture.ts';
import { PATIENCE_MS, processesOn, SshWorld } from './fixture.ts';

/** Half a minute without contact comes on top. */
const TIMEOUT_MS = 4 * PATIENCE_MS;

describe.skipIf(await cannotIsolate())('canceling', { timeout: TIMEOUT_MS }, () => {
  let hosts: SshHosts;
  beforeAll(async () => {
    hosts = await startSshHosts({ hosts: [{}, {}] });
  });
  afterAll(() => hosts.stop());

  /** What watches over an agent ends a moment after it. */
  const nothingRunsOn = (host: SshHost) =>
    expect.poll(() => processesOn(host), { timeout: PATIENCE_MS }).toEqual([]);

  /** What the adaptor has written down of launches. */
  async function recordsIn({ store }: SshWorld): Promise<string[]> {
    const files = await readdir(store, { recursive: true });
    return files.filter((file) => /\blaunches\/[^/]*\.json$/.test(file));
  }

  it('a host that is lost is given up, and its pilot is ended when the service is open again', async () => {
    await using world = await SshWorld.open(hosts);
    const lost = await world.createRunning({});
    const [unit] = await world.submitGated(1);
    const other = await world.createRunning({}, ['h2']);
    const [h1, h2] = [hosts.host('h1'), hosts.host('h2')];
    await h1.kill();
    await world.work.cancel();
    expect(unit?.state).toBe('Unknown');
    await expect(world.pilots.cancel()).rejects.toMatchObject({
      code: 'TIMEOUT',
      subject: expect.stringContaining(lost.id),
    });
    expect(other.state).toBe('Canceled');
    await nothingRunsOn(h2);
    expect(await recordsIn(world)).toHaveLength(1);
    await h1.start();
    await world.reopen();
    const again = world.pilots.pilotJobs.find(({ id }) => id === lost.id);
    expect((await again?.finished())?.state).toBe('Canceled');
    await nothingRunsOn(h1);
    await world.pilots.cancel();
    expect(await recordsIn(world)).toEqual([]);
  });

  it('agents that are stopped are set going to end', async () => {
    await using world = await SshWorld.open(hosts);
    const pilot = await world.createRunning({});
    const h1 = hosts.host('h1');
    await h1.run('pkill -STOP -f "^[^ ]*node .*settings.json"');
    await reached(pilot, 'Suspended');
    await pilot.cancel();
    expect(pilot.state).toBe('Canceled');
    await nothingRunsOn(h1);
  });
});
