/**
 * A program in one file: functions, and what calls them. Its first word is a number; it writes what came
 * of the calls as JSON.
 */
import { defineTask, PilotJobService, TaskError, WorkUnitService } from '@pstar/core';
import { outcome } from '../marking.ts';

const [word = '0'] = process.argv.slice(2);
const OFFSET = 100;

export const init = () => ({ words: process.argv.slice(2), offset: OFFSET });

export const add = defineTask(import.meta.url, 'add', (n: number, ctx) => {
  if (n === 3) throw refusal(n);
  return { sum: n + OFFSET, state: ctx.state, outcome: outcome(n) };
});

export async function total(...values: readonly number[]): Promise<number> {
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.reduce((sum, value) => sum + value, 0);
}

function refusal(n: number): Error {
  return new RangeError(`not ${n}`);
}

await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });
await pilots.create('local://', { totalCpuCount: 1 });
const inputs = [1, Number(word)];
const added = await work.map(add, inputs).all();
const failed = await work.map(add, [3], { onError: 'collect' }).all();
const unit = await work.submit({ module: import.meta.url, export: 'total', args: [1, 2, 3] });
const [error] = failed;
const stack = error instanceof TaskError ? error.remoteStack : '';
process.stdout.write(`${JSON.stringify({ added, stack, total: await unit.value() })}\n`);
