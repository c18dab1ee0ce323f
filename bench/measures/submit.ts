/** What a submit of very many descriptions costs until all of them are durable. */
import { type WorkUnitDescription, WorkUnitService } from '@pstar/core';
import type { Sample } from '../harness.ts';
import { alike, withOwnArguments } from '../workloads.ts';
import { type Context, seconds } from './world.ts';

/** All of one template. */
export function submitAlike(context: Context): Promise<Sample> {
  return submit(context, alike(context.sizes.submitted));
}

/** Each with arguments of its own. */
export function submitOwn(context: Context): Promise<Sample> {
  return submit(context, withOwnArguments(context.sizes.submitted));
}

async function submit(
  { directory }: Context,
  descriptions: Iterable<WorkUnitDescription>,
): Promise<Sample> {
  await using work = await WorkUnitService.open({ store: directory });
  const start = seconds();
  const { length } = await work.submit(descriptions);
  const micros = ((seconds() - start) * 1e6) / length;
  // Not disposed of: canceling a million units one by one is no part of this.
  await work.close();
  return { micros };
}
