/**
 * A user's program that waits for nothing: it hangs on to results whose rejection nobody catches, and
 * comes to the end of its services, which cancels them. `keeps`: its pilots are nobody's to end.
 */
import { filter, firstValueFrom } from 'rxjs';
import { silentLog } from '../../../src/runtime/log.ts';
import { PilotJobService } from '../../../src/service/pilot-job-service.ts';
import { WorkUnitService } from '../../../src/service/work-unit-service.ts';

const [store = '', how = ''] = process.argv.slice(2);
const log = silentLog;
const pilots = await PilotJobService.open({ store, log });
await using _held = how === 'keeps' ? undefined : pilots;
await using work = await WorkUnitService.open({ store, services: [pilots], log });
const pilot = await pilots.create('local://', { totalCpuCount: 1 });
const sleep = { executable: 'sleep', arguments: [1000] };
const units = await work.submit([sleep, sleep, sleep]);
await firstValueFrom(work.statistics$.pipe(filter(({ byState }) => byState.Running > 0)));
for (const unit of units) void unit.result().then(() => {});
process.stdout.write(`${pilots.id} ${pilot.id}\n`);
