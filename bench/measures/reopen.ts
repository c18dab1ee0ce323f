/** What it takes to open a service again that has had very many units. */
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { WorkUnitService } from '@pstar/core';
import { WorkManager } from '../../packages/core/src/manager/work-manager.ts';
import { systemClock } from '../../packages/core/src/runtime/clock.ts';
import { silentLog } from '../../packages/core/src/runtime/log.ts';
import { schedulerOf } from '../../packages/core/src/scheduler/schedulers.ts';
import { openServiceStore } from '../../packages/core/src/service/base/service-store.ts';
import type { Sample } from '../harness.ts';
import { alike } from '../workloads.ts';
import { serve, take } from './manager.ts';
import { type Context, seconds } from './world.ts';

const MB = 1e6;
const SERVICE = 'work';

/** Leaves a service all of whose units have ended: in its log all of it, as if it had been killed. */
export async function endedInLog(context: Context): Promise<Sample> {
  return prepare(context, false);
}

/** The same after a snapshot. */
export async function endedInSnapshot(context: Context): Promise<Sample> {
  return prepare(context, true);
}

async function prepare({ directory, sizes }: Context, compacted: boolean): Promise<Sample> {
  const store = await openServiceStore({
    kind: 'work',
    id: SERVICE,
    store: directory,
    clock: systemClock,
    log: silentLog,
  });
  const { journal } = store.opened;
  const manager = new WorkManager(schedulerOf('backfill'));
  const submission = take(manager, alike(sizes.pending));
  journal.append(manager.handle({ type: 'submit', now: 0, submission }).events);
  await serve(manager, (events) => {
    journal.append(events);
    return journal.commit();
  });
  if (compacted) await journal.snapshot(manager.dump());
  await store.close();
  return { units: manager.state.units.size };
}

/** Opens a copy of what was left there, until the states of all units can be seen. */
export async function reopen({ directory, left = '' }: Context): Promise<Sample> {
  await cp(left, directory, { recursive: true });
  const before = seconds();
  const work = await WorkUnitService.open({ id: SERVICE, store: directory });
  const { byState, total } = work.statistics;
  const reopened = seconds() - before;
  if (byState.Done !== total) throw new Error(`${byState.Done} of ${total} units are Done`);
  const peak = (process.resourceUsage().maxRSS * 1024) / MB;
  // With the snapshot that is taken beside it.
  await work.close();
  const peakAfter = (process.resourceUsage().maxRSS * 1024) / MB;
  return { seconds: reopened, peak, peakAfter };
}

/** The least that can be done with the same bytes: read them, and sum them up as their checks are. */
export async function readBytes({ directory, left = '' }: Context): Promise<Sample> {
  await cp(left, directory, { recursive: true });
  const before = seconds();
  const journal = join(directory, SERVICE, 'journal');
  for (const name of await readdir(journal)) crc32(await readFile(join(journal, name)));
  return { seconds: seconds() - before };
}
