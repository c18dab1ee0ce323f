/** The same calls in this process, by piscina: threads, no link, nothing on disk. */
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Piscina } from 'piscina';
import type { Sample } from '../harness.ts';
import { callsOf } from './functions.ts';
import type { Context } from './world.ts';

/** So many calls are given to it before the first of them is awaited. */
const AHEAD = 1000;

/** Calls a second of 10, 1 and 0.1 ms, with a thread for each core. */
export async function piscina(context: Context): Promise<Sample> {
  const threads = availableParallelism();
  const file = join(dirname(process.argv[1] as string), 'called.mjs');
  const pool = new Piscina({
    filename: pathToFileURL(file).href,
    name: 'spin',
    minThreads: threads,
    maxThreads: threads,
  });
  const sample: Record<string, number> = {};
  await run(pool, 1, 20 * threads);
  for (const ms of [10, 1, 0.1]) {
    const calls = callsOf(context, ms);
    const start = performance.now();
    await run(pool, ms, calls);
    sample[`perSecond${ms}`] = (calls * 1000) / (performance.now() - start);
  }
  await pool.destroy();
  return sample;
}

async function run(pool: Piscina, ms: number, calls: number): Promise<void> {
  const ahead: Promise<unknown>[] = [];
  for (let i = 0; i < calls; i++) {
    ahead.push(pool.run(ms));
    if (ahead.length === AHEAD) await ahead.shift();
  }
  await Promise.all(ahead);
}
