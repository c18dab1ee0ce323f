/**
 * A pilot on machines that are reached by ssh, with nothing of ours on them but Node.js. Programs and
 * inputs are sent there, results are brought home. Each argument names a host as `ssh` knows it, by
 * `~/.ssh/config` or as me@host; without any, $PSTAR_SSH is the URL or the profile.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { check } from './lib/check.ts';
import { temporaryDirectory } from './lib/temporary-directory.ts';

const UNITS = 20;
const NUMBERS = 1000;

const [, , ...named] = process.argv;
const rm = named.length > 0 ? `ssh://${named.join(',')}` : process.env['PSTAR_SSH'];
if (rm === undefined) throw new Error('name a host, as you would to ssh');

await using files = await temporaryDirectory();
const { path } = files;
const program = join(path, 'add');
const results = join(path, 'results');
await mkdir(results);
// To be sent as well: that it may be run goes with it.
const script = "#!/bin/sh\nawk '{ sum += $1 } END { print sum }' numbers >sum\n";
await writeFile(program, script, { mode: 0o755 });

const inputs = Array.from({ length: UNITS }, (_, i) => join(path, `numbers-${i}`));
for (const [i, input] of inputs.entries()) {
  const numbers = Array.from({ length: NUMBERS }, (_, j) => i * NUMBERS + j);
  await writeFile(input, `${numbers.join('\n')}\n`);
}

await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });

// A host whose key is not known is refused, with the command that accepts it.
const pilot = await pilots.create(rm, { name: 'afar', wallTimeLimit: '10m' });
console.log(`agents are on their way: ${pilot.nativeId}`);

const units = await work.submit(
  inputs.map((input, i) => ({
    executable: './add',
    fileTransfer: [`${program} > add`, `${input} > numbers`, `${results}/sum-${i} < sum`],
  })),
);
await work.wait(units);

for (const unit of units) check(unit.state === 'Done', `${unit.id}\n${unit.explain()}`);
for (const [i] of units.entries()) {
  const first = i * NUMBERS;
  const expected = NUMBERS * first + (NUMBERS * (NUMBERS - 1)) / 2;
  const sum = await readFile(join(results, `sum-${i}`), 'utf8');
  check(Number(sum) === expected, `the sum of ${inputs[i]} is ${expected} and not ${sum}`);
}
const hosts = new Set(units.map((unit) => unit.exit?.host));
console.log(`${UNITS} sums were made on ${[...hosts].sort().join(', ')}, and are all right here`);
