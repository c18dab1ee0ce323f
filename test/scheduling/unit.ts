/** What the scheduling is tried on. */

/** A unit as it will turn out to be. */
export interface Unit {
  readonly cores: number;
  readonly runMs: number;
  /** What its description says of that, right or wrong. */
  readonly estimateMs?: number;
  readonly priority?: number;
  /** Numbers of units that it depends on. */
  readonly after?: readonly number[];
}

/** Units that are submitted together. */
export interface Portion {
  readonly atMs: number;
  readonly units: readonly Unit[];
}
