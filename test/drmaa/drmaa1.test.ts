/** All of DRMAA 1, with a library of ours that really runs native jobs. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type DrmaaSession, loadDrmaa } from '@pstar/adaptor-drmaa';
import { lastValueFrom, toArray } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Drmaa1World, refusal, totals } from './fixture1.ts';

const PATIENCE = { timeout: 20 };

describe('DRMAA 1', () => {
  let world: Drmaa1World;
  let session: DrmaaSession;

  beforeAll(async () => {
    world = await Drmaa1World.open();
    session = await world.drmaa.init();
  });

  afterEach(async () => {
    await session.control('ALL', 'TERMINATE');
    await session.synchronize('ALL', { ...PATIENCE, dispose: true });
    await world.closeGate();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it('says what it is, and which attributes it has', async () => {
    const { drmaa } = world;
    expect(drmaa.version).toEqual({ major: 1, minor: 0 });
    expect(drmaa.drmSystem).toBe('pstar-test 3.1');
    expect(drmaa.implementation).toBe("the DRMAA 1 library of pstar's tests");
    expect(await drmaa.contacts()).toEqual([]);
    // Outside of a session, which the library wants to be in, and from within one.
    expect(await drmaa.attributeNames()).toContain('drmaa_remote_command');
    expect(await drmaa.vectorAttributeNames()).toEqual(await session.vectorAttributeNames());
    expect(await session.vectorAttributeNames()).toEqual([
      'drmaa_v_argv',
      'drmaa_v_env',
      'drmaa_v_email',
    ]);
  });

  it('runs what is described, and tells how it ended, once', async () => {
    const id = await session.runJob({
      ...world.shell('echo "$PWD $GREETING"; echo wrong >&2; exit 7'),
      jobEnvironment: { GREETING: 'a=b, c' },
      workingDirectory: world.root,
      outputPath: `${world.root}/out`,
      joinFiles: true,
      jobName: 'hello',
      hardRunDurationLimit: 60,
    });
    const usage = await session.wait(id, PATIENCE);
    expect(usage).toMatchObject({
      jobId: id,
      exited: true,
      exitStatus: 7,
      signaled: false,
      coreDump: false,
      aborted: false,
      usage: { exit_status: '7', end_time: expect.stringMatching(/^\d+$/) },
    });
    expect(await world.read('out')).toBe(`${world.root} a=b, c\nwrong\n`);
    await expect(session.wait(id)).rejects.toEqual(refusal('NOT_FOUND', 'INVALID_JOB'));
    await expect(session.jobPs(id)).rejects.toMatchObject({ subject: id, call: 'drmaa_job_ps' });
  });

  it('tells a signal from an exit, and both from what has never run', async () => {
    const killed = await session.runJob(world.shell('kill -TERM $$'));
    const held = await session.runJob({ ...world.shell('true'), jobSubmissionState: 'HOLD' });
    await session.control(held, 'TERMINATE');
    expect(await session.wait(killed, PATIENCE)).toMatchObject({
      exited: false,
      signaled: true,
      termSignal: 'SIGTERM',
    });
    const end = await session.wait(held, PATIENCE);
    expect(end).toMatchObject({ aborted: true, exited: false, usage: undefined });
    expect(end.exitStatus).toBeUndefined();
  });

  it('controls what runs, and shows its states', async () => {
    const id = await session.runJob({ ...world.gated, jobSubmissionState: 'HOLD' });
    const states = lastValueFrom(session.state$(id).pipe(toArray()));
    const reached = (state: string) => expect.poll(() => session.jobPs(id)).toBe(state);
    expect(await session.jobPs(id)).toBe('USER_ON_HOLD');
    await expect(session.control(id, 'RESUME')).rejects.toEqual(
      refusal('WRONG_STATE', 'RESUME_INCONSISTENT_STATE'),
    );
    await session.control(id, 'RELEASE');
    await reached('RUNNING');
    await session.control(id, 'SUSPEND');
    await reached('USER_SUSPENDED');
    await session.control(id, 'RESUME');
    await reached('RUNNING');
    await session.control(id, 'TERMINATE');
    await session.wait(id, PATIENCE);
    expect((await states).at(-1)).toBe('FAILED');
    await expect(lastValueFrom(session.state$(id))).rejects.toEqual(refusal('NOT_FOUND'));
    await expect(session.control(id, 'STOP' as never)).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      hint: 'take one of SUSPEND, RESUME, HOLD, RELEASE, TERMINATE',
    });
  });

  it('runs arrays, and asks about many at once', async () => {
    const ids = await session.runBulkJobs(
      {
        ...world.shell('echo hello'),
        outputPath: `${world.root}/task-$drmaa_incr_ph$`,
      },
      { start: 2, end: 6, step: 2 },
    );
    expect(ids).toHaveLength(3);
    await session.synchronize(ids, PATIENCE);
    const statuses = await session.jobPsOf([...ids, '99999']);
    expect(statuses.map(({ jobId, state }) => [jobId, state])).toEqual([
      ...ids.map((id) => [id, 'DONE']),
      ['99999', undefined],
    ]);
    expect(statuses[3]?.error).toEqual(refusal('NOT_FOUND', 'INVALID_JOB'));
    expect(await world.read('task-4')).toBe('hello\n');
    await expect(session.runBulkJobs({}, { start: 0, end: 1 })).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      subject: 'start',
    });
  });

  it('waits for any, for all, for so long, and until it is told not to', async () => {
    const gated = await session.runJob(world.gated);
    const quick = await session.runJob(world.shell('exit 2'));
    expect(await session.wait('ANY', PATIENCE)).toMatchObject({ jobId: quick, exitStatus: 2 });
    const late = refusal('TIMEOUT', 'EXIT_TIMEOUT');
    await expect(session.wait(gated, { timeout: 0 })).rejects.toEqual(late);
    await expect(session.synchronize([gated], { timeout: 0.1 })).rejects.toEqual(late);
    const controller = new AbortController();
    const waits = [session.wait(gated, controller), session.synchronize('ALL', controller)];
    controller.abort();
    for (const wait of waits) await expect(wait).rejects.toEqual(refusal('ABORTED'));
    await world.openGate();
    await session.synchronize('ALL', PATIENCE);
    expect(await session.wait(gated, PATIENCE)).toMatchObject({ exitStatus: 0 });
    const forgotten = await session.runJob(world.shell('true'));
    await session.synchronize('ALL', { ...PATIENCE, dispose: true });
    await expect(session.wait(forgotten)).rejects.toEqual(refusal('NOT_FOUND'));
    await session.synchronize([]);
  });

  it('keeps templates, which are run and changed and run again', async () => {
    const template = await session.allocateJobTemplate(world.shell('exit 1'));
    expect(await template.get('remoteCommand')).toBe('/bin/sh');
    expect(await template.get('jobName')).toBeUndefined();
    const first = await session.runJob(template);
    await template.set('args', ['-c', 'exit 2']);
    await expect(template.set('drmaa_no_such', 'x')).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      drmaa: 'INVALID_ARGUMENT',
      subject: 'drmaa_no_such',
      diagnosis: 'no attribute: drmaa_no_such',
    });
    expect(template.attributes()).toEqual(world.shell('exit 2'));
    const [second] = await session.runBulkJobs(template, { start: 1, end: 1 });
    await template.delete();
    await template.delete();
    const ends = [first, second as string].map((id) => session.wait(id, PATIENCE));
    expect((await Promise.all(ends)).map(({ exitStatus }) => exitStatus)).toEqual([1, 2]);
    for (const use of [session.runJob(template), template.get('args'), template.set('args', [])])
      await expect(use).rejects.toEqual(refusal('WRONG_STATE'));
  });

  it('refuses what cannot be run, by name', async () => {
    await expect(session.runJob({})).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      drmaa: 'CONFLICTING_ATTRIBUTE_VALUES',
      message: 'drmaa_run_job: drmaa_remote_command is not set',
    });
    await expect(session.runJob({ queue: 'all.q' } as never)).rejects.toMatchObject({
      code: 'ATTRIBUTE_UNSUPPORTED',
      subject: 'queue',
    });
    await expect(session.jobPs('')).rejects.toEqual(refusal('DESCRIPTION_INVALID'));
    await expect(world.drmaa.init('nonsense')).rejects.toEqual(
      refusal('URL_INVALID', 'INVALID_CONTACT_STRING'),
    );
  });

  it('has several sessions at once, which are entered again by their contacts', async () => {
    await using other = await world.drmaa.init();
    expect(other.contact).not.toBe(session.contact);
    const id = await other.runJob(world.gated);
    await expect(session.wait(id)).rejects.toEqual(refusal('NOT_FOUND'));
    const { contact } = other;
    await other.exit();
    await other.exit();
    await expect(other.jobPs(id)).rejects.toEqual(refusal('WRONG_STATE'));
    // As another program would.
    await using drmaa = await loadDrmaa(world.library, {
      environment: { DRMAA2_TEST_ROOT: world.root },
    });
    const again = await drmaa.init(contact);
    expect(again.contact).toBe(contact);
    await world.openGate();
    expect(await again.wait(id, PATIENCE)).toMatchObject({ exitStatus: 0 });
    await drmaa.close();
    await expect(drmaa.init()).rejects.toEqual(refusal('WRONG_STATE'));
    expect(world.helpers()).toHaveLength(2);
  });

  it('frees all that C holds: by itself what is deleted, disposed of, or forgotten', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const templates = async () => totals(await world.counters(), 'drmaa1Template');
    const before = await templates();
    const allocate = () => session.allocateJobTemplate(world.shell('true'));
    await (await allocate()).delete();
    {
      using disposed = await allocate();
      await session.runJob(disposed);
    }
    const forget = async () => void (await Promise.all(Array.from({ length: 20 }, allocate)));
    await forget();
    await expect
      .poll(
        async () => {
          collect();
          return templates();
        },
        { timeout: 20_000 },
      )
      .toEqual({ created: before.created + 22, left: 0, misused: 0 });
    await session.wait('ANY', PATIENCE);
    expect(totals(await world.counters(), 'drmaa1Values')).toMatchObject({ left: 0, misused: 0 });
  });
});
