/** A program is killed with SIGKILL while its Grid Engine pilot lives on. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drmaaAdaptor } from '@pstar/adaptor-drmaa';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { disagreements } from '../chaos/ledgers.ts';
import { PATIENCE_MS } from '../clusters/base/pilot-world.ts';
import { startProgram } from '../clusters/base/programs.ts';
import { type GridEngineCluster, startGridEngine } from '../clusters/gridengine/cluster.ts';
import { reached } from '../integration/fixture.ts';
import { gridEngineUrl, leftQueue, numbersIn } from './fixture.ts';

const PROGRAM = new URL('program.ts', import.meta.url).pathname;

describe('kill -9 of a program with a Grid Engine pilot', { timeout: 2 * PATIENCE_MS }, () => {
  let cluster: GridEngineCluster;
  beforeAll(async () => {
    cluster = await startGridEngine();
  });
  afterAll(() => cluster.stop());

  it('the next one has the pilot and its units, by the session of the first, and ends it', async () => {
    const store = await mkdtemp(join(tmpdir(), 'pstar-test-'));
    onTestFinished(() => rm(store, { recursive: true, force: true }));
    const [ledgers, gate] = [join(store, 'ledgers'), join(store, 'gate')];
    await mkdir(ledgers);
    const killed = startProgram([PROGRAM, store, gridEngineUrl(cluster), ledgers, gate]);
    const nativeId = await killed.line;
    killed.child.kill('SIGKILL');
    await killed.over;

    const pilots = await PilotJobService.open({ store, id: 'pilots', adaptors: [drmaaAdaptor] });
    const work = await WorkUnitService.open({ store, id: 'work', services: [pilots] });
    const [pilot] = pilots.pilotJobs;
    if (pilot === undefined) throw new Error('the pilot is not known any more');
    expect(pilot.nativeId).toBe(nativeId);
    await reached(pilot, 'Running');
    await writeFile(gate, '');
    await work.wait();
    const told = [...work.workUnits].map(({ id, state, attempt, exit }) => ({
      id,
      state,
      attempt,
      exitCode: exit?.exitCode,
    }));
    expect(told.map(({ state, attempt }) => `${state} ${attempt}`)).toEqual(
      Array(3).fill('Done 1'),
    );
    expect(disagreements(ledgers, told, [])).toEqual([]);
    expect(await numbersIn(cluster)).toEqual([nativeId]);
    await work.cancel();
    await pilots.cancel();
    expect(pilot.state).toBe('Canceled');
    await leftQueue(cluster, pilot);
  });
});
