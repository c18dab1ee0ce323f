/**
 * Who wants to see the output of which unit: of one that runs, or has just ended, at once; of one that
 * waits as soon as it runs. Pure.
 */
import type { OutputStream } from '../protocol/messages.ts';
import type { Run, ServiceWork } from './service-work.ts';
import type { UnitEffect } from './unit-effects.ts';

/** A stream that somebody begins or stops to watch. */
export interface Watch {
  readonly unit: number;
  readonly stream: OutputStream;
  readonly on: boolean;
}

/** Begins or stops at once, or later for a unit that waits. */
export function watchUnit(
  service: ServiceWork,
  { unit, stream, on }: Watch,
  found: { readonly run: Run | undefined; isWaiting(): boolean },
  emit: (effect: UnitEffect) => void,
): void {
  const later = (service.watches.get(unit) ?? []).filter((each) => each !== stream);
  if (found.run === undefined && on && found.isWaiting()) later.push(stream);
  else {
    const key = found.run?.key ?? service.recent.keyOf(unit);
    emit({ type: 'watch', key, service, unit, stream, on });
  }
  if (later.length > 0) service.watches.set(unit, later);
  else service.watches.delete(unit);
}

/** The unit runs: what of it is to be watched is from now on. */
export function watchStarted(
  { key, service, unit }: Run,
  emit: (effect: UnitEffect) => void,
): void {
  for (const stream of service.watches.get(unit) ?? []) {
    emit({ type: 'watch', key, service, unit, stream, on: true });
  }
  service.watches.delete(unit);
}
