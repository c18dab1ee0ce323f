/** Calls that say more at once than a message to the manager holds. */
import type { WorkUnit } from '@pstar/core';
import { firstValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { openRunningWorld, textOf } from '../integration/fixture.ts';

const module = new URL('programs/talkative.ts', import.meta.url);
const MUCH = 17_000_000;

it('what a call prints comes to who watches, however much it is at once', async () => {
  const { work } = await openRunningWorld({ totalCpuCount: 1 });
  // One after the other: what waits at an agent for its way to the manager is bounded.
  for (const [name, stream] of [
    ['prints', 'stdout$'],
    ['logs', 'stdout$'],
    ['complains', 'stderr$'],
  ] as const) {
    const unit = await work.submit({ module, export: name, args: [MUCH] });
    expect((await textOf(unit[stream])).length, name).toBe(MUCH + 1);
    expect(await unit.value()).toBe(MUCH);
  }
});

it('progress and errors in very many words are cut, and the pilot goes on', async () => {
  const { work, pilot } = await openRunningWorld({ totalCpuCount: 1 });
  const [tells, fails, last] = (await work.submit([
    { module, export: 'tells', args: [MUCH] },
    { module, export: 'fails', args: [MUCH] },
    { module, export: 'tells', args: [1] },
  ])) as [WorkUnit, WorkUnit, WorkUnit];
  const progress = firstValueFrom(tells.progress$);
  expect(await tells.value()).toBe(MUCH);
  expect(await progress).toMatchObject({ fraction: 0.5, message: 'y'.repeat(4096) });
  await expect(fails.value()).rejects.toMatchObject({ code: 'TASK_FAILED', kind: 'threw' });
  expect(await last.value()).toBe(1);
  expect(pilot.state).toBe('Running');
});
