/** Commands and files that are another machine's: what is here is touched by nobody. */
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentLaunch, Clock, ConnectContext, ResourceManager } from '@pstar/core/adaptor';
import { silentLog, systemClock } from '@pstar/core/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { slurmAdaptor } from '../src/adaptor.ts';
import { ManualClock } from './support/clock.ts';
import { recorded } from './support/fixtures.ts';
import { launchOf, parsed } from './support/launches.ts';
import { filesBelow, ScriptedRunner } from './support/runner.ts';

/** What a session there has. */
const ENVIRONMENT = [
  'PSTAR_SLURM_SBATCH_OPTIONS=--constraint=there',
  'SBATCH_TIMELIMIT=1',
  'SLURM_JOB_ID=3',
  'SQUEUE_STATES=PD',
];

let place: string;
let runner: ScriptedRunner;
let nodes: string;
let refusal: string | undefined;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'pstar-elsewhere-'));
  // The same names, so that what is written in the wrong place can be written.
  for (const side of ['', '/there'])
    await mkdir(`${place}${side}${place}/pilots`, { recursive: true });
  await mkdir(`${place}/pilots`);
  await mkdir(`${place}/kept`);
  nodes = recorded('scontrol-nodes.txt');
  refusal = undefined;
  runner = new ScriptedRunner(answer, filesBelow(`${place}/there`));
  vi.stubEnv('PSTAR_SLURM_SBATCH_OPTIONS', '--constraint=here');
  vi.stubEnv('SLURM_STEP_ID', '4');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  expect(await readdir(`${place}/pilots`)).toEqual([]);
  await rm(place, { recursive: true });
});

function answer(command: string) {
  if (command === 'env -0') return ENVIRONMENT.join('\0');
  if (command.includes('uname')) return 'login\n';
  if (command.includes('show config')) return recorded('scontrol-config.txt');
  if (command.includes('show partition')) return recorded('scontrol-partitions.txt');
  if (command.includes('show node')) return nodes;
  if (command.includes('sbatch')) return refusal === undefined ? '17\n' : { stderr: refusal };
  return '';
}

const connect = (
  rm = 'slurm+far://me@login/',
  clock: Clock = systemClock,
): Promise<ResourceManager> =>
  slurmAdaptor.connect(new URL(rm), {
    runner,
    directory: `${place}/kept`,
    log: silentLog,
    clock,
    manager: { host: '127.0.0.1', port: 1 },
  } satisfies ConnectContext);

/** A launch that was brought there. */
async function placed(name: string, parts: Partial<AgentLaunch> = {}): Promise<AgentLaunch> {
  const launch = launchOf({}, { name, directory: `${place}/pilots/${name}`, ...parts });
  await runner.files.makeDirectory(launch.directory);
  await runner.files.write(launch.settingsFile, '{}');
  return launch;
}

const there = (path = '') => `${place}/there${place}/pilots/${path}`;

