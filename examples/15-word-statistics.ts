/**
 * A function over a large text: each call counts the words of a stretch, and the counts are merged
 * where they are, as a tree, so that only the last of them comes here.
 *
 *     npx tsx --conditions=@pstar/source examples/15-word-statistics.ts [DIRECTORY]
 *
 * Where it runs, the environment says: PSTAR_DEFAULT_RM=slurm:// for instance.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PilotJobService, task, WorkUnitService } from '@pstar/core';
import { type Counts, countWords, mergeCounts } from './functions/words.ts';
import { check } from './lib/check.ts';
import { grouped } from './lib/screen.ts';
import { DOCUMENTS, findTexts } from './lib/texts.ts';

const STRETCH = 64 * 1024;

const installed = fileURLToPath(new URL('../node_modules', import.meta.url));
const [, , given] = process.argv;
const files = given ? findTexts(resolve(given)) : findTexts(installed, DOCUMENTS);

/** Cut between lines, and made as they are asked for: the text is never in memory as a whole. */
function* stretches(): Generator<string> {
  let stretch = '';
  for (const file of files) {
    stretch += `${readFileSync(file, 'utf8')}\n`;
    while (stretch.length > STRETCH) {
      const end = stretch.lastIndexOf('\n', STRETCH) + 1 || stretch.indexOf('\n') + 1;
      yield stretch.slice(0, end);
      stretch = stretch.slice(end);
    }
  }
  if (stretch !== '') yield stretch;
}

const words = new URL('./functions/words.ts', import.meta.url);
const count = task<typeof countWords>(words, 'countWords');
const merge = task<typeof mergeCounts>(words, 'mergeCounts');

await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });
await pilots.create(undefined, { totalCpuCount: availableParallelism() });

const counts = await work.map(count, stretches()).reduce(merge);

const total = sum(counts);
const often = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 10);
for (const [word, times] of often) console.log(`${grouped(times).padStart(10)}  ${word}`);
console.log(
  `${grouped(total)} words in ${grouped(files.length)} files, ${grouped(counts.size)} different`,
);

let direct: Counts = new Map();
for (const stretch of stretches()) direct = mergeCounts(direct, countWords(stretch));
check(total === sum(direct), `a direct count finds ${sum(direct)} words, and not ${total}`);
for (const [word, times] of direct) {
  check(counts.get(word) === times, `'${word}' occurs ${times} times, not ${counts.get(word)}`);
}

function sum(counts: Counts): number {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}
