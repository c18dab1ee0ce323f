/**
 * A pilot of two nodes on a Slurm cluster. It waits in the queue once; then its cores take work at
 * once, for as long as it lives. Needs sbatch and the like here, and nodes that reach this machine:
 * on a real cluster, name an address of it that they know, as first argument.
 */
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { lastValueFrom, toArray } from 'rxjs';
import { check } from './lib/check.ts';

const NODES = 2;
const UNITS = 100;

const [, , host = '127.0.0.1'] = process.argv;

await using pilots = await PilotJobService.open({ listen: { host } });
await using work = await WorkUnitService.open({ services: [pilots] });

// Slurm's own sentence comes as an error when it does not take this.
const pilot = await pilots.create('slurm://', {
  name: 'example',
  numberOfProcesses: NODES,
  threadsPerProcess: 2,
  wallTimeLimit: '10m',
});
console.log(`Slurm has it as ${pilot.nativeId}`);
// What squeue says of it, as long as it waits.
const words = pilot.stateDetail$.subscribe((detail) => console.log(`${pilot.state}: ${detail}`));

const units = await work.submit(
  Array.from({ length: UNITS }, () => ({
    executable: 'sh',
    arguments: ['-c', 'echo "job $SLURM_JOB_ID"; sleep 0.1'],
  })),
);
// What each says is kept until somebody listens.
const said = await Promise.all(
  units.map(async ({ stdout$ }) => Buffer.concat(await lastValueFrom(stdout$.pipe(toArray())))),
);
const exits = await Promise.all(units.map((unit) => unit.result()));
words.unsubscribe();

const hosts = new Set(exits.map((exit) => exit.host));
console.log(`${UNITS} units have run on ${hosts.size} nodes: ${[...hosts].sort().join(', ')}`);
for (const [i, text] of said.entries()) {
  check(
    `${text}` === `job ${pilot.nativeId}\n`,
    `${units[i]?.id} ran elsewhere: it said '${text}'`,
  );
}
check(hosts.size === NODES, 'a node got no work');
