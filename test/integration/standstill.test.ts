/** What a program does to its pilots that computes and lets nobody else have a turn. */
import { filter, firstValueFrom, map } from 'rxjs';
import { expect, it } from 'vitest';
import { openRunningWorld, shell } from './fixture.ts';

const CORES = 2;
/** Two seconds of units that are said to take 0.1 s, beside those that run. */
const ENOUGH = 21 * CORES;

it('a program that stood still gives its agents more ahead, by itself', async () => {
  const { work } = await openRunningWorld({ totalCpuCount: CORES });
  const bound$ = work.statistics$.pipe(map(({ byState }) => byState.Scheduled + byState.Running));
  const reaches = (count: number) => firstValueFrom(bound$.pipe(filter((bound) => bound >= count)));
  // None of them ends, so that nothing but a standstill makes room.
  const unit = { ...shell('sleep 600'), estimatedRunTime: 0.1 };
  await work.submit(Array.from({ length: 10 * ENOUGH }, () => unit));
  await reaches(ENOUGH);
  // All at once, as when the program computes.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  expect(await reaches(2 * ENOUGH)).toBeGreaterThan(ENOUGH);
});
