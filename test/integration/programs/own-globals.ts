/** Somebody's test of a program that uses us. */
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { expect, it } from 'vitest';
import { double, picky } from '../../functions/mapped.ts';

const COUNT = 300;

it('runs in a context with globals of its own', () => {
  expect(Object.getPrototypeOf(Uint32Array)).not.toBe(Object.getPrototypeOf(Uint8Array));
});

it('runs units and calls, and opens what was closed', async () => {
  const store = process.env['PSTAR_TEST_STORE'] as string;
  await using pilots = await PilotJobService.open({ store });
  const first = await WorkUnitService.open({ store, services: [pilots] });
  await pilots.create('local://', { totalCpuCount: 2 });

  const units = await first.submit(
    Array.from({ length: COUNT }, (_, i) => ({ executable: i === 7 ? 'false' : 'true' })),
  );
  await first.wait(units);
  expect(units.map((unit) => unit.state).filter((state) => state !== 'Done')).toEqual(['Failed']);
  await first.close();

  await using work = await WorkUnitService.open({ store, id: first.id, services: [pilots] });
  const states = [...work.workUnits].map((unit) => unit.state);
  expect(states.filter((state) => state === 'Done')).toHaveLength(COUNT - 1);

  const inputs = Array.from({ length: COUNT }, (_, i) => i);
  expect(await work.map(double, inputs).all()).toEqual(inputs.map((i) => i * 2));
  await expect(work.map(picky, [7]).all()).rejects.toThrow('7 will not do');
});
