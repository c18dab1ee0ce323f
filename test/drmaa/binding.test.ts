/** All of DRMAA 2, with a library of each binary layout, which really runs what it is asked to. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  Drmaa2JobSession,
  Drmaa2JobStateReport,
  Drmaa2JobTemplate,
  Drmaa2Notification,
} from '@pstar/adaptor-drmaa';
import { loadDrmaa2 } from '@pstar/adaptor-drmaa';
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDrmaa2, layouts } from './build.ts';
import { Drmaa2World, newSession } from './fixture.ts';

const PATIENCE = { timeout: 20 };

// Compiled once for each state of the sources, on a machine that may have other things to do.
beforeAll(() => Promise.all(layouts.map((layout) => buildDrmaa2({ layout }))), 120_000);

describe.each(layouts)('DRMAA 2 by a library of layout %s', (layout) => {
  let world: Drmaa2World;
  let session: Drmaa2JobSession;

  beforeAll(async () => {
    world = await Drmaa2World.open({ layout });
    session = await newSession(world.drmaa);
  });

  afterAll(async () => {
    await world.drmaa.close();
    await world.expectNothingLeft();
    await world[Symbol.asyncDispose]();
  });

  it('tells the layout apart, and says what it is', async () => {
    const { drmaa } = world;
    expect(drmaa.layout).toBe(layout);
    expect(await drmaa.drmsName()).toBe('pstar-test');
    expect(await drmaa.drmsVersion()).toEqual({ major: '3', minor: '1' });
    expect(await drmaa.supports('ADVANCE_RESERVATION')).toBe(true);
    expect(await drmaa.supports('RT_MACHINEARCH')).toBe(false);
    if (layout === 'uge') {
      await expect(drmaa.drmaaName()).rejects.toMatchObject({
        code: 'OPERATION_UNSUPPORTED',
        call: 'drmaa2_get_drmaa_name',
        subject: world.library,
      });
    } else {
      expect(await drmaa.drmaaName()).toContain('DRMAA 2');
      expect(await drmaa.drmaaVersion()).toEqual({ major: '2', minor: '0' });
    }
  });

  it('runs a native job as its template says, and remembers the template', async () => {
    await writeFile(join(world.root, 'input'), 'from the input\n');
    const template: Drmaa2JobTemplate = {
      remoteCommand: '/bin/sh',
      args: [
        '-c',
        'cat; pwd; echo "$0|$1|$A"; ulimit -t; echo wrong >&2; exit 3',
        'nought',
        'ä "b"',
      ],
      jobEnvironment: { A: 'b=c d', PATH: '/usr/bin:/bin' },
      workingDirectory: world.root,
      jobName: 'all of it',
      jobCategory: 'long',
      inputPath: join(world.root, 'input'),
      outputPath: '$DRMAA2_WORKING_DIR$/output',
      joinFiles: true,
      queueName: 'long',
      minSlots: 1,
      maxSlots: 2,
      priority: -5,
      resourceLimits: { CPU_TIME: '77' },
      accountingId: 'account',
      implementationSpecific: { testNote: 'ours' },
    };
    using job = await session.runJob(template);
    expect(await job.waitTerminated(PATIENCE)).toEqual({ state: 'FAILED' });
    expect(await world.read('output')).toBe(
      `from the input\n${world.root}\nnought|ä "b"|b=c d\n77\nwrong\n`,
    );
    expect(await job.getJobTemplate()).toEqual(template);
    const info = await job.getInfo();
    expect(info).toMatchObject({ jobId: job.id, exitStatus: 3, jobState: 'FAILED', slots: 1 });
    expect(info.queueName).toBe('long');
    expect(info.finishTime).toBeInstanceOf(Date);
    expect(info.wallclockTime).toBeGreaterThanOrEqual(0);
    expect(info.allocatedMachines).toHaveLength(1);
    const hasNewer = layout === 'pbs' || layout === 'age';
    expect(info.jobName).toBe(hasNewer ? 'all of it' : undefined);
    expect(info.allocatedMachines?.[0]?.slots).toBe(hasNewer ? 1 : undefined);
    expect(info.terminatingSignal).toBeUndefined();
  });

  it('controls a native job, and refuses what its state does not allow', async () => {
    using job = await session.runJob({ ...world.shell('sleep 60'), submitAsHold: true });
    const states: Promise<Drmaa2JobStateReport[]> = lastValueFrom(job.state$.pipe(toArray()));
    expect((await job.getState()).state).toBe('QUEUED_HELD');
    await firstValueFrom(job.state$);
    await job.release();
    expect((await job.waitStarted(PATIENCE)).state).toBe('RUNNING');
    await expect(job.resume()).rejects.toMatchObject({
      code: 'WRONG_STATE',
      drmaa: 'INVALID_STATE',
      call: 'drmaa2_j_resume',
    });
    await job.suspend();
    expect((await job.getState()).state).toBe('SUSPENDED');
    await job.resume();
    await expect(job.waitTerminated({ timeout: 0 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(job.hold()).rejects.toMatchObject({ drmaa: 'INVALID_STATE' });
    await job.terminate();
    expect((await job.waitTerminated(PATIENCE)).state).toBe('FAILED');
    expect((await states).at(-1)?.state).toBe('FAILED');
    const reaped = job.reap();
    if (layout === 'ogf')
      await expect(reaped).rejects.toMatchObject({
        code: 'OPERATION_UNSUPPORTED',
        call: 'drmaa2_j_reap',
      });
    else await reaped;
  });

  it('runs arrays, and waits for any of them', async () => {
    const range = { beginIndex: 1, endIndex: 6, step: 2, maxParallel: 2 };
    const template = {
      ...world.shell('exit $(cat)'),
      inputPath: join(world.root, 'in.$DRMAA2_INDEX$'),
      submitAsHold: true,
    };
    for (const index of [1, 3, 5]) await writeFile(join(world.root, `in.${index}`), String(index));
    using array = await session.runBulkJobs(template, range);
    expect(array.sessionName).toBe(session.name);
    const jobs = await array.getJobs();
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(3);
    await expect(session.waitAnyStarted(jobs, { timeout: 0 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      drmaa: 'TIMEOUT',
    });
    await array.release();
    expect(jobs).toContain(await session.waitAnyStarted(jobs, PATIENCE));
    expect(jobs).toContain(await session.waitAnyTerminated(jobs, PATIENCE));
    await Promise.all(jobs.map((job) => job.waitTerminated(PATIENCE)));
    const infos = await Promise.all(jobs.map((job) => job.getInfo()));
    expect(infos.map(({ exitStatus }) => exitStatus).sort()).toEqual([1, 3, 5]);
    using again = await session.getJobArray(array.id);
    expect((await again.getJobTemplate()).args).toEqual(template.args);
    const done = await session.getJobs({ jobState: 'FAILED', exitStatus: 3 });
    expect(done.map(({ id }) => id)).toContain(jobs.find((_, i) => infos[i]?.exitStatus === 3)?.id);
    for (const job of [...jobs, ...done]) job[Symbol.dispose]();
  });

  it('reserves slots, and runs in them', async () => {
    await using reservations = await world.drmaa.createReservationSession(`reserved-${layout}`);
    const template = {
      reservationName: 'ours',
      startTime: 'now',
      duration: 600,
      minSlots: 2,
    } as const;
    using reservation = await reservations.requestReservation(template);
    const info = await reservation.getInfo();
    expect(info).toMatchObject({ reservationId: reservation.id, reservedSlots: 2 });
    expect(info.reservedMachines?.[0]?.slots).toBe(2);
    expect(info.reservedEndTime).toBeInstanceOf(Date);
    expect(await reservation.getReservationTemplate()).toMatchObject(template);
    const [listed] = await reservations.getReservations();
    expect(listed?.id).toBe(reservation.id);
    using job = await session.runJob({ ...world.shell('true'), reservationId: reservation.id });
    expect((await job.waitTerminated(PATIENCE)).state).toBe('DONE');
    await expect(
      reservations.requestReservation({ duration: 600, minSlots: 99 }),
    ).rejects.toMatchObject({
      drmaa: expect.stringMatching(/OUT_OF_RESOURCE|DENIED_BY_DRMS|INVALID_ARGUMENT/),
    });
    await reservation.terminate();
    expect(await reservations.getReservations()).toEqual([]);
    await expect(reservations.getReservation('none')).rejects.toMatchObject({
      code: expect.any(String),
    });
    listed?.[Symbol.dispose]();
  });

  it('sees everything in a monitoring session', async () => {
    await using monitoring = await world.drmaa.openMonitoringSession();
    expect((await monitoring.getAllQueues()).map(({ name }) => name)).toEqual(['main', 'long']);
    expect((await monitoring.getAllQueues(['long'])).map(({ name }) => name)).toEqual(['long']);
    const [machine] = await monitoring.getAllMachines();
    expect(machine).toMatchObject({ available: true, machineOS: 'LINUX', machineArch: 'X64' });
    expect(machine?.machineOSVersion?.major).toMatch(/^\d+$/);
    expect(machine?.load).toBeGreaterThanOrEqual(0);
    using job = await session.runJob(world.shell('true'));
    const [seen] = await monitoring.getAllJobs({ jobId: job.id });
    const [left] = await monitoring.getAllJobs({ jobId: job.id });
    expect(seen?.id).toBe(job.id);
    if (layout !== 'pbs') expect(await seen?.getSessionName()).toBe(session.name);
    await job.waitTerminated(PATIENCE);
    seen?.[Symbol.dispose]();
    await expect(seen?.getState()).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await monitoring.close();
    await expect(left?.getState()).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  it('tells what happens, once', async () => {
    const told = lastValueFrom(world.drmaa.notifications$.pipe(take(3), toArray()));
    // Whoever listens is listened for by the time that the next question is answered.
    await session.getContact();
    using job = await session.runJob(world.shell('true'));
    const states = ((await told) as Drmaa2Notification[]).map((each) => {
      expect(each).toMatchObject({ event: 'NEW_STATE', jobId: job.id, sessionName: session.name });
      return each.jobState;
    });
    expect(states).toEqual(['QUEUED', 'RUNNING', 'DONE']);
  });

  it('keeps sessions by their names', async () => {
    const { drmaa } = world;
    const first = await newSession(drmaa);
    using job = await first.runJob(world.shell('exit 4'));
    await expect(drmaa.createJobSession(first.name)).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      drmaa: 'INVALID_ARGUMENT',
    });
    await first.close();
    await expect(job.getState()).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await expect(first.getJobs()).rejects.toMatchObject({ code: 'WRONG_STATE' });
    const again = await drmaa.openJobSession(first.name);
    const [found] = await again.getJobs({ jobId: job.id });
    await found?.waitTerminated(PATIENCE);
    expect((await found?.getInfo())?.exitStatus).toBe(4);
    await again.close();
    const names = await drmaa.getJobSessionNames();
    expect(names.map((name) => name.replace(/^.*@/, ''))).toContain(first.name);
    await drmaa.destroyJobSession(first.name);
    await expect(drmaa.openJobSession(first.name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('has attributes of the implementation, and refuses unknown ones', async () => {
    const { drmaa } = world;
    expect(await drmaa.implementationSpecific('jtemplate')).toEqual(['testNote', 'testShell']);
    expect(await drmaa.describeAttribute('jtemplate', 'testNote')).toContain('note');
    await expect(drmaa.describeAttribute('rinfo', 'testCounters')).rejects.toMatchObject({
      code: 'OPERATION_UNSUPPORTED',
    });
    await expect(
      session.runJob({ ...world.shell('true'), implementationSpecific: { unheardOf: '1' } }),
    ).rejects.toMatchObject({ code: 'ATTRIBUTE_UNSUPPORTED' });
    await expect(session.runJob({ ...world.shell('true'), email: ['a@b'] })).rejects.toMatchObject({
      code: 'ATTRIBUTE_UNSUPPORTED',
      drmaa: 'UNSUPPORTED_ATTRIBUTE',
    });
    await expect(
      session.runJob({ ...world.shell('true'), jobName: 7 as never }),
    ).rejects.toMatchObject({ code: 'DESCRIPTION_INVALID', subject: 'jobName' });
  });

  it('refuses what was freed before C hears of it', async () => {
    const job = await session.runJob(world.shell('true'));
    await job.waitTerminated(PATIENCE);
    job[Symbol.dispose]();
    job[Symbol.dispose]();
    await expect(job.getInfo()).rejects.toMatchObject({ code: 'WRONG_STATE', subject: job.id });
    await expect(session.waitAnyStarted([job])).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await expect(session.waitAnyStarted([])).rejects.toMatchObject({ code: 'DESCRIPTION_INVALID' });
  });

  it('does not take another layout for its own', async () => {
    const wrong = { ogf: 'age', uge: 'pbs', pbs: 'ogf', age: 'uge' } as const;
    const environment = { DRMAA2_TEST_ROOT: world.root };
    await expect(
      loadDrmaa2(world.library, { environment, layout: wrong[layout] }),
    ).rejects.toMatchObject({ code: 'ADAPTOR_INCOMPATIBLE' });
  });
});
