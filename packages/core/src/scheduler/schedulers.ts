/** The schedulers that come with pstar, by name. */
import { PilotError } from '../model/errors.ts';
import { written } from '../model/written.ts';
import { BackfillScheduler } from './backfill.ts';
import { FifoScheduler } from './fifo.ts';
import { RoundRobinScheduler } from './round-robin.ts';
import type { Scheduler } from './scheduler.ts';

/** A scheduler that comes with pstar. */
export type SchedulerName = 'backfill' | 'round-robin' | 'fifo';

const SCHEDULERS: Readonly<Record<SchedulerName, () => Scheduler>> = {
  backfill: () => new BackfillScheduler(),
  'round-robin': () => new RoundRobinScheduler(),
  fifo: () => new FifoScheduler(),
};

/**
 * The scheduler of that name, or the one passed in.
 *
 * @throws PilotError `NOT_FOUND` with the names there are.
 */
export function schedulerOf(choice: Scheduler | SchedulerName = 'backfill'): Scheduler {
  if (typeof choice === 'string' && Object.hasOwn(SCHEDULERS, choice)) return SCHEDULERS[choice]();
  if (typeof (choice as Partial<Scheduler> | null)?.schedule === 'function') {
    return choice as Scheduler;
  }
  throw new PilotError('NOT_FOUND', `there is no scheduler ${written(choice)}`, {
    subject: 'scheduler',
    hint: `choose one of ${Object.keys(SCHEDULERS).join(', ')}, or pass an object with schedule(round)`,
  });
}
