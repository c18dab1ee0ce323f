/**
 * How journals of older versions are read: step by step, each step from one version of a kind's
 * records to the next. Whoever owns the records writes the steps; here they are only gone through.
 */

/** Turns what one version of a kind's records says into what the next would have written. */
export interface Lift {
  /** The parts of a snapshot. By default they are the same. */
  snapshot?(parts: Iterable<unknown>): Iterable<unknown>;
  /** A record of the log. By default it is the same. */
  record?(record: unknown): unknown;
}

/** The version that is written, when there are steps from each earlier one: the first is 1. */
export function versionAfter(lifts: readonly Lift[]): number {
  return lifts.length + 1;
}

/** The parts of a snapshot of that version, as the present one has them. */
export function liftSnapshot(
  parts: Iterable<unknown>,
  version: number,
  lifts: readonly Lift[],
): Iterable<unknown> {
  return lifts
    .slice(version - 1)
    .reduce((lifted, lift) => lift.snapshot?.(lifted) ?? lifted, parts);
}

/** A record of that version, as the present one has it. */
export function liftRecord(record: unknown, version: number, lifts: readonly Lift[]): unknown {
  let lifted = record;
  for (let at = version - 1; at < lifts.length; at++) {
    const lift = lifts[at] as Lift;
    if (lift.record) lifted = lift.record(lifted);
  }
  return lifted;
}
