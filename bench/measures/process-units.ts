/** How many processes a second go through one pilot, with what comes with processes. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkUnitDescription } from '@pstar/core';
import type { Sample } from '../harness.ts';
import { PROCESS_KINDS, PROCESS_PILOT } from '../workloads.ts';
import { runIn } from './run-units.ts';
import { type Context, openWorld } from './world.ts';

/** Units of the context's kind. */
export async function processUnits(context: Context): Promise<Sample> {
  const { sizes, kind = 'plain', outputs = context.directory } = context;
  const directory = await mkdtemp(join(outputs, `${kind}-`));
  await using world = await openWorld(context, PROCESS_PILOT);
  let number = 0;
  function* units(count: number): Generator<WorkUnitDescription> {
    for (let i = 0; i < count; i++) yield PROCESS_KINDS[kind](number++, directory);
  }
  const sample = await runIn(world, sizes.processes, sizes.processesBefore, units);
  return { ...sample, agentMegabytes: world.agentMegabytes() };
}
