/**
 * The experiment of the P* paper: one program and one kind of pilot over resources that have nothing in
 * common: processes of this machine, a Slurm cluster by its commands, and a Grid Engine by DRMAA. Says
 * how many units each of them took, and how long it was.
 *
 * Units know of no resource. They go where a core is free, so each takes what it can, and nobody has to
 * know beforehand how fast it is, or when its queue lets the pilot in.
 */
import { PilotJobService, type WorkUnit, WorkUnitService } from '@pstar/core';
import { filter, firstValueFrom } from 'rxjs';
import { check } from './lib/check.ts';
import { mostAtOnce } from './lib/most-at-once.ts';

const UNITS = 1000;
const CORES = 4;
const RESOURCES = { here: 'local://', slurm: 'slurm://', gridengine: 'drmaa://' };

const [, , host = '127.0.0.1'] = process.argv;

await using pilots = await PilotJobService.open({ listen: { host } });
await using work = await WorkUnitService.open({ services: [pilots] });

const created = await Promise.all(
  Object.entries(RESOURCES).map(([name, rm]) =>
    pilots.create(rm, { name, totalCpuCount: CORES, wallTimeLimit: '10m' }),
  ),
);
// The wait in the queues is another matter: here it is about the work.
for (const { state$ } of created) {
  await firstValueFrom(state$.pipe(filter((state) => state === 'Running')));
}

const units = await work.submit(
  Array.from({ length: UNITS }, () => ({ executable: 'sleep', arguments: [0.05] })),
);
await work.wait(units);

console.log('resource     units  at once  seconds');
for (const { description, id } of created) {
  report(
    description.name ?? id,
    units.filter(({ pilotJob }) => pilotJob?.id === id),
  );
}
report('all', units);

for (const unit of units) check(unit.state === 'Done', `${unit.id}\n${unit.explain()}`);
for (const { description, id } of created) {
  const own = units.filter(({ pilotJob }) => pilotJob?.id === id);
  check(own.length > 0, `${description.name} got no work`);
  check(mostAtOnce(own) <= CORES, `${description.name} ran more units at once than it has cores`);
}

function report(name: string, own: readonly WorkUnit[]): void {
  const exits = own.flatMap(({ exit }) => exit ?? []);
  const begin = Math.min(...exits.map(({ startedAt }) => startedAt.getTime()));
  const end = Math.max(...exits.map(({ finishedAt }) => finishedAt.getTime()));
  const numbers = [own.length, mostAtOnce(own), ((end - begin) / 1000).toFixed(1)];
  const [count = '', most = '', seconds = ''] = numbers.map(String);
  console.log(`${name.padEnd(11)} ${count.padStart(6)} ${most.padStart(8)} ${seconds.padStart(8)}`);
}
