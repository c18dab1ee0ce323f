/**
 * Has one file travel to a host and come back, and says how much memory that took here, in bytes, and
 * which host's agent it was: `large.ts URL STORE SOURCE TARGET`.
 */
import { PilotJobService, WorkUnitService } from '@pstar/core';

const [rm = '', store = '', source = '', target = ''] = process.argv.slice(2);
const pilots = await PilotJobService.open({ store });
const work = await WorkUnitService.open({ store, services: [pilots] });
await pilots.create(rm, { totalCpuCount: 1 });
const [unit] = await work.submit([
  {
    executable: '/bin/sh',
    // The agent is its parent.
    arguments: ['-c', 'mv there back; grep VmHWM /proc/$PPID/status >memory'],
    fileTransfer: [`${source} > there`, `${target} < back`, `${target}-memory < memory`],
  },
]);
await work.wait();
const { maxRSS } = process.resourceUsage();
const { state, exit } = unit ?? {};
process.stdout.write(
  `${JSON.stringify({ state, problem: exit?.problem, bytes: maxRSS * 1024 })}\n`,
);
await work.cancel();
await pilots.cancel();
