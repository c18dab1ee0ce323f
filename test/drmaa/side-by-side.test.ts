/** Libraries of both standards, of several makers and layouts, at work in one program. */
import { type Drmaa, loadDrmaa, loadDrmaa2 } from '@pstar/adaptor-drmaa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  DRMAA_LIBRARY,
  type GridEngineCluster,
  startGridEngine,
} from '../clusters/gridengine/cluster.ts';
import { Drmaa2World, newSession } from './fixture.ts';

const PATIENCE = { timeout: 25 };

describe('two layouts of DRMAA 2 beside the DRMAA 1 of Grid Engine', () => {
  let cluster: GridEngineCluster;
  let gridEngine: Drmaa;
  let first: Drmaa2World;
  let second: Drmaa2World;

  beforeAll(async () => {
    cluster = await startGridEngine();
    [gridEngine, first, second] = await Promise.all([
      loadDrmaa(DRMAA_LIBRARY, { environment: cluster.environment }),
      Drmaa2World.open({ layout: 'ogf' }),
      Drmaa2World.open({ layout: 'age' }),
    ]);
    // The libraries may have to be compiled first.
  }, 120_000);

  afterAll(async () => {
    await gridEngine.close();
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
    await cluster.stop();
  });

  it('each is itself', async () => {
    expect(gridEngine.drmSystem).toMatch(/^SGE/);
    expect(first.drmaa.layout).toBe('ogf');
    expect(second.drmaa.layout).toBe('age');
    expect(await second.drmaa.drmsName()).toBe('pstar-test');
  });

  it('each runs what it is given, at the same time, also while one of them crashes', async () => {
    const session = await gridEngine.init();
    const [one, two] = [await newSession(first.drmaa), await newSession(second.drmaa)];
    const id = await session.runJob({ remoteCommand: '/bin/sh', args: ['-c', 'exit 7'] });
    const [left, right] = await Promise.all([
      one.runJob(first.shell('exit 8')),
      two.runJob(second.shell('exit 9')),
    ]);
    await first.fail('j_get_info:segfault@1');
    const [usage, leftInfo, rightInfo] = await Promise.all([
      session.wait(id, PATIENCE),
      left.waitTerminated(PATIENCE).then(() => left.getInfo()),
      right.waitTerminated(PATIENCE).then(() => right.getInfo()),
    ]);
    expect(usage.exitStatus).toBe(7);
    expect(leftInfo.exitStatus).toBe(8);
    expect(rightInfo.exitStatus).toBe(9);
    await session.exit();
  });

  it('one that died with its program is opened by the next, with all that was in it', async () => {
    const session = await newSession(first.drmaa);
    using gated = await session.runJob(first.gated);
    using over = await session.runJob(first.shell('exit 5'));
    await over.waitTerminated(PATIENCE);
    // As another program: nothing of the one before is there but what the resource manager has.
    const environment = { DRMAA2_TEST_ROOT: first.root };
    await using next = await loadDrmaa2(first.library, { environment });
    const again = await next.openJobSession(session.name);
    const jobs = await again.getJobs();
    expect(jobs.map(({ id }) => id)).toEqual([gated.id, over.id]);
    expect((await jobs[1]?.getInfo())?.exitStatus).toBe(5);
    await first.openGate();
    expect((await jobs[0]?.waitTerminated(PATIENCE))?.state).toBe('DONE');
  });
});
