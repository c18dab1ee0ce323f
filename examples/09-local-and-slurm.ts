/**
 * Pilots here and in a cluster's queue work on the same units: this machine begins at once, and the
 * cluster takes its share as soon as it comes. Units know nothing of either.
 */
import { PilotJobService, type WorkUnit, WorkUnitService } from '@pstar/core';
import { filter, firstValueFrom } from 'rxjs';
import { check } from './lib/check.ts';

const [, , host = '127.0.0.1'] = process.argv;

await using pilots = await PilotJobService.open({ listen: { host } });
await using work = await WorkUnitService.open({ services: [pilots] });

const submit = (count: number) =>
  work.submit(Array.from({ length: count }, () => ({ executable: 'sleep', arguments: [0.05] })));
const inPilot = (units: readonly WorkUnit[], id: string) =>
  units.filter(({ pilotJob }) => pilotJob?.id === id).length;

const here = await pilots.create('local://', { name: 'here', totalCpuCount: 2 });
const first = await submit(20);
await work.wait(first);
console.log(`${inPilot(first, here.id)} of the first ${first.length} units ran here`);

// Whatever waits in the queue holds up nothing.
const there = await pilots.create('slurm://', {
  name: 'there',
  totalCpuCount: 4,
  wallTimeLimit: '10m',
});
const meanwhile = await submit(20);
await firstValueFrom(there.state$.pipe(filter((state) => state === 'Running')));
const rest = await submit(200);
await work.wait();

const shares = [here, there].map(({ id }) => inPilot(rest, id));
console.log(`of the last ${rest.length}, ${shares[0]} ran here and ${shares[1]} in Slurm`);

for (const unit of [...first, ...meanwhile, ...rest]) {
  check(unit.state === 'Done', `${unit.id}\n${unit.explain()}`);
}
check(inPilot(first, here.id) === first.length, 'something ran before there was a second pilot');
check(
  shares.every((share) => share > 0),
  'a pilot got no work',
);
