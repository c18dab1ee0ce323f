/**
 * Many to many: two services of work share three pilots that belong to two services of pilots.
 *
 * Units are bound late, to whichever pilot has room; one that names its pilot is bound early.
 */
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { filter, firstValueFrom } from 'rxjs';
import { check } from './lib/check.ts';

await using desk = await PilotJobService.open();
await using rack = await PilotJobService.open();
await using simulations = await WorkUnitService.open({ services: [desk, rack] });
await using analyses = await WorkUnitService.open({ services: [rack] });

const small = await desk.create('local://', { name: 'small', totalCpuCount: 1 });
const [large, licensed] = await Promise.all([
  rack.create('local://', { name: 'large', totalCpuCount: 3 }),
  rack.create('local://', {
    name: 'licensed',
    totalCpuCount: 1,
    agent: { resources: { licenses: 1 } },
  }),
]);
for (const { state$ } of [small, large, licensed]) {
  await firstValueFrom(state$.pipe(filter((state) => state === 'Running')));
}

const sleep = { executable: 'sleep', arguments: [0.05] };

const [late, early, solved] = await Promise.all([
  simulations.submit(Array.from({ length: 60 }, () => sleep)),
  simulations.submit(Array.from({ length: 5 }, () => ({ ...sleep, pilotJob: small }))),
  // Only one pilot has a license, so these run there, one after another.
  analyses.submit(Array.from({ length: 5 }, () => ({ ...sleep, resources: { licenses: 1 } }))),
]);
await Promise.all([simulations.wait(), analyses.wait()]);

for (const pilot of [small, large, licensed]) {
  const ran = [...simulations.workUnits, ...analyses.workUnits].filter(
    ({ pilotJob }) => pilotJob?.id === pilot.id,
  );
  console.log(
    `${pilot.description.name?.padEnd(8)} of ${pilot.description.totalCpuCount} cores ran ${ran.length} units`,
  );
}

for (const unit of [...late, ...early, ...solved]) {
  check(unit.state === 'Done', `${unit.id}\n${unit.explain()}`);
}
check(new Set(late.map(({ pilotJob }) => pilotJob?.id)).size === 3, 'some pilot got no work');
check(
  early.every(({ pilotJob }) => pilotJob?.id === small.id),
  'a unit left the pilot it named',
);
check(
  solved.every(({ pilotJob }) => pilotJob?.id === licensed.id),
  'one ran without a license',
);
