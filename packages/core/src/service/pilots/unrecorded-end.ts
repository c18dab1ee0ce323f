/**
 * The end of pilots whose service can record nothing any more: their native jobs are ended all the same,
 * as far as that can be done within half a minute. Nobody will be there to do it later.
 */
import { Subscription } from 'rxjs';
import type { PilotRecord } from '../../manager/pilot-record.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { PilotCore } from './pilot-core.ts';

const WAIT_MS = 30_000;

/** Settles when their native jobs are over, or nobody can wait for them any longer. */
export function endUnrecorded(
  core: PilotCore,
  clock: Clock,
  pilots: Iterable<Readonly<PilotRecord>>,
): Promise<void> {
  const live = [...pilots].filter(({ native }) => native.phase === 'live');
  const left = new Set(live.map(({ id }) => id));
  if (left.size === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const watch = new Subscription();
    const settle = () => {
      timer.cancel();
      watch.unsubscribe();
      resolve();
    };
    const timer = clock.after(WAIT_MS, settle);
    watch.add(
      core.reports.over$.subscribe((pilot) => {
        left.delete(pilot);
        if (left.size === 0) settle();
      }),
    );
    for (const pilot of live) void cancel(core, pilot);
  });
}

async function cancel(core: PilotCore, pilot: Readonly<PilotRecord>): Promise<void> {
  if (pilot.native.phase !== 'live') return;
  const { id: nativeId } = pilot.native.report;
  const { rm, type } = pilot.plan;
  const { context } = core.view(pilot.id);
  const connection = await core.managers.reconnect({ rm, type, context });
  connection?.jobs.watch(pilot.id, nativeId);
  connection?.jobs.cancel(nativeId);
}
