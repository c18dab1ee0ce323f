/** The smallest program: one pilot, one work unit, and what it says. */
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { lastValueFrom, toArray } from 'rxjs';
import { check } from './lib/check.ts';

// Both are ended when this program is, whatever happens; nothing of theirs is left behind.
await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });

// A pilot of one core on this machine. On a cluster it would wait in the queue, once.
const pilot = await pilots.create('local://', { totalCpuCount: 1 });

// The unit waits here, not in a queue, until a pilot has room for it.
const unit = await work.submit({ executable: 'echo', arguments: ['hello from a pilot'] });
const { exitCode, host } = await unit.result();
const said = Buffer.concat(await lastValueFrom(unit.stdout$.pipe(toArray()))).toString();

console.log(`${unit.id} ran on ${host} in ${pilot.id} and said: ${said.trim()}`);
check(exitCode === 0 && said === 'hello from a pilot\n', `exit ${exitCode}, said '${said}'`);
