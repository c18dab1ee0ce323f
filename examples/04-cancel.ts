/** Canceling in the middle: a group with running and waiting units ends, and nothing else does. */
import { PilotJobService, type WorkStatistics, WorkUnitService } from '@pstar/core';
import { filter, firstValueFrom } from 'rxjs';
import { check } from './lib/check.ts';
import { processesOf } from './lib/processes.ts';

await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });
await pilots.create('local://', { totalCpuCount: 4 });

const sleepers = work.group('sleepers', {
  defaults: { executable: 'sleep', maxCancellationTime: '2s' },
});
await sleepers.submit(Array.from({ length: 100 }, () => ({ arguments: [600] })));
const survivor = await work.submit({
  executable: 'true',
  dependsOn: { group: 'sleepers', on: 'finished' },
});

await firstValueFrom(work.statistics$.pipe(filter(({ byState }) => byState.Running === 4)));
const before = processesOf(work).length;
console.log(`before: ${describe(work.statistics)}; ${before} processes`);

await sleepers.cancel();
await sleepers.finished();
await survivor.result();

const after = processesOf(work).length;
console.log(`after:  ${describe(work.statistics)}; ${after} processes`);

const { Canceled, Done } = work.statistics.byState;
check(Canceled === 100 && Done === 1, `${Canceled} are canceled and ${Done} done`);
check(before === 4, `${before} processes ran before`);
check(after === 0, `${after} processes are left`);

/** `4 Running, 96 Pending` */
function describe({ byState }: WorkStatistics): string {
  return Object.entries(byState)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}
