/** DRMAA 1 with the library that Grid Engine brings along, against a real one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Drmaa, type DrmaaSession, loadDrmaa } from '@pstar/adaptor-drmaa';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { filter } from 'rxjs/operators';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesWith } from '../../packages/core/src/adaptor/local-process.ts';
import { until } from '../clusters/base/processes.ts';
import {
  DRMAA_LIBRARY,
  type GridEngineCluster,
  startGridEngine,
} from '../clusters/gridengine/cluster.ts';

const PATIENCE = { timeout: 25 };

/** What a process was started as; nothing for one that has ended meanwhile. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

describe("Grid Engine's DRMAA library", () => {
  const directory = mkdtempSync(join(tmpdir(), 'pstar-binding-'));
  let cluster: GridEngineCluster;
  let drmaa: Drmaa;
  let session: DrmaaSession;

  beforeAll(async () => {
    cluster = await startGridEngine();
    drmaa = await loadDrmaa(DRMAA_LIBRARY, { environment: cluster.environment, callTimeout: 20 });
    session = await drmaa.init();
  });

  afterAll(async () => {
    await drmaa.close();
    await cluster.stop();
    rmSync(directory, { recursive: true });
  });

  const file = (name: string) => join(directory, name);
  const shell = (line: string) => ({
    remoteCommand: '/bin/sh',
    args: ['-c', line],
    outputPath: '/dev/null',
    joinFiles: true,
  });
  const gated = (gate: string) =>
    shell(`until [ -e '${file(gate)}' ]; do sleep 0.05; done; exit 9`);
  const reached = (of: DrmaaSession, id: string, state: string) =>
    firstValueFrom(of.state$(id).pipe(filter((each) => each === state)));

  it('loads, and says what it is', async () => {
    expect(drmaa.version).toEqual({ major: 1, minor: 0 });
    expect(drmaa.drmSystem).toMatch(/^SGE 8/);
    expect(await drmaa.attributeNames()).toContain('drmaa_native_specification');
    expect(await drmaa.vectorAttributeNames()).toContain('drmaa_v_env');
    expect(session.contact).toMatch(/^session=/);
  });

  it('gives commands their arguments and variables as they are', async () => {
    const jobEnvironment = {
      PLAIN: 'a "b" $HOME \\x, c\nd',
      URL: "x=1;y=2 'z'",
      QUOTES: `'a'="b"`,
      LIST: 'a=b,c=d',
    };
    const args = ['one two', '', `'"$HOME\\`, 'a=b'];
    const names = Object.keys(jobEnvironment);
    const line = `printf '%s\\0' "$@" ${names.map((name) => `"$${name}"`).join(' ')}; pwd`;
    const id = await session.runJob({
      remoteCommand: '/bin/sh',
      args: ['-c', line, 'sh', ...args],
      jobEnvironment,
      workingDirectory: directory,
      jobName: 'words',
      outputPath: file('words'),
      errorPath: file('complaints'),
    });
    expect(await session.wait(id, PATIENCE)).toMatchObject({ exitStatus: 0 });
    const words = [...args, ...Object.values(jobEnvironment), `${directory}\n`];
    expect(readFileSync(file('words'), 'utf8').split('\0')).toEqual(words);
  });

  it('tells how each ended, in an array and alone', async () => {
    const tasks = await session.runBulkJobs(shell('exit $SGE_TASK_ID'), {
      start: 2,
      end: 8,
      step: 3,
    });
    const killed = await session.runJob(shell('kill -KILL $$'));
    const missing = await session.runJob({ remoteCommand: '/no/such/command' });
    const held = await session.runJob({ ...shell('true'), jobSubmissionState: 'HOLD' });
    expect(await session.jobPs(held)).toBe('USER_ON_HOLD');
    await expect(session.control(held, 'RESUME')).rejects.toMatchObject({
      code: 'WRONG_STATE',
      drmaa: 'RESUME_INCONSISTENT_STATE',
    });
    await session.control(held, 'TERMINATE');
    const ends = await Promise.all(
      [...tasks, killed, missing, held].map((id) => session.wait(id, PATIENCE)),
    );
    expect(ends.slice(0, 3).map(({ exitStatus }) => exitStatus)).toEqual([2, 5, 8]);
    expect(ends[3]).toMatchObject({ signaled: true, termSignal: 'SIGKILL' });
    expect(ends[4]).toMatchObject({ aborted: true });
    expect(ends[5]).toMatchObject({ aborted: true, usage: undefined });
    expect(ends[0]?.usage).toMatchObject({ exit_status: '2.0000' });
    const [status] = await session.jobPsOf([killed]);
    expect(status?.error).toMatchObject({ code: 'NOT_FOUND', drmaa: 'INVALID_JOB' });
  });

  it('controls what runs, and shows its states', async () => {
    const jobEnvironment = { CONTROLLED: 'yes' };
    const id = await session.runJob({ ...shell('exec sleep 60'), jobEnvironment });
    const states = lastValueFrom(session.state$(id).pipe(toArray()));
    // The states are the qmaster's, and a signal may still be on its way then: a kill that was sent right after
    // one was seen to be without effect for 25 s.
    const isStopped = () => processesWith('CONTROLLED', 'yes')[0]?.state === 'T';
    await reached(session, id, 'RUNNING');
    await session.control(id, 'SUSPEND');
    await reached(session, id, 'USER_SUSPENDED');
    await until('stopped', isStopped);
    await session.control(id, 'RESUME');
    await reached(session, id, 'RUNNING');
    await until('resumed', () => !isStopped());
    await session.control(id, 'TERMINATE');
    expect(await session.wait(id, PATIENCE)).toMatchObject({ aborted: true });
    expect((await states).at(-1)).toBe('FAILED');
  });

  it('refuses in its own words', async () => {
    await expect(
      session.runJob({ ...shell('true'), nativeSpecification: '-no-such-option' }),
    ).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      drmaa: 'DENIED_BY_DRM',
      diagnosis: 'invalid option argument "-no-such-option"',
    });
    using template = await session.allocateJobTemplate(shell('true'));
    await expect(template.set('hardWallclockTimeLimit', 10)).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      subject: 'drmaa_wct_hlimit',
    });
    expect(await template.get('nativeSpecification')).toBeUndefined();
  });

  it('is killed while it is waited for: the session is entered again, and the end arrives', async () => {
    await using own = await drmaa.init();
    const id = await own.runJob(gated('killed'));
    await reached(own, id, 'RUNNING');
    const wait = own.wait(id, PATIENCE);
    const all = processesWith('SGE_ROOT', cluster.environment.SGE_ROOT);
    for (const { pid } of all)
      if (commandOf(pid).includes('helper.mjs')) process.kill(pid, 'SIGKILL');
    // Ends in between are not seen by anybody.
    expect(await own.jobPs(id)).toBe('RUNNING');
    writeFileSync(file('killed'), '');
    expect(await wait).toMatchObject({ exitStatus: 9 });
  });

  it('is without its qmaster for a while: it says so, and can be entered again', async () => {
    await cluster.qmaster.kill();
    const away = { code: 'RESOURCE_MANAGER_UNREACHABLE', drmaa: 'DRM_COMMUNICATION_FAILURE' };
    await expect(session.jobPs('1')).rejects.toMatchObject(away);
    await expect(drmaa.init()).rejects.toMatchObject(away);
    await cluster.startAgain();
    // The library may only find out by the next call that the connection which it has is no more.
    const answers = () => session.jobPs('1').catch(({ drmaa }) => drmaa !== away.drmaa && drmaa);
    await until('answering (the old session)', async () => Boolean(await answers()));
    expect(await answers()).toBe('INVALID_JOB');
    const again = await drmaa.init(session.contact);
    const id = await again.runJob(shell('exit 3'));
    expect(await again.wait(id, PATIENCE)).toMatchObject({ exitStatus: 3 });
  });
});
