/** Calls that say more at once than a message to the manager holds. */
import type { WorkUnit } from '@pstar/core';
import { firstValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { openRunningWorld, textOf } from '../integration/fixture.ts';

const module = new URL('programs/talkative.ts', import.meta.url);
const MUCH = 17_000_000;

it('what a call prints comes to who watches, however much it is at once', async () => {
  const { work } = await openRunningWorld({ totalCpuCount: 1 });
  const call = (name: string) => ({ module, export: name, args: [MUCH] });
  const units = (await work.submit([call('prints'), call('logs'), call('complains')])) as [
    WorkUnit,
    WorkUnit,
    WorkUnit,
  ];
  const [printed, logged, complained] = await Promise.all([
    textOf(units[0].stdout$),
    textOf(units[1].stdout$),
    textOf(units[2].stderr$),
  ]);
  expect([printed, logged, complained].map((text) => text.length)).toEqual([
    MUCH + 1,
    MUCH + 1,
    MUCH + 1,
  ]);
  expect(await Promise.all(units.map((unit) => unit.value()))).toEqual([MUCH, MUCH, MUCH]);
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
