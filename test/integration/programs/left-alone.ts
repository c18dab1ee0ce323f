/**
 * Gives work to a pilot, says its ids and process once so many units run, and is to be killed.
 *
 * `left-alone.ts STORE PILOT SERVICES…`: a description, and for each service a list of them, as JSON.
 */
import { PilotJobService, type WorkUnitDescription, WorkUnitService } from '@pstar/core';
import { filter, firstValueFrom } from 'rxjs';

const [store = '', pilot = '', ...services] = process.argv.slice(2);
const pilots = await PilotJobService.open({ store });
const { nativeId } = await pilots.create('local://', JSON.parse(pilot));
const work: string[] = [];
for (const units of services) {
  const service = await WorkUnitService.open({ store, services: [pilots] });
  const descriptions = JSON.parse(units) as WorkUnitDescription[];
  await service.submit(descriptions);
  work.push(service.id);
  const haveStarted = filter<typeof service.statistics>(
    ({ byState: { Pending, Scheduled } }) => Pending + Scheduled === 0,
  );
  await firstValueFrom(service.statistics$.pipe(haveStarted));
}
const pid = Number(nativeId?.split(':')[0]);
process.stdout.write(`${JSON.stringify({ pilots: pilots.id, work, pid })}\n`);
