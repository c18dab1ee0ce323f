import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gridEngine } from '../../src/adaptor/dialects/gridengine.ts';
import { launchScript, NOTIFIED, type ScriptParts } from '../../src/adaptor/script.ts';
import { launch } from './support/launches.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "pstar's script "));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function scriptOf(command: string, more: Partial<ScriptParts> = {}): string {
  const parts = launch({}, directory);
  return launchScript({
    launch: { ...parts, command: ['/bin/sh', '-c', command] },
    file: join(directory, 'start.sh'),
    header: ['#$ -N a'],
    errorFile: undefined,
    ownId: '$JOB_ID',
    idFile: undefined,
    nodeLines: gridEngine({}).nodeLines,
    several: false,
    initCommands: [],
    ...more,
  });
}

/** As the leader of a process group of its own, as Grid Engine starts it. */
async function started(script: string, environment = {}): Promise<ChildProcess> {
  const file = join(directory, 'start.sh');
  await writeFile(file, script);
  const env = { PATH: process.env['PATH'], JOB_ID: '17', HOSTNAME: 'n1', ...environment };
  return spawn('/bin/sh', [file], { detached: true, stdio: 'ignore', env });
}

const exitOf = async (child: ChildProcess) => (await once(child, 'exit'))[0];
const read = (name: string) => readFile(join(directory, name), 'utf8');

async function appeared(name: string): Promise<void> {
  const abort = new AbortController();
  const events = watch(directory, { signal: abort.signal });
  if (existsSync(join(directory, name))) return abort.abort();
  for await (const { filename } of events) if (filename === name) break;
}

describe('the script', () => {
  it('becomes the agent, with its exit code, and appends to the log', async () => {
    await writeFile(join(directory, 'agent.log'), 'before\n');
    const child = await started(
      scriptOf(
        'echo "$PSTAR_PILOT_ID $PSTAR_NODE_NAME $PSTAR_NODE_CORES"; pwd; echo e >&2; exit 7',
      ),
      { NSLOTS: '4' },
    );
    expect(await exitOf(child)).toBe(7);
    expect(await read('agent.log')).toBe(`before\npilot-1 n1 4\n${directory}\ne\n`);
  });

  it('leaves the agent the umask that the job has', async () => {
    const before = process.umask(0o027);
    const child = await started(scriptOf('umask', { idFile: join(directory, 'id') }));
    process.umask(before);
    expect(await exitOf(child)).toBe(0);
    expect(await read('agent.log')).toBe('0027\n');
    for (const name of ['agent.log', 'id']) {
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('says its id where it is asked to, and keeps errors apart', async () => {
    const parts = { idFile: join(directory, 'id'), errorFile: join(directory, 'err') };
    expect(await exitOf(await started(scriptOf('echo o; echo e >&2', parts)))).toBe(0);
    // Nobody else reads what agents say.
    expect((await stat(join(directory, 'err'))).mode & 0o777).toBe(0o600);
    expect([await read('id'), await read('agent.log'), await read('err')]).toEqual([
      '17\n',
      'o\n',
      'e\n',
    ]);
  });

  it('makes SIGTERM of the warning that comes before SIGKILL, for the agent alone, and says so', async () => {
    const child = await started(
      scriptOf("trap 'echo heard; exit 0' TERM; : >ready; while :; do sleep 9 & wait $!; done"),
    );
    await appeared('ready');
    // The whole group, as a shepherd does.
    process.kill(-(child.pid as number), 'SIGUSR1');
    process.kill(-(child.pid as number), 'SIGUSR2');
    expect(await exitOf(child)).toBe(NOTIFIED);
    expect(await read('agent.log')).toBe('heard\n');
    process.kill(-(child.pid as number), 'SIGKILL');
  });

  it('starts an agent on each other host of its parallel environment, and waits for them', async () => {
    await writeFile(join(directory, 'hosts'), 'n1 4 all.q@n1 U\nn2 2 all.q@n2 U\nn2 1 b.q@n2 U\n');
    // What qrsh gets is read by a shell over there.
    const qrsh = '#!/bin/sh\nshift 2\nhost=$1\nshift\nHOSTNAME=$host exec /bin/sh -c "$*"\n';
    await writeFile(join(directory, 'qrsh'), qrsh, { mode: 0o755 });
    const child = await started(
      scriptOf('echo "$PSTAR_NODE_NAME $PSTAR_NODE_CORES" >"on-$PSTAR_NODE_NAME"; exit 4', {
        several: true,
      }),
      { PE_HOSTFILE: join(directory, 'hosts'), PATH: `${directory}:${process.env['PATH']}` },
    );
    expect(await exitOf(child)).toBe(4);
    expect([await read('on-n1'), await read('on-n2')]).toEqual(['n1 4\n', 'n2 3\n']);
  });
});
