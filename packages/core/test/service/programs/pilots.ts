/**
 * A user's program, to be killed: opens a service in the store that it is given, creates a pilot,
 * says so once it runs, and does nothing more.
 */
import { PilotJobService } from '../../../src/service/pilot-job-service.ts';

const [store = '', initCommand = ''] = process.argv.slice(2);
const service = await PilotJobService.open({ store });
const initCommands = initCommand === '' ? {} : { initCommands: [initCommand] };
const pilot = await service.create('local://', { totalCpuCount: 2, ...initCommands });
pilot.state$.subscribe((state) => {
  if (state === 'Running') process.stdout.write(`${service.id} ${pilot.id}\n`);
});
