/** NODE_OPTIONS of the user's program, as tracers have it set: for agents and workers it is not meant. */
import { task } from '@pstar/core';
import { afterEach, expect, it, vi } from 'vitest';
import { openWorld, shell, textOf } from './fixture.ts';
import type { variable } from './programs/variables.ts';

/** Found where that program is, and nowhere else. */
const NODE_OPTIONS = '--require ./not-there.cjs';
const SHOW = shell('echo "$NODE_OPTIONS"');
const variables = task<typeof variable>(
  new URL('programs/variables.ts', import.meta.url),
  'variable',
);

afterEach(() => void vi.unstubAllEnvs());

it.each([[[]], [['true']]])(
  'of the program is for units alone, with initCommands %j',
  async (initCommands) => {
    const { pilots, work } = await openWorld();
    vi.stubEnv('NODE_OPTIONS', NODE_OPTIONS);
    await pilots.create('local://', { totalCpuCount: 1, initCommands });
    const unit = await work.submit(SHOW);
    expect(await textOf(unit.stdout$)).toBe(`${NODE_OPTIONS}\n`);
    expect(await work.map(variables, ['NODE_OPTIONS']).all()).toEqual(['']);
  },
);

it('of a pilot is for units and workers, and of a map for workers', async () => {
  const { pilots, work } = await openWorld();
  await pilots.create('local://', {
    totalCpuCount: 1,
    environment: { NODE_OPTIONS: '--no-warnings' },
  });
  const unit = await work.submit(SHOW);
  expect(await textOf(unit.stdout$)).toBe('--no-warnings\n');
  expect(await work.map(variables, ['NODE_OPTIONS']).all()).toEqual(['--no-warnings']);
  const environment = { NODE_OPTIONS: '--max-old-space-size=300' };
  const map = work.map(variables, ['NODE_OPTIONS'], { environment });
  expect(await map.all()).toEqual([environment.NODE_OPTIONS]);
});
