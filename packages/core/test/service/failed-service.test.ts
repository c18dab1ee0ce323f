import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/runtime/log.ts';
import { WorkUnitService } from '../../src/service/work-unit-service.ts';
import { leftOf, pilotServices, reaches } from './pilot-services.ts';

const world = pilotServices();
const FAILED = { code: 'STORE_UNWRITABLE', problem: 'the file was deleted while it was in use' };

/** Until a stream ends, and how. */
function endOf(stream: {
  subscribe(observer: { complete(): void; error(error: unknown): void }): unknown;
}): Promise<void> {
  return new Promise((complete, error) => stream.subscribe({ complete, error }));
}

describe('a service whose store was deleted', () => {
  let work: WorkUnitService;
  afterEach(() => work.close().catch(() => {}));

  it('tells whoever waits for its units, and ends their streams', async () => {
    work = await WorkUnitService.open({ id: 'work', store: world.store, log: silentLog });
    const unit = await work.submit({ executable: 'true' });
    const others = await work.group('others').submit([{ executable: 'true' }]);
    const waits = [
      unit.result(),
      unit.finished(),
      work.wait(),
      work.wait(others),
      work.group('others').finished(),
    ].map((wait) => expect(wait).rejects.toMatchObject(FAILED));
    const streams = [unit.state$, unit.stdout$, work.events$, work.statistics$].map(endOf);
    await rm(world.store, { recursive: true });
    await expect(unit.cancel()).rejects.toMatchObject(FAILED);
    await Promise.all([...waits, ...streams]);
    await expect(unit.result()).rejects.toMatchObject(FAILED);
    await expect(work.cancel()).rejects.toMatchObject({ code: FAILED.code });
  });

  it('ends its pilots all the same when it is canceled, and says why it could not record it', async () => {
    work = await WorkUnitService.open({ store: world.store, log: silentLog });
    const service = await world.open();
    work.add(service);
    const pilot = await service.create('local://', { totalCpuCount: 1 });
    await reaches(pilot, 'Running');
    const streams = [pilot.state$, pilot.stateDetail$, service.events$, service.pilotJobs$].map(
      endOf,
    );
    await rm(world.store, { recursive: true });
    const canceling = expect(service.cancel()).rejects.toMatchObject(FAILED);
    await expect(pilot.finished()).rejects.toMatchObject(FAILED);
    await Promise.all([canceling, ...streams]);
    expect(leftOf(pilot)).toEqual([]);
  });
});
