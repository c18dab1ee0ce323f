/**
 * Who wants to see the output of which attempt: of one that runs, or has just ended, at once; of one that
 * waits, or is about to come, as soon as it runs. Whoever watches hears of an end, also where it never runs. Pure.
 */
import type { OutputStream, Report } from '../protocol/messages.ts';
import type { Run, ServiceWork } from './service-work.ts';
import { eachRow } from './unit-columns.ts';
import type { UnitEffect } from './unit-effects.ts';

/** A stream that somebody begins or stops to watch. */
export interface Watch {
  readonly unit: number;
  /** Absent where the manager is of an older version. */
  readonly attempt?: number;
  readonly stream: OutputStream;
  readonly on: boolean;
  /** What comes before this of the attempt is not wanted. */
  readonly from?: number;
}

/** Begins or stops at once, or later for an attempt that waits. */
export function watchUnit(
  service: ServiceWork,
  { unit, attempt = 0, stream, on, from }: Watch,
  found: { readonly run: Run | undefined; isWaiting(): boolean },
  emit: (effect: UnitEffect) => void,
): void {
  const last = service.attempts.of(unit);
  const later = (service.watches.get(unit) ?? []).filter((each) => each.stream !== stream);
  const runs = found.run !== undefined && found.run.attempt >= attempt;
  // Who watches may have heard of an attempt before this agent has.
  const isToRun = !runs && (attempt > last || found.isWaiting());
  if (on && isToRun) later.push({ attempt: Math.max(attempt, last), stream });
  else {
    const remains = found.run ?? service.recent.of(unit, stream);
    const key = typeof remains === 'object' ? remains.key : undefined;
    const which = { service, unit, attempt: found.run?.attempt ?? attempt, stream, on };
    emit({
      type: 'watch',
      key,
      ...which,
      // Of another attempt than was meant nothing has come yet.
      ...(from !== undefined && attempt === last && { from }),
      ...(remains === 'not-kept' && { notKept: true }),
    });
  }
  if (later.length > 0) service.watches.set(unit, later);
  else service.watches.delete(unit);
}

/** The unit runs: what of it is to be watched is from now on. */
export function watchStarted(
  { key, service, unit, attempt }: Run,
  emit: (effect: UnitEffect) => void,
): void {
  for (const { stream } of service.watches.get(unit) ?? []) {
    emit({ type: 'watch', key, service, unit, attempt, stream, on: true });
  }
  service.watches.delete(unit);
}

/** Attempts are over: those that are still to be watched have never run. */
export function watchesOver(
  service: ServiceWork,
  { ended, returned }: Report,
  emit: (effect: UnitEffect) => void,
): void {
  if (service.watches.size === 0) return;
  for (const columns of [ended, returned]) {
    if (columns === undefined) continue;
    eachRow(columns, (unit, over) => {
      const later = service.watches.get(unit) ?? [];
      const left = later.filter(({ attempt }) => attempt > over);
      for (const { attempt, stream } of later) {
        if (attempt > over) continue;
        emit({ type: 'watch', key: undefined, service, unit, attempt, stream, on: true });
      }
      if (left.length > 0) service.watches.set(unit, left);
      else service.watches.delete(unit);
    });
  }
}