/** Lets what is under way come as far as it can. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await new Promise(setImmediate);
}

it('submits with logs and arrays there, and writes nothing of them here', async () => {
  const manager = await connect();
  const launches = await Promise.all(['a', 'b', 'c'].map((name) => placed(name)));
  const ids = await Promise.all(launches.map((launch) => manager.submit(launch)));
  expect(ids).toEqual(['17_0', '17_1', '17_2']);
  expect(await readdir(there())).toEqual(['a', 'a+2', 'b', 'c']);
  expect(await readlink(there('a+2/1.log'))).toBe(launches[1]?.logFile);
  for (const name of ['a', 'b', 'c']) {
    expect((await stat(there(`${name}/agent.log`))).mode & 0o777).toBe(0o600);
  }
  await manager.close();
});

it('tidies up there once pilots are over, also as a later process', async () => {
  const manager = await connect();
  const launches = await Promise.all(['a', 'b'].map((name) => placed(name)));
  await Promise.all(launches.map((launch) => manager.submit(launch)));
  await runner.files.remove(launches[0]?.directory as string);
  const later = await connect();
  expect(await readdir(there())).toEqual(['a+1', 'b']);
  await runner.files.remove(launches[1]?.directory as string);
  await later.close();
  expect(await readdir(there())).toEqual([]);
  expect(await readdir(`${place}/kept/launches`)).toEqual([]);
});

it('leaves nothing there of what was refused', async () => {
  const manager = await connect();
  const launches = await Promise.all(['a', 'b'].map((name) => placed(name)));
  refusal = 'sbatch: error: Batch job submission failed: Invalid partition name specified';
  const said = await Promise.allSettled(launches.map((launch) => manager.submit(launch)));
  expect(said.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await readdir(there())).toEqual(['a', 'b']);
  expect(await readdir(`${place}/kept/launches`)).toEqual([]);
});

it('goes by the environment that commands have there, and not by this program’s', async () => {
  const manager = await connect();
  const launch = await placed('a');
  expect(await manager.render(launch)).toContain('--constraint=there');
  await manager.submit(launch);
  const sbatch = runner.lines.find((line) => line.includes('sbatch'));
  expect(sbatch).toBe('env -u SLURM_JOB_ID sbatch --parsable');
  await manager.find?.('a');
  expect(runner.lines.find((line) => line.includes('squeue'))).toMatch(
    /^env -u SQUEUE_STATES squeue/,
  );
});

it('takes launches of one moment together, however long the way is', async () => {
  const clock = new ManualClock();
  const run = runner.run.bind(runner);
  runner.run = async (command, options) => {
    clock.advance(300);
    return run(command, options);
  };
  const manager = await connect('slurm+far://login/', clock);
  const ids: Promise<string>[] = [];
  for (const name of ['a', 'b']) {
    ids.push(manager.submit(await placed(name)));
    await turns();
    clock.advance(299);
  }
  clock.advance(1);
  expect(await Promise.all(ids)).toEqual(['17_0', '17_1']);
});

it('looks there whether the directory of an error file is', async () => {
  const manager = await connect();
  const lost = `${place}/pilots/no/err`;
  const launch = await placed('a');
  const wants = (error: string) => ({ ...launch, description: { ...launch.description, error } });
  await mkdir(`${place}/pilots/no`);
  await expect(manager.submit(wants(lost))).rejects.toThrow(`no directory ${place}/pilots/no`);
  await rm(`${place}/pilots/no`, { recursive: true });
  await runner.files.makeDirectory(`${place}/pilots/no`);
  expect(await manager.submit(wants(lost))).toBe('17');
});

it('takes a manager on loopback for one of that machine', async () => {
  const manager = await connect();
  const at = (host: string) => placed('a', { manager: { host, port: 1 } });
  nodes = nodes.replaceAll(/NodeAddr=\S+/g, 'NodeAddr=far.cluster');
  await expect(manager.submit(await at('127.0.0.1'))).rejects.toMatchObject({
    code: 'WRONG_STATE',
  });
  expect(await manager.submit(await at('10.0.0.1'))).toBe('17');
  nodes = nodes.replaceAll('far.cluster', 'login');
  expect(await (await connect()).submit(await at('127.0.0.1'))).toBe('17');
});

it('has no path of its own in a URL', async () => {
  await expect(connect('slurm+far://login/short')).rejects.toMatchObject({ code: 'URL_INVALID' });
});

it('does not wait at its end for a machine that is away', async () => {
  const clock = new ManualClock();
  const manager = await connect('slurm+far://login/', clock);
  await manager.submit(await placed('a', { description: parsed({ error: `${place}/err` }) }));
  runner.files.stat = () => new Promise(() => {});
  const closed = manager.close();
  await turns();
  clock.advance(5000);
  await closed;
});

it('has files of this machine for its own memory alone, and for tokens', async () => {
  const sources = new URL('../src/', import.meta.url);
  const names = (await readdir(sources)).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, sources), 'utf8')));
  const own = names.filter((_, i) => /'(node:)?(fs|fs\/promises)'/.test(texts[i] ?? ''));
  expect(own).toEqual(['launch-files.ts', 'rest-token.ts']);
});
