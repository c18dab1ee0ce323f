/**
 * One program, three resources: processes of this machine, a host that is reached by ssh, and a cluster
 * with Slurm. All of them work on the same units, which know of none and need not: what each has to
 * read and to write is a file here, wherever it runs. The host is named as in 10-ssh-pilot.ts.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { filter, firstValueFrom } from 'rxjs';
import { check } from './lib/check.ts';
import { temporaryDirectory } from './lib/temporary-directory.ts';

const UNITS = 240;

const [, , named] = process.argv;
const host = named === undefined ? process.env['PSTAR_SSH'] : `ssh://${named}`;
if (host === undefined) throw new Error('name a host, as you would to ssh');

await using files = await temporaryDirectory();
const inputs = join(files.path, 'inputs');
const outputs = join(files.path, 'outputs');
await mkdir(inputs);
await mkdir(outputs);
for (let i = 0; i < UNITS; i++) await writeFile(join(inputs, `${i}`), `unit ${i}\n`);

await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });

const resources = { here: 'local://', afar: host, cluster: 'slurm://' };
const created = await Promise.all(
  Object.entries(resources).map(([name, rm]) =>
    pilots.create(rm, { name, totalCpuCount: 2, wallTimeLimit: '10m' }),
  ),
);
// Only so that each has its share: units run wherever there is a core, as soon as there is one.
for (const { state$ } of created) {
  await firstValueFrom(state$.pipe(filter((state) => state === 'Running')));
}

const units = await work.submit(
  Array.from({ length: UNITS }, (_, i) => ({
    executable: 'sh',
    arguments: ['-c', 'sleep 0.05 && tr a-z A-Z'],
    input: join(inputs, `${i}`),
    output: join(outputs, `${i}`),
  })),
);
await work.wait(units);

for (const { description, id, nativeId } of created) {
  const own = units.filter(({ pilotJob }) => pilotJob?.id === id);
  const hosts = new Set(own.map(({ exit }) => exit?.host));
  const name = description.name?.padEnd(7);
  console.log(`${name} ran ${own.length} units on ${[...hosts].join(', ')}, as ${nativeId}`);
  check(own.length > 0, `${description.name} got no work`);
}
for (const [i, unit] of units.entries()) {
  check(unit.state === 'Done', `${unit.id}\n${unit.explain()}`);
  const text = await readFile(join(outputs, `${i}`), 'utf8');
  check(text === `UNIT ${i}\n`, `${unit.id} has written '${text}'`);
}
console.log(`all ${UNITS} outputs are here`);
