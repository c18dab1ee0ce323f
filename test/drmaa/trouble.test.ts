/** What becomes of a program whose DRMAA 2 library crashes, blocks, lies, or is killed. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Drmaa2JobSession } from '@pstar/adaptor-drmaa';
import { filter, firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { processesWith, signalProcess } from '../../packages/core/src/adaptor/local-process.ts';
import { Drmaa2World, newSession } from './fixture.ts';

const PATIENCE = { timeout: 20 };
/** For a library that has to be compiled first, on a machine that has other things to do. */
const COMPILED_MS = 120_000;

/** The processes that have the library of a world loaded; its native jobs have other parents. */
function helpersOf({ root }: Drmaa2World) {
  const all = processesWith('DRMAA2_TEST_ROOT', root);
  return all.filter(({ parent }) => parent === process.pid);
}

describe('a DRMAA 2 library in trouble', () => {
  let world: Drmaa2World;
  let session: Drmaa2JobSession;

  beforeAll(async () => {
    // One call is to run into it, and no other, on however busy a machine.
    world = await Drmaa2World.open({ layout: 'age', callTimeout: 8 });
  }, COMPILED_MS);

  beforeEach(async () => {
    session = await newSession(world.drmaa);
  });

  afterEach(async () => {
    await world.fail();
    await session.close();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it('crashes: who asked hears of it, and everything else goes on', async () => {
    using before = await session.runJob(world.gated);
    const array = await session.runBulkJobs(world.gated, { beginIndex: 1, endIndex: 2 });
    const other = await newSession(world.drmaa);
    await world.fail('run_job:segfault@1');
    await expect(session.runJob(world.shell('true'))).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      call: 'drmaa2_jsession_run_job',
      inDoubt: true,
      message: expect.stringContaining('SIGSEGV'),
    });
    // In the process that replaces it, the session is open and what was in it is found by its id.
    expect((await before.getInfo()).jobId).toBe(before.id);
    expect(await array.getJobs()).toHaveLength(2);
    await before.terminate();
    expect((await before.waitTerminated(PATIENCE)).state).toBe('FAILED');
    await array.terminate();
    using another = await session.runJob(world.shell('true'));
    expect((await another.waitTerminated(PATIENCE)).state).toBe('DONE');
    using elsewhere = await other.runJob(world.shell('true'));
    expect((await elsewhere.waitTerminated(PATIENCE)).state).toBe('DONE');
    await other.close();
  });

  it('crashes over a question: it is asked again', async () => {
    using job = await session.runJob(world.shell('exit 6'));
    await job.waitTerminated(PATIENCE);
    await world.fail(`j_get_info:abort@1`);
    expect((await job.getInfo()).exitStatus).toBe(6);
  });

  it('blocks: the call fails in time, and the next one does not', async () => {
    using job = await session.runJob(world.gated);
    await world.fail('j_terminate:hang@1');
    await expect(job.terminate()).rejects.toMatchObject({
      code: 'TIMEOUT',
      call: 'drmaa2_j_terminate',
      subject: world.library,
      inDoubt: true,
    });
    await job.terminate();
    expect((await job.waitTerminated(PATIENCE)).state).toBe('FAILED');
  });

  it('answers garbage: no value of it gets through', async () => {
    using job = await session.runJob(world.shell('true'));
    await job.waitTerminated(PATIENCE);
    await world.fail('j_get_state:garbage');
    await expect(job.getState()).rejects.toMatchObject({ code: 'ADAPTOR_FAILED' });
    await world.fail('j_get_info:garbage');
    await expect(job.getInfo()).rejects.toMatchObject({ code: 'ADAPTOR_FAILED' });
    await world.fail('run_job:error=99');
    await expect(session.runJob(world.shell('true'))).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      call: 'drmaa2_jsession_run_job',
    });
    await world.fail();
    expect((await job.getState()).state).toBe('DONE');
  });

  it('is killed: what was open in it is opened again', async () => {
    const { drmaa } = world;
    await using monitoring = await drmaa.openMonitoringSession();
    await using reservations = await drmaa.createReservationSession('reserved');
    using reservation = await reservations.requestReservation({ duration: 60, minSlots: 1 });
    using job = await session.runJob(world.gated);
    const [[seen], [reserved]] = await Promise.all([
      monitoring.getAllJobs({ jobId: job.id }),
      monitoring.getAllReservations(),
    ]);
    const told = firstValueFrom(
      drmaa.notifications$.pipe(filter(({ jobState }) => jobState === 'FAILED')),
    );
    for (const helper of helpersOf(world)) signalProcess(helper, 'SIGKILL');
    expect((await monitoring.getAllQueues()).length).toBe(2);
    expect((await seen?.getInfo())?.jobId).toBe(job.id);
    expect((await reserved?.getInfo())?.reservationId).toBe(reservation.id);
    expect((await reservation.getInfo()).reservationId).toBe(reservation.id);
    await job.terminate();
    expect((await told).jobId).toBe(job.id);
    await reservation.terminate();
    for (const each of [seen, reserved]) each?.[Symbol.dispose]();
  });

  it('is killed while somebody waits and somebody watches: both come to the end', async () => {
    using job = await session.runJob(world.gated);
    await job.waitStarted(PATIENCE);
    const seen = lastValueFrom(job.state$.pipe(toArray()));
    const ended = job.waitTerminated(PATIENCE);
    const any = session.waitAnyTerminated([job], PATIENCE);
    for (const helper of helpersOf(world)) signalProcess(helper, 'SIGKILL');
    await world.openGate();
    expect((await ended).state).toBe('DONE');
    expect(await any).toBe(job);
    expect((await seen).at(-1)?.state).toBe('DONE');
  });
});

describe('objects that nobody holds any more', () => {
  it('are freed in C', async () => {
    await using world = await Drmaa2World.open({ layout: 'age' });
    const session = await newSession(world.drmaa);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // In a function of its own, so that nothing of it is left on the stack.
    const forget = async () => {
      for (let index = 0; index < 3; index++) await session.runJob(world.shell('true'));
    };
    await forget();
    await vi.waitFor(
      async () => {
        collect();
        await session.getContact();
        const counters = await world.counters();
        const jobs = counters.find((each) => each['job'] !== undefined)?.['job'];
        expect(jobs).toEqual({ created: 3, freed: 3 });
      },
      { timeout: 20_000, interval: 50 },
    );
  });
});
