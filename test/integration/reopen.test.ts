/** What is there again when a service is opened by its id. */
import { listServices, PilotJobService, WorkUnitService } from '@pstar/core';
import { describe, expect, it } from 'vitest';
import { openRunningWorld, openWorld, reached, shell } from './fixture.ts';

describe('a work unit service', () => {
  it('has its units, groups, exits and dependencies again, and goes on', async () => {
    const { store, work, pilots } = await openRunningWorld({ totalCpuCount: 2 });
    const done = await work.submit({
      ...shell('echo gone wrong >&2; exit 4'),
      name: 'bad',
      group: 'g',
    });
    await done.finished();
    const waiting = await work.submit([
      { executable: '/bin/true', totalCpuCount: 3, name: 'wide' },
      { executable: '/bin/true', dependsOn: 'wide', arguments: ['own', 7] },
      { ...shell('true'), dependsOn: { unit: done, on: 'finished' } },
    ]);
    await waiting[2]?.finished();
    await work.close();

    const again = await WorkUnitService.open({ store, id: work.id });
    const [bad, wide, dependent, after] = [...again.workUnits];
    expect([bad, wide, dependent, after].map((unit) => unit?.state)).toEqual([
      'Failed',
      'Pending',
      'Waiting',
      'Done',
    ]);
    expect(bad?.exit).toMatchObject({ exitCode: 4, reason: 'EXIT_CODE', attempt: 1 });
    expect(bad?.exit?.stderrTail).toContain('gone wrong');
    expect(bad?.exit).toEqual(done.exit);
    expect(dependent?.description.arguments).toEqual(['own', '7']);
    expect(again.group('g').size).toBe(1);
    expect(again.statistics.byState).toMatchObject({ Failed: 1, Pending: 1, Waiting: 1, Done: 1 });

    again.add(pilots);
    await pilots.create('local://', { totalCpuCount: 3 });
    await again.wait();
    expect(dependent?.state).toBe('Done');
    await again.cancel();
  });

  it('takes units that ran on from the agents that have them, and runs none twice', async () => {
    const { store, work, pilots, pilot } = await openRunningWorld({ totalCpuCount: 2 });
    const units = await work.submit(
      Array.from({ length: 6 }, () => shell('echo run >> ledger.$PSTAR_UNIT_ID; sleep 0.3')).map(
        (unit) => ({ ...unit, workingDirectory: store }),
      ),
    );
    await reached(units[0] as (typeof units)[0], 'Running');
    await work.close();
    const again = await WorkUnitService.open({ store, id: work.id, services: [pilots] });
    await again.wait();
    expect([...again.workUnits].map((unit) => unit.state)).toEqual(Array(6).fill('Done'));
    expect([...again.workUnits].map((unit) => unit.attempt)).toEqual(Array(6).fill(1));
    expect(again.workUnits.at(0)?.pilotJob?.id).toBe(pilot.id);
    await again.cancel();
  });

  it('that was canceled is there with all that it had, and takes more', async () => {
    const { store, work, pilots } = await openRunningWorld({ totalCpuCount: 1 });
    const before = await work.submit({ executable: '/bin/sleep', arguments: [100] });
    await work.cancel();
    await expect(work.submit({ executable: '/bin/true' })).rejects.toMatchObject({
      code: 'SERVICE_CLOSED',
      hint: expect.stringContaining(work.id),
    });
    const again = await WorkUnitService.open({ store, id: work.id, services: [pilots] });
    expect([...again.workUnits].map((unit) => unit.state)).toEqual([before.state]);
    const unit = await again.submit({ executable: '/bin/true' });
    await unit.result();
    await again.cancel();
    await pilots.cancel();
  });
});

describe('a store', () => {
  it('lists its services with their states', async () => {
    const { store, work, pilots } = await openWorld();
    const other = await PilotJobService.open({ store });
    await other.close();
    const listed = new Map((await listServices(store)).map((service) => [service.id, service]));
    expect(listed.get(work.id)).toMatchObject({
      kind: 'work',
      state: 'Open',
      holder: { pid: process.pid },
    });
    expect(listed.get(pilots.id)).toMatchObject({ kind: 'pilots', state: 'Open' });
    expect(listed.get(other.id)?.state).toBe('Closed');
    expect(listed.get(other.id)?.holder).toBeUndefined();
  });
});
