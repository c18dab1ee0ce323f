/**
 * A pilot on Grid Engine, or on whatever else has a DRMAA library: it waits in the queue once; then its
 * cores take work at once, for as long as it lives. Needs what `qsub` needs (SGE_ROOT, or a cell where
 * Debian has it), and hosts that reach this machine: on a real cluster, name an address of it that they
 * know, as first argument.
 */
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { lastValueFrom, toArray } from 'rxjs';
import { check } from './lib/check.ts';

const CORES = 4;
const UNITS = 100;

const [, , host = '127.0.0.1'] = process.argv;

await using pilots = await PilotJobService.open({ listen: { host } });
await using work = await WorkUnitService.open({ services: [pilots] });

// Several cores of one host need a parallel environment; one that does it is looked for.
const pilot = await pilots.create('drmaa://', {
  name: 'example',
  totalCpuCount: CORES,
  wallTimeLimit: '10m',
});
console.log(`Grid Engine has it as ${pilot.nativeId}`);
// What qstat says of it, as long as it waits.
const words = pilot.stateDetail$.subscribe((detail) => console.log(`${pilot.state}: ${detail}`));

const units = await work.submit(
  Array.from({ length: UNITS }, () => ({
    executable: 'sh',
    arguments: ['-c', 'echo "job $JOB_ID"; sleep 0.1'],
  })),
);
// What each says is kept until somebody listens.
const said = await Promise.all(
  units.map(async ({ stdout$ }) => Buffer.concat(await lastValueFrom(stdout$.pipe(toArray())))),
);
const exits = await Promise.all(units.map((unit) => unit.result()));
words.unsubscribe();

const hosts = new Set(exits.map((exit) => exit.host));
console.log(`${UNITS} units have run on ${CORES} cores of ${[...hosts].join(', ')}`);
for (const [i, text] of said.entries()) {
  check(
    `${text}` === `job ${pilot.nativeId}\n`,
    `${units[i]?.id} ran elsewhere: it said '${text}'`,
  );
}
check(hosts.size === 1, 'the cores are not of one host');
