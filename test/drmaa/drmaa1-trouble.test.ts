/** What becomes of a program whose DRMAA 1 library crashes, blocks, lies, or is killed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type DrmaaSession, loadDrmaa, loadDrmaa2 } from '@pstar/adaptor-drmaa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { processesWith } from '../../packages/core/src/adaptor/local-process.ts';
import { buildDrmaa1, buildDrmaa2 } from './build.ts';
import { Drmaa1World, refusal } from './fixture1.ts';

const PATIENCE = { timeout: 20 };

describe('a DRMAA 1 library in trouble', () => {
  let world: Drmaa1World;
  let session: DrmaaSession;

  beforeAll(async () => {
    world = await Drmaa1World.open({ callTimeout: 3 });
  });

  const enter = async () => {
    session = await world.drmaa.init();
    return session;
  };

  afterEach(async () => {
    await world.fail();
    await session.exit();
    await world.closeGate();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it('crashes: who asked hears of it, waits go on, other sessions do not notice', async () => {
    await enter();
    await using other = await world.drmaa.init();
    const before = await session.runJob(world.gated);
    const template = await session.allocateJobTemplate(world.shell('exit 4'));
    const wait = session.wait(before, PATIENCE);
    await world.fail('run_job:segfault@1');
    await expect(session.runJob(template)).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      message: expect.stringContaining("the library's process ended by SIGSEGV in drmaa_run_job"),
      call: 'drmaa_run_job',
      subject: world.library,
      inDoubt: true,
    });
    const elsewhere = await other.runJob(world.shell('exit 5'));
    expect((await other.wait(elsewhere, PATIENCE)).exitStatus).toBe(5);
    await world.openGate();
    expect((await wait).exitStatus).toBe(0);
    // In C, it is another one by now.
    expect(await template.get('remoteCommand')).toBe('/bin/sh');
    const id = await session.runJob(template);
    expect((await session.wait(id, PATIENCE)).exitStatus).toBe(4);
  });

  it('crashes over a question: it is asked again, once', async () => {
    await enter();
    const id = await session.runJob({ ...world.gated, jobSubmissionState: 'HOLD' });
    await world.fail('job_ps:abort@1');
    expect(await session.jobPs(id)).toBe('USER_ON_HOLD');
    await world.fail('job_ps:exit=9@1+');
    await expect(session.jobPs(id)).rejects.toMatchObject({
      problem: "the library's process ended by exit code 9 in drmaa_job_ps",
      inDoubt: false,
    });
  });

  it('blocks: the call fails in time, the next does not, and other sessions do not notice', async () => {
    await enter();
    await using other = await world.drmaa.init();
    const id = await session.runJob({ ...world.gated, jobSubmissionState: 'HOLD' });
    await world.fail('control:hang@1');
    const late = expect(session.control(id, 'TERMINATE')).rejects.toMatchObject({
      code: 'TIMEOUT',
      problem: 'drmaa_control did not return in 3 s',
      call: 'drmaa_control',
      inDoubt: true,
    });
    // Of the same session, too: calls have threads of their own.
    expect(await session.jobPs(id)).toBe('USER_ON_HOLD');
    expect(await other.jobPs(id)).toBe('USER_ON_HOLD');
    await late;
    await session.control(id, 'TERMINATE');
    expect((await session.wait(id, PATIENCE)).exited).toBe(false);
  });

  it('blocks when it is entered and when it is left', async () => {
    await world.fail('init:hang@1');
    await expect(world.drmaa.init()).rejects.toMatchObject({ code: 'TIMEOUT', call: 'drmaa_init' });
    await enter();
    const helpers = world.helpers();
    await world.fail('exit:hang@1');
    await expect(session.exit()).rejects.toMatchObject({ code: 'TIMEOUT', call: 'drmaa_exit' });
    expect(world.helpers().length).toBeLessThan(helpers.length);
    await world.fail('exit:error=12@1');
    await using left = await world.drmaa.init();
    await expect(left.exit()).rejects.toEqual(refusal('ADAPTOR_FAILED', 'DRMS_EXIT_ERROR'));
    await enter();
  });

  it.each<[string, (id: string) => Promise<unknown>, string | RegExp]>([
    [
      'job_ps',
      (id) => session.jobPs(id),
      'drmaa_job_ps answered state 153, which is none of DRMAA 1',
    ],
    ['run_job', () => session.runJob(world.gated), /drmaa_run_job answered ".*", which is no id/],
    ['allocate_job_template', () => session.runJob(world.gated), /SIGSEGV|not a template/],
    [
      'run_bulk_jobs',
      () => session.runBulkJobs(world.gated, { start: 1, end: 2 }),
      'drmaa_get_next_job_id answered INVALID_ARGUMENT',
    ],
  ])('answers nonsense: %s', async (name, call, problem) => {
    await enter();
    const id = await session.runJob({ ...world.gated, jobSubmissionState: 'HOLD' });
    await world.fail(`${name}:garbage@1`);
    await expect(call(id)).rejects.toMatchObject({
      code: name === 'allocate_job_template' ? expect.any(String) : 'ADAPTOR_FAILED',
      problem: expect.stringMatching(problem),
      inDoubt: name.startsWith('run'),
    });
    expect(await session.jobPs(id)).toBe('USER_ON_HOLD');
  });

  it('answers nonsense about an end: that it has ended is all that is known', async () => {
    await enter();
    const id = await session.runJob(world.shell('exit 3'));
    await world.fail('wait:garbage');
    expect(await session.wait(id, PATIENCE)).toMatchObject({ jobId: id, exited: false });
  });

  it('answers without end: its process is ended', async () => {
    await enter();
    await world.fail('get_next_attr_name:garbage');
    await expect(session.attributeNames()).rejects.toMatchObject({
      code: 'TIMEOUT',
      inDoubt: false,
    });
  });

  it('says what no standard knows', async () => {
    await enter();
    await world.fail('run_job:error=4711@1');
    await expect(session.runJob(world.shell('true'))).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      diagnosis: 'drmaa_run_job was told to fail',
    });
    for (const [number, code, drmaa] of [
      [2, 'RESOURCE_MANAGER_UNREACHABLE', 'DRM_COMMUNICATION_FAILURE'],
      [16, 'TRY_LATER', 'TRY_LATER'],
      [17, 'PERMISSION_DENIED', 'DENIED_BY_DRM'],
    ] as const) {
      await world.fail(`run_job:error=${number}`);
      await expect(session.runJob(world.shell('true'))).rejects.toEqual(refusal(code, drmaa));
    }
  });

  it('is killed while it waits: the wait goes on with the next', async () => {
    await enter();
    const id = await session.runJob(world.gated);
    const wait = session.wait(id, PATIENCE);
    for (const pid of world.helpers()) process.kill(pid, 'SIGKILL');
    await world.openGate();
    expect((await wait).exitStatus).toBe(0);
  });

  it.each(['one', 'any'])('forgets what still runs: the wait for %s goes on', async (which) => {
    await enter();
    const id = await session.runJob(world.gated);
    await world.fail('wait:error=18@1');
    await expect(session.wait(which === 'any' ? 'ANY' : id, { timeout: 0 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await world.openGate();
    expect(await session.wait(which === 'any' ? 'ANY' : id, PATIENCE)).toMatchObject({ jobId: id });
    await expect(session.wait('ANY')).rejects.toEqual(refusal('NOT_FOUND', 'INVALID_JOB'));
  });

  it('blocks when its program is killed: its processes end all the same', async () => {
    await enter();
    await world.fail('job_ps:hang');
    const program = fork(new URL('holds-library.ts', import.meta.url), [world.library], {
      execArgv: ['--conditions=@pstar/source', '--import', 'tsx'],
      env: { ...process.env, DRMAA2_TEST_ROOT: world.root },
    });
    await once(program, 'message');
    const ours = new Set(world.helpers());
    const others = () =>
      processesWith('DRMAA2_TEST_ROOT', world.root).filter(({ pid }) => !ours.has(pid));
    expect(others().length).toBeGreaterThan(1);
    program.kill('SIGKILL');
    await expect.poll(others, { timeout: 20_000 }).toEqual([]);
  });

  it('prints: that goes to the log', async () => {
    await enter();
    const printed: string[] = [];
    const info = (bindings: object | string) => {
      printed.push((bindings as { printed?: string }).printed ?? '');
    };
    const log = { trace: info, debug: info, info, warn: info, error: info, child: () => log };
    await world.fail('version:print=hello');
    const environment = { DRMAA2_TEST_ROOT: world.root };
    await using drmaa = await loadDrmaa(world.library, { environment, log });
    expect(drmaa.version.major).toBe(1);
    await expect.poll(() => printed.join('')).toContain('hello');
  });
});

it('says of functions that the library lacks which they are, when they are called', async () => {
  const without = ['drmaa_control', 'drmaa_get_DRM_system'];
  const library = await buildDrmaa1({ without });
  await using world = await Drmaa1World.open({ without });
  expect(() => world.drmaa.drmSystem).toThrow('the library has no function drmaa_get_DRM_system');
  const session = await world.drmaa.init();
  const id = await session.runJob(world.shell('exit 6'));
  await expect(session.control(id, 'TERMINATE')).rejects.toMatchObject({
    code: 'OPERATION_UNSUPPORTED',
    call: 'drmaa_control',
    subject: library,
  });
  expect((await session.wait(id, PATIENCE)).exitStatus).toBe(6);
});

it('says of a library of the other standard which it is', async () => {
  const [one, two] = await Promise.all([buildDrmaa1(), buildDrmaa2({ layout: 'ogf' })]);
  await expect(loadDrmaa(two)).rejects.toMatchObject({
    code: 'ADAPTOR_INCOMPATIBLE',
    hint: expect.stringContaining('loadDrmaa2'),
  });
  await expect(loadDrmaa2(one)).rejects.toMatchObject({ code: 'ADAPTOR_INCOMPATIBLE' });
});
