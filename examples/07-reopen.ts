/**
 * Nothing is lost when the program dies. This one starts itself as a second program, kills that in
 * the middle of its work, and goes on in its place: no unit is missing and none ran twice.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { filter, firstValueFrom } from 'rxjs';
import { check } from './lib/check.ts';
import { showProgress } from './lib/progress.ts';
import { temporaryDirectory } from './lib/temporary-directory.ts';

const UNITS = 400;
const KILLED_AFTER = 100;

/** What the second program says before it is killed: all that one needs to go on. */
interface Ids {
  readonly pilots: string;
  readonly work: string;
}

const [, , place] = process.argv;
if (place === undefined) await goOn();
else await begin(place);

/** The program that is killed. */
async function begin(workingDirectory: string): Promise<void> {
  const pilots = await PilotJobService.open();
  const work = await WorkUnitService.open({ services: [pilots] });
  await pilots.create('local://', { totalCpuCount: 4 });
  await work.submit(
    Array.from({ length: UNITS }, () => ({
      executable: 'sh',
      arguments: ['-c', 'echo $PSTAR_UNIT_ID >>ledger; sleep 0.02'],
      workingDirectory,
    })),
  );
  await firstValueFrom(work.statistics$.pipe(filter(({ byState }) => byState.Done > KILLED_AFTER)));
  process.send?.({ pilots: pilots.id, work: work.id } satisfies Ids);
  await work.wait();
}

/** The program that takes its place. */
async function goOn(): Promise<void> {
  await using directory = await temporaryDirectory();
  const other = fork(import.meta.filename, [directory.path]);
  const [ids] = (await once(other, 'message')) as [Ids];
  other.kill('SIGKILL');
  await once(other, 'exit');
  console.log(`the program that submitted ${UNITS} units has been killed`);

  await using pilots = await PilotJobService.open({ id: ids.pilots });
  await using work = await WorkUnitService.open({ id: ids.work, services: [pilots] });
  const { byState, total } = work.statistics;
  console.log(`opened by id: ${byState.Done} of ${total} units are done`);
  check(total === UNITS && byState.Done > KILLED_AFTER, 'something has been forgotten');

  await showProgress(work, total);
  const started = readFileSync(`${directory.path}/ledger`, 'utf8').trimEnd().split('\n');
  for (const { state, id } of work.workUnits) check(state === 'Done', `${id} is ${state}`);
  check(started.length === UNITS, `there were ${started.length} starts of ${UNITS} units`);
  check(new Set(started).size === UNITS, 'one ran twice, and another not at all');
  console.log(`${UNITS} units are done; each ran once, by its own account`);
}
