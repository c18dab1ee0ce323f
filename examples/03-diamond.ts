/**
 * Dependencies, with one branch that fails and one that is tried twice:
 *
 *              numbers
 *             /       \
 *           odd      negative      odd fails once and is retried; there is no negative number
 *             \       /
 *               table              canceled, because of negative
 *                 |
 *               report             canceled, because of negative
 *
 * and tidy, which runs once both branches are over, however they ended.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PilotJobService, type WorkUnitDescription, WorkUnitService } from '@pstar/core';
import { check } from './lib/check.ts';
import { temporaryDirectory } from './lib/temporary-directory.ts';

await using directory = await temporaryDirectory();
await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });
await pilots.create('local://', { totalCpuCount: 2 });

/** A unit that runs a line of shell in the common directory; others may name it. */
function shell(
  name: string,
  script: string,
  more: Partial<WorkUnitDescription> = {},
): WorkUnitDescription {
  const workingDirectory = directory.path;
  return { name, executable: 'sh', arguments: ['-c', script], workingDirectory, ...more };
}

const units = await work.submit([
  shell('numbers', 'seq 1 1000 > numbers'),
  shell('odd', '[ "$PSTAR_ATTEMPT" -ge 2 ] && grep "[13579]$" numbers > odd', {
    dependsOn: 'numbers',
    retries: { limit: 3, delay: '100ms' },
  }),
  shell('negative', 'grep "^-" numbers > negative', { dependsOn: 'numbers' }),
  shell('table', 'paste odd negative > table', { dependsOn: ['odd', 'negative'] }),
  shell('report', 'wc -l table > report', { dependsOn: 'table' }),
  shell('tidy', 'rm numbers', {
    dependsOn: [
      { unit: 'odd', on: 'finished' },
      { unit: 'negative', on: 'finished' },
    ],
  }),
]);
await work.wait();

for (const { description, state, attempt, stateDetail } of units) {
  console.log(`${description.name?.padEnd(9)} ${state.padEnd(9)} ${attempt}  ${stateDetail}`);
}

const [, odd, negative, table, report, tidy] = units;
check(
  units.map(({ state }) => state).join() === 'Done,Done,Failed,Canceled,Canceled,Done',
  'these are not the states that were expected',
);
check(odd?.exit?.attempt === 2, `odd took ${odd?.exit?.attempt} attempts`);
check(negative?.exit?.exitCode === 1, `negative exited with ${negative?.exit?.exitCode}`);
for (const unit of [table, report]) {
  check(negative && unit?.stateDetail.includes(negative.id), `why ${unit?.stateDetail}?`);
}
check(tidy?.exit !== undefined, 'tidy has not run');

const left = await readdir(directory.path);
check(!left.includes('numbers') && !left.includes('table'), `there are ${left.join(', ')}`);
const lines = (await readFile(join(directory.path, 'odd'), 'utf8')).trimEnd().split('\n');
check(lines.length === 500, `odd has ${lines.length} numbers`);
