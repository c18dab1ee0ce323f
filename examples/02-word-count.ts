/**
 * Many small units over real input: counts the words of every text file below a directory, one
 * unit a file, and compares with what this program counts itself.
 *
 *     npx tsx --conditions=@pstar/source examples/02-word-count.ts [DIRECTORY]
 *
 * Without a directory it reads the documents and declarations of the installed packages.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { check } from './lib/check.ts';
import { mostAtOnce } from './lib/most-at-once.ts';
import { showProgress } from './lib/progress.ts';
import { grouped } from './lib/screen.ts';
import { temporaryDirectory } from './lib/temporary-directory.ts';
import { DOCUMENTS, findTexts } from './lib/texts.ts';
import { wordCounter } from './lib/words.ts';

const installed = fileURLToPath(new URL('../node_modules', import.meta.url));
const [given] = process.argv.slice(2);
const directory = resolve(given ?? installed);
const files = given === undefined ? findTexts(installed, DOCUMENTS) : findTexts(directory);
check(files.length > 0, `there is no text file below ${directory}`);

await using counts = await temporaryDirectory();
await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });

const cores = availableParallelism();
console.log(
  `Counts the words of ${grouped(files.length)} files below ${directory}, ${cores} at once`,
);
await pilots.create('local://', { totalCpuCount: cores });

const startedAt = performance.now();
const shown = showProgress(work, files.length);
const units = await work.submit(
  files.map((file, i) => ({
    executable: 'wc',
    arguments: ['-w'],
    environment: { LC_ALL: 'C' },
    workingDirectory: counts.path,
    // A name may hold anything: as input it is never part of a command.
    input: file,
    output: `${i}`,
  })),
);
await work.wait(units);
const seconds = (performance.now() - startedAt) / 1000;
await shown;

const countWords = wordCounter();
let words = 0;
for (const [i, unit] of units.entries()) {
  const { input = '' } = unit.description;
  check(unit.state === 'Done', `${input}\n${unit.explain()}`);
  const counted = Number.parseInt(await readFile(join(counts.path, `${i}`), 'utf8'), 10);
  const expected = countWords(await readFile(input));
  check(counted === expected, `${input} has ${expected} words, and its unit counted ${counted}`);
  words += counted;
}

const rate = `${grouped(units.length / seconds)} a second`;
console.log(`${grouped(words)} words, and a direct count says the same`);
console.log(`${grouped(units.length)} units in ${seconds.toFixed(1)} s, ${rate}`);
console.log(`at most ${mostAtOnce(units)} ran at the same time`);
