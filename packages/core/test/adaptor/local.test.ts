import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentLaunch, NativeState, ResourceManager } from '../../src/adaptor/adaptor.ts';
import { localCommandRunner } from '../../src/adaptor/command-runner.ts';
import { localAdaptor } from '../../src/adaptor/local.ts';
import {
  liveStat,
  processesWith,
  processesWithAny,
  statOf,
} from '../../src/adaptor/local-process.ts';
import type { ParsedPilotJobDescription } from '../../src/model/pilot-job-description.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';

/** Stands in for an agent: what `local://` has to do with one is that it is a process. */
const AGENT = `
process.on('SIGTERM', () => process.exit(0));
setInterval(() => {}, 1000);
process.stdout.write('ready\\n');
`;

describe('local://', () => {
  /** Of all tests, as the end of one may still be looked after during the next. */
  let launches = 0;
  let directory: string;
  let manager: ResourceManager;
  let ids: string[];

  const connect = (rm = 'local://') =>
    localAdaptor.connect(new URL(rm), {
      log: silentLog,
      clock: systemClock,
      runner: localCommandRunner(),
      manager: { host: '127.0.0.1', port: 9 },
      directory,
    });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pstar-local-'));
    manager = await connect();
    ids = [];
  });
  afterEach(async () => {
    manager.kill?.(ids);
    await manager.close();
    await rm(directory, { recursive: true, force: true });
  });

  function launch(
    command: readonly string[],
    description: ParsedPilotJobDescription = {},
  ): AgentLaunch {
    return {
      name: `pilot-${process.pid}-${launches++}`,
      command,
      settingsFile: join(directory, 'settings.json'),
      agentFile: join(directory, 'agent.mjs'),
      manager: { host: '127.0.0.1', port: 1 },
      directory,
      environment: { PSTAR_PILOT_ID: 'pilot-1' },
      logFile: join(directory, 'agent.log'),
      description,
    };
  }
  async function submit(
    command: readonly string[],
    description?: ParsedPilotJobDescription,
  ): Promise<string> {
    const id = await manager.submit(launch(command, description));
    ids.push(id);
    return id;
  }
  const sh = (script: string) => submit(['/bin/sh', '-c', script]);
  const stateOf = async (id: string) => (await manager.states?.([id]))?.[0];
  /** The end, as it is pushed, or was before anybody listened. */
  const ended = (id: string) =>
    new Promise<NativeState>((resolve) => {
      manager.states$?.subscribe((state) => state.id === id && resolve(state));
      void stateOf(id).then((state) => state && state.state !== 'Running' && resolve(state));
    });
  /** Resolves when the log holds the text. */
  async function logged(text: string): Promise<string> {
    for (;;) {
      const log = await readFile(join(directory, 'agent.log'), 'utf8').catch(() => '');
      if (log.includes(text)) return log;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const pidOf = (id: string) => Number(id.split(':')[0]);

  it('starts a process in a session of its own, with its output in the log', async () => {
    const id = await sh('echo "pilot $PSTAR_PILOT_ID"; exec sleep 1000');
    await logged('pilot pilot-1');
    const stat = statOf(pidOf(id));
    expect(stat?.session).toBe(pidOf(id));
    expect(await stateOf(id)).toMatchObject({ state: 'Running', detail: `process ${pidOf(id)}` });
  });

  it('pushes how a process ended', async () => {
    const done = await sh('read x; exit 0');
    expect(await ended(done)).toMatchObject({ state: 'Done', exitCode: 0 });
    const failed = await sh('exit 3');
    expect(await ended(failed)).toMatchObject({ state: 'Failed', exitCode: 3 });
    const killed = await sh('kill -9 $$');
    expect(await ended(killed)).toMatchObject({ state: 'Failed', detail: 'ended by SIGKILL' });
    expect(await stateOf(killed)).toMatchObject({ state: 'Failed', signal: 'SIGKILL' });
  });

  it('refuses a named pipe that nobody reads for its log, and does not wait', async () => {
    const own = launch(['/bin/true']);
    execFileSync('mkfifo', [own.logFile]);
    await expect(manager.submit(own)).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      subject: 'output',
    });
  });

  it('rejects what cannot be started', async () => {
    await expect(submit([join(directory, 'no-such-node')])).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('holds a job for over only when all that it started is', async () => {
    // A child in a session of its own, of which a grandchild has dropped the environment.
    const script =
      'setsid sh -c "env -i sleep 1000 & echo grandchild \\$!; wait" & echo ready; exec sleep 1000';
    const id = await sh(script);
    const grandchild = Number(/grandchild (\d+)/.exec(await logged('grandchild'))?.[1]);
    const start = statOf(grandchild)?.start as number;
    const over = ended(id);
    process.kill(pidOf(id), 'SIGKILL');
    await over;
    expect(liveStat({ pid: grandchild, start })).toBeUndefined();
    expect(processesWith('PSTAR_LAUNCH', id.split(':')[2] as string)).toEqual([]);
  });

  it('ends a job by SIGTERM', async () => {
    const file = join(directory, 'agent.mjs');
    await writeFile(file, AGENT);
    const id = await submit([process.execPath, file]);
    await logged('ready');
    const over = ended(id);
    await manager.cancel([id]);
    expect(await over).toMatchObject({ state: 'Done', exitCode: 0 });
    await manager.cancel([id, '1:1:nobody', 'nonsense']);
  });

  it('asks one that is stopped as well', async () => {
    const id = await sh('trap "echo asked; exit 0" TERM; kill -STOP $$; while :; do sleep 1; done');
    for (let state: NativeState | undefined; state?.state !== 'Suspended'; ) {
      state = await stateOf(id);
    }
    await manager.cancel([id]);
    await logged('asked');
  });

  it('ends many launches, each with all that it has started', async () => {
    const script = 'setsid sleep 1000 & echo ready; exec sleep 1000';
    const jobs = [await sh(script), await sh(script), await sh(script)];
    const names = jobs.map((id) => id.split(':')[2] as string);
    const ready = () => processesWithAny('PSTAR_LAUNCH', names);
    while ([...ready().values()].flat().length < 2 * jobs.length) await logged('ready');
    await manager.cancel(jobs.slice(1));
    expect([...ready().keys()]).toEqual(names.slice(0, 1));
    manager.kill?.(jobs);
    await ended(jobs[0] as string);
    expect(ready().size).toBe(0);
  });

  it('kills at once when there is no time', async () => {
    const id = await sh(
      'trap "" TERM; setsid sleep 1000 & echo ready; while :; do sleep 1000; done',
    );
    await logged('ready');
    const over = ended(id);
    manager.kill?.([id]);
    expect(await over).toMatchObject({ signal: 'SIGKILL' });
  });

  it('does not take another process for its own when a pid is given out again', async () => {
    const foreign = `${process.pid}:${(statOf(process.pid)?.start ?? 0) - 1}:pilot-x`;
    expect(await stateOf(foreign)).toMatchObject({ state: 'Done' });
    await manager.cancel([foreign]);
    await manager.signal?.(foreign, 'SIGKILL');
  });

  it('finds a launch again, from another connection, and sees its end', async () => {
    const id = await sh('setsid sleep 1000 & echo ready; exec sleep 1000');
    await logged('ready');
    const other = await connect();
    const name = id.split(':')[2] as string;
    expect(await other.find?.(name)).toBe(id);
    expect(await other.find?.('pilot-of-nobody')).toBeUndefined();
    expect(await other.states?.([id])).toMatchObject([{ state: 'Running' }]);
    const over = ended(id);
    manager.kill?.([id]);
    await over;
    expect(await other.states?.([id])).toMatchObject([{ state: 'Done' }]);
    await other.close();
  });

  describe('while processes of a launch begin one program after the other', () => {
    /** Nearly always in the middle of that: then it shows no environment. */
    async function beginner(): Promise<string> {
      const file = join(directory, 'begins.sh');
      await writeFile(file, `exec /bin/sh ${file}`);
      return file;
    }

    it('finds the agent, not what it has started', async () => {
      const id = await sh(`setsid sleep 1000 & echo ready; exec /bin/sh ${await beginner()}`);
      await logged('ready');
      const other = await connect();
      const name = id.split(':')[2] as string;
      const found = new Set<string | undefined>();
      for (let look = 0; look < 300; look++) found.add(await other.find?.(name));
      expect(found).toEqual(new Set([id]));
      await other.close();
    });

    it('holds a job for over only when they are', async () => {
      const script = `setsid /bin/sh ${await beginner()} & echo child $!; exec sleep 1000`;
      for (let job = 0; job < 50; job++) {
        const id = await sh(script);
        const child = Number(/child (\d+)/.exec(await logged('child'))?.[1]);
        const over = ended(id);
        process.kill(pidOf(id), 'SIGKILL');
        await over;
        expect(statOf(child)?.state ?? 'Z').toBe('Z');
        await rm(join(directory, 'agent.log'));
      }
    });
  });

  it('sees that a process is stopped', async () => {
    const id = await sh('kill -STOP $$; sleep 1000');
    for (let state: NativeState | undefined; state?.state !== 'Suspended'; ) {
      state = await stateOf(id);
    }
    await manager.signal?.(id, 'SIGCONT');
    for (let state: NativeState | undefined; state?.state !== 'Running'; ) {
      state = await stateOf(id);
    }
  });

  it('runs initCommands first, in the same process, and keeps them off the command line', async () => {
    const initCommands = ['SECRET_NAME=x; export SECRET_NAME'];
    const id = await submit(['/bin/sh', '-c', 'echo "$SECRET_NAME $$"'], { initCommands });
    expect(await logged('x ')).toBe(`x ${pidOf(id)}\n`);
    const rendered = await manager.render(launch(['node', 'agent.mjs'], { initCommands }));
    expect(rendered).toContain("'SECRET_NAME=x; export SECRET_NAME'\n");
    expect(rendered).toContain('exec node agent.mjs\n');
  });

  it('offers what the description asks for', () => {
    expect(manager.offer?.({ totalCpuCount: 3, totalPhysicalMemory: 5 })).toEqual({
      cores: 3,
      memory: 5,
    });
    expect(manager.offer?.({})).toEqual({});
  });

  it('is this machine and no other', async () => {
    await expect(connect('local://n1')).rejects.toMatchObject({ code: 'URL_INVALID' });
    await expect(connect('local:///data')).rejects.toMatchObject({ code: 'URL_INVALID' });
  });
});
