/**
 * The wait for pilots that are to end: until they are over, or there is nobody left who could ever say
 * so. What is given up is the wait alone: the journal has it that they are to end.
 */
import { type Observable, Subscription } from 'rxjs';
import { nativeWords } from '../../manager/pilot-conclusion.ts';
import { hasConnected, isPilotOver, type PilotRecord } from '../../manager/pilot-record.ts';
import { PilotError } from '../../model/errors.ts';
import { readPilotJobDescription } from '../../model/pilot-job-description.ts';
import type { Clock } from '../../runtime/clock.ts';
import { linkTimes } from '../agents/pilot-launch.ts';

/** How often whoever waits looks whether there is contact. */
const LOOK_MS = 1000;
/**
 * So long without contact, in looks: enough for a connection that is made again and a controller that
 * fails over, and as long as somebody will watch a program that is to end. Counted, so that a time in
 * which this process stands still is one look.
 */
const LOOKS = 30;

/** What the wait is made with. */
export interface CancellationParts {
  readonly clock: Clock;
  /** Emits whenever a pilot has changed; after its end nobody waits. */
  readonly changed$: Observable<void>;
  /** Those that are waited for. */
  pilots(): Iterable<Readonly<PilotRecord>>;
  /** Why the resource manager of a pilot does not answer; undefined while it does. */
  troubleOf(pilotId: string): string | undefined;
  /** Told once, when it has taken as long as nobody would expect. */
  isSlow(pilot: Readonly<PilotRecord>): void;
}

/** A pilot of which nobody can say whether it is over. */
export interface LostPilot {
  readonly id: string;
  readonly rm: string;
  /** Why its resource manager does not answer or know, in its words. */
  readonly why: string;
  /** How long its agents go on without their manager. */
  readonly leaseMs: number;
}

/**
 * Settles when all are over, or when for each of those that are not there has been no contact for half
 * a minute: none of its agents is connected, and its resource manager does not answer, or does not know.
 *
 * @returns those that are given up; none when all are over, or their service is
 */
export function seenThrough(parts: CancellationParts): Promise<readonly LostPilot[]> {
  const { clock, changed$, troubleOf } = parts;
  const looks = new Map<string, number>();
  let total = 0;
  const open = () => [...parts.pilots()].filter((pilot) => !isPilotOver(pilot));
  const troubleWith = (pilot: Readonly<PilotRecord>) =>
    hasConnected(pilot) ? undefined : (troubleOf(pilot.id) ?? unknownOf(pilot));
  return new Promise((resolve) => {
    const watch = new Subscription();
    const settle = (lost: readonly LostPilot[]) => {
      timer.cancel();
      watch.unsubscribe();
      resolve(lost);
    };
    function look(): void {
      total += 1;
      const lost = open().flatMap((pilot) => {
        const why = troubleWith(pilot);
        const count = why === undefined ? 0 : 1 + (looks.get(pilot.id) ?? 0);
        looks.set(pilot.id, count);
        return why === undefined || count < LOOKS ? [] : [lostPilot(pilot, why)];
      });
      if (lost.length > 0 && lost.length === open().length) {
        settle(lost);
        return;
      }
      if (total === LOOKS) for (const pilot of open()) parts.isSlow(pilot);
      timer = clock.after(LOOK_MS, look);
    }
    let timer = clock.after(LOOK_MS, look);
    const changed = () => open().length === 0 && settle([]);
    watch.add(changed$.subscribe({ next: changed, complete: () => settle([]) }));
    changed();
  });
}

/** Why a resource manager that answers cannot say what became of a native job. */
function unknownOf(pilot: Readonly<PilotRecord>): string | undefined {
  const { native } = pilot;
  const isUnknown = native.phase === 'live' && native.report.state === 'Unknown';
  return isUnknown ? nativeWords(pilot) : undefined;
}

/** What whoever waits for them is told. */
export function givenUp(serviceId: string, lost: readonly LostPilot[]): PilotError {
  const which = lost.length === 1 ? 'a pilot is' : `${lost.length} pilots are`;
  const reasons = [...new Set(lost.map(({ why }) => why))].join('; ');
  const longest = Math.max(...lost.map(({ leaseMs }) => leaseMs));
  return new PilotError('TIMEOUT', `whether ${which} over cannot be known: ${reasons}`, {
    subject: lost.map(({ id, rm }) => `${id} at ${rm}`).join(', '),
    hint: `open({ id: '${serviceId}' }) sees it through when it answers again; ${endWords(longest)}`,
  });
}

/** When agents end that nobody can end. */
export function endWords(leaseMs: number): string {
  const seconds = leaseMs / 1000;
  const lease = seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
  return `agents that are still there end by themselves after ${lease} without their manager`;
}

function lostPilot({ id, plan }: Readonly<PilotRecord>, why: string): LostPilot {
  const { leaseMs } = linkTimes(readPilotJobDescription(plan.description));
  return { id, rm: plan.rm, why, leaseMs };
}
