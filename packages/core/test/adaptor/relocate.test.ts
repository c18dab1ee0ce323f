import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentLaunch } from '../../src/adaptor/adaptor.ts';
import { type LaunchSite, relocate } from '../../src/adaptor/relocate.ts';
import {
  type PilotJobDescription,
  parsePilotJobDescription,
} from '../../src/model/pilot-job-description.ts';
import type { AgentSettings } from '../../src/protocol/agent-settings.ts';

let here: string;
beforeEach(async () => {
  here = await mkdtemp(join(tmpdir(), 'pstar-relocate-'));
});
afterEach(() => rm(here, { recursive: true, force: true }));

const SITE: LaunchSite = {
  directory: '/home/me/.cache/pstar/pilots/pilot-1.2',
  agentFile: '/home/me/.cache/pstar/agent-0123.mjs',
  manager: { host: '127.0.0.1', port: 40_001 },
};

/** A launch as a service makes it, and what it becomes there. */
async function moved(own: PilotJobDescription, site: Partial<LaunchSite> = {}) {
  const file = (name: string) => join(here, name);
  const settings: AgentSettings = {
    protocol: 3,
    version: '1.2.3',
    pilot: 'pilot-1',
    identity: 'pilot-1.2',
    key: 'c2VjcmV0',
    manager: { host: '127.0.0.1', port: 9 },
    managerFile: file('manager.json'),
    keptDirectory: file('kept'),
    settingsFile: file('settings.json'),
    root: here,
    sharesFiles: true,
    cores: 3,
    leaseMs: 1,
    heartbeatMs: 1,
    graceMs: 1,
    executor: 'process',
    koffi: '/here/node_modules/koffi',
    environment: { A: 'b' },
  };
  await writeFile(file('settings.json'), JSON.stringify(settings));
  const launch: AgentLaunch = {
    name: 'pilot-1.2',
    command: [process.execPath, '/here/agent.mjs', file('settings.json')],
    settingsFile: file('settings.json'),
    agentFile: '/here/agent.mjs',
    manager: settings.manager,
    directory: here,
    environment: { PSTAR_PILOT_ID: 'pilot-1' },
    logFile: file('agent.log'),
    description: parsePilotJobDescription(own),
  };
  const result = relocate(launch, { ...SITE, ...site });
  return { before: settings, ...result, after: JSON.parse(result.settings) as AgentSettings };
}

describe('a launch for another place', () => {
  it('names nothing of this machine', async () => {
    const { launch, settings } = await moved({ environment: { A: 'b' } });
    expect(settings).not.toContain(here);
    expect(settings).not.toContain('/here/');
    expect(JSON.stringify(launch)).not.toContain(here);
    expect(launch).toMatchObject({
      name: 'pilot-1.2',
      command: ['node', SITE.agentFile, `${SITE.directory}/settings.json`],
      settingsFile: `${SITE.directory}/settings.json`,
      agentFile: SITE.agentFile,
      directory: SITE.directory,
      logFile: `${SITE.directory}/agent.log`,
      manager: SITE.manager,
      environment: { PSTAR_PILOT_ID: 'pilot-1' },
    });
  });

  it('has its agent keep and look for everything there, and otherwise be as it was', async () => {
    const { before, after } = await moved({}, { koffi: '/there/koffi.node' });
    expect(after).toEqual({
      ...before,
      manager: SITE.manager,
      managerFile: `${SITE.directory}/manager.json`,
      keptDirectory: `${SITE.directory}/kept`,
      settingsFile: `${SITE.directory}/settings.json`,
      root: SITE.directory,
      sharesFiles: false,
      koffi: '/there/koffi.node',
    });
  });

  it('does without koffi where the place has none', async () => {
    expect((await moved({})).after.koffi).toBeUndefined();
  });

  it('shows no key', async () => {
    const { launch, before } = await moved({});
    expect(JSON.stringify(launch)).not.toContain(before.key);
  });

  it('takes directories of the description for those that are there', async () => {
    const work = await moved({ workingDirectory: '/data/run' });
    expect(work.after.root).toBe('/data/run');
    expect(work.launch.description.workingDirectory).toBe('/data/run');
    const scratch = await moved({ workingDirectory: '/data/run', agent: { scratch: '/scratch' } });
    expect(scratch.after.root).toBe('/scratch/pilot-1.2');
  });

  it('writes its log there, and where it is to be once it is brought back', async () => {
    const { launch } = await moved({ output: '/here/pilot.log' });
    expect(launch.description.output).toBeUndefined();
    expect(launch.logFile).toBe(`${SITE.directory}/agent.log`);
  });

  it('is refused where something would be lost over there', async () => {
    await expect(moved({ error: 'agent.err' })).rejects.toMatchObject({
      code: 'ATTRIBUTE_UNSUPPORTED',
      subject: 'error',
    });
  });

  it.each([
    [
      'that the place has',
      { agent: { node: '/own/node' } },
      { node: '/there/node' },
      '/there/node',
    ],
    ['that the description names', { agent: { node: '/own/node' } }, {}, '/own/node'],
    ['in the PATH, else', {}, {}, 'node'],
  ])('is started by the Node.js %s', async (_, description, site, node) => {
    expect((await moved(description, site)).launch.command[0]).toBe(node);
  });
});
