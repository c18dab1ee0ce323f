/**
 * What the machine of a map is told and what it wants done. Inputs and results are opaque here: the
 * machine knows how many there are, how large they are, who has them, and how long calls take.
 *
 * Indexes are those of the map's inputs. Times are milliseconds of the caller's clock.
 */

/** How a map is to be run. */
export interface MapRules {
  /** Calls of a batch; `auto` is by the time that they take. */
  readonly batch: 'auto' | number;
  /** How often a call is tried again. */
  readonly retries: number;
  /** `stop`: the first call that fails for good ends the map. */
  readonly onError: 'stop' | 'collect';
  /** At most so many inputs are out, counted from the oldest whose result was not taken: inputs may have no end. */
  readonly window: number;
  /** Nor more than so many bytes of inputs and results. */
  readonly windowBytes: number;
  /** Results are delivered in the order of inputs, or as they come. */
  readonly isOrdered: boolean;
  /** Results stay on the agents and are folded; `window` then bounds what was not folded. */
  readonly isReduce: boolean;
}

/** A map unit, by its number in the service. */
export type UnitNumber = number;

/** A stretch of consecutive calls. */
export interface Span {
  readonly first: number;
  readonly count: number;
}

/** What the machine of a map takes in. */
export type MapInput =
  /** So many more inputs were read and encoded; their sizes in bytes, a row each. */
  | { readonly type: 'inputs'; readonly sizes: readonly number[]; readonly now: number }
  /** There are no more. */
  | { readonly type: 'inputs-over'; readonly now: number }
  /** How many map units the live pilots could run at once. */
  | { readonly type: 'capacity'; readonly units: number; readonly now: number }
  /** A unit that was asked for is submitted under this number. */
  | { readonly type: 'unit-submitted'; readonly unit: UnitNumber; readonly now: number }
  /** It takes batches, and has these; any other that was thought to be there never came, or was lost. */
  | {
      readonly type: 'unit-ready';
      readonly unit: UnitNumber;
      readonly attempt: number;
      readonly held: readonly (Span & { readonly batch: number })[];
      readonly now: number;
    }
  /** Calls are over. Those of `failed` have failed; `suspects`: one of these ended the worker, nobody knows which. */
  | {
      readonly type: 'results';
      readonly unit: UnitNumber;
      readonly attempt: number;
      readonly batch: number;
      readonly span: Span;
      readonly bytes: number;
      readonly ms: number;
      readonly isLast: boolean;
      readonly isFolded: boolean;
      /** Of a reduce: a worker has ended, and what was folded before these calls is lost. */
      readonly isFoldLost?: boolean;
      readonly failed: readonly number[];
      readonly suspects: readonly number[];
      readonly now: number;
    }
  /** A unit does not have these batches any more, and has not done them; of others that were asked back it has begun. */
  | {
      readonly type: 'dropped';
      readonly unit: UnitNumber;
      readonly attempt: number;
      readonly batches: readonly number[];
      readonly now: number;
    }
  /** A unit gives way to others: it takes no more batches. */
  | {
      readonly type: 'yield';
      readonly unit: UnitNumber;
      readonly attempt: number;
      readonly now: number;
    }
  /** It is over, or its attempt is: what it had and did not report is free again. */
  | {
      readonly type: 'unit-over';
      readonly unit: UnitNumber;
      readonly isFinal: boolean;
      readonly now: number;
    }
  /** The consumer has taken results up to this index, or of this stretch where there is no order. */
  | { readonly type: 'taken'; readonly span: Span; readonly now: number }
  /** Of a map by name: these were done in an earlier life. */
  | {
      readonly type: 'restored';
      readonly span: Span;
      readonly failed: readonly number[];
      readonly now: number;
    }
  | { readonly type: 'cancel'; readonly now: number };

/** What the machine of a map wants done. */
export type MapEffect =
  /** So many more inputs are wanted now. */
  | { readonly type: 'read'; readonly count: number }
  /** Submit so many map units more. */
  | { readonly type: 'submit-units'; readonly count: number }
  | {
      readonly type: 'send';
      readonly unit: UnitNumber;
      readonly attempt: number;
      readonly batch: number;
      readonly span: Span;
      readonly round: number;
    }
  /** Of a reduce: have the unit hand over what it has folded, as the results of that batch, and keep it under that number. */
  | {
      readonly type: 'fetch-fold';
      readonly unit: UnitNumber;
      readonly attempt: number;
      readonly batch: number;
    }
  /** Of a reduce: send what is kept under that number to this unit, to be combined with its own. It is still kept. */
  | {
      readonly type: 'give-fold';
      readonly unit: UnitNumber;
      readonly attempt: number;
      readonly batch: number;
    }
  /** Of a reduce: what is kept under that number is part of another now. */
  | { readonly type: 'forget-fold'; readonly batch: number }
  /** Ask these batches back; `dropped` answers. */
  | {
      readonly type: 'drop';
      readonly unit: UnitNumber;
      readonly attempt: number;
      readonly batches: readonly number[];
    }
  /**
   * These results count: keep them, make them durable, then acknowledge the batch where `isLast`. What is accepted and
   * what is discarded of one input make up its span, in order; only the last of them can be `isLast`.
   */
  | {
      readonly type: 'accept';
      readonly unit: UnitNumber;
      readonly attempt: number;
      readonly batch: number;
      readonly span: Span;
      readonly isLast: boolean;
      readonly failed: readonly number[];
    }
  /** They came too late or twice, or will be tried again: acknowledge, and forget. */
  | {
      readonly type: 'discard';
      readonly unit: UnitNumber;
      readonly attempt: number;
      readonly batch: number;
      readonly span: Span;
      readonly isLast: boolean;
    }
  /** Nothing more for these units: let them end. */
  | { readonly type: 'end-units'; readonly units: readonly UnitNumber[] }
  /** These have not begun and are not needed. */
  | { readonly type: 'cancel-units'; readonly units: readonly UnitNumber[] }
  /** Inputs before this index will not be asked for again. */
  | { readonly type: 'forget-inputs'; readonly before: number }
  /** All calls are over, and all units told so. Of a reduce: what is kept under that number is the result; of none, none. */
  | { readonly type: 'over'; readonly fold?: number };
