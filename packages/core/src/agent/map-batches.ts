/**
 * The batches of one attempt of a map unit, from their first part until their results are
 * acknowledged. Sends nothing and calls nothing.
 */
import type { AgentCallMessage, BatchKind, ManagerCallMessage } from '../protocol/call-messages.ts';
import type { Batch, BatchResult } from '../workers/call-run.ts';

type CallsMessage = Extract<ManagerCallMessage, { readonly type: 'calls' }>;
/** The batches that are here. */
export type HeldColumns = Pick<
  Extract<AgentCallMessage, { readonly type: 'calls-ready' }>,
  'held' | 'firsts' | 'counts'
>;

/** Inputs of which some are still to come. */
interface Arriving {
  data: Uint8Array;
  readonly size: number;
  /** So many are here. */
  at: number;
}

/** A batch that is here, or on its way. */
interface HeldBatch {
  readonly kind: BatchKind | 'fold';
  readonly first: number;
  readonly count: number;
  arriving: Arriving | undefined;
  /** It is here, and will not be done here. */
  isParked: boolean;
  /** Of calls that are over. */
  readonly results: BatchResult[];
  isDone: boolean;
}

const NOTHING = new Uint8Array();

/** What a map unit has to do, and has done. */
export class MapBatches {
  readonly #held = new Map<number, HeldBatch>();

  /** Whether there is neither work here nor a result that was not acknowledged. */
  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** Whether there is nothing to do, nor on its way. */
  get isIdle(): boolean {
    return !this.#some(({ isDone }) => !isDone);
  }

  /** Whether something is being done, or about to be. */
  get isBusy(): boolean {
    return this.#some(({ arriving, isParked, isDone }) => !(arriving || isParked || isDone));
  }

  /** Whether there are results that were not acknowledged. */
  get hasResults(): boolean {
    return this.#some(({ results }) => results.length > 0);
  }

  /**
   * Takes a part of a batch in; gives the batch when it is complete. One that is here already, and
   * what does not follow on the part before, changes nothing.
   */
  arrive({ batch, kind, first, count, round, ...part }: CallsMessage): Batch | undefined {
    let held = this.#held.get(batch);
    if (held === undefined && part.at === 0) {
      held = newBatch(kind, first, count);
      held.arriving = { data: NOTHING, size: part.size, at: 0 };
      this.#held.set(batch, held);
    }
    const arriving = held?.arriving;
    if (held === undefined || arriving?.at !== part.at || !join(arriving, part)) return undefined;
    held.arriving = undefined;
    return { batch, kind, first, count, round, data: arriving.data };
  }

  /** Of a reduce: what was folded is to come as the results of a batch of that number. */
  fold(batch: number): boolean {
    if (this.#held.has(batch)) return false;
    this.#held.set(batch, newBatch('fold', 0, 0));
    return true;
  }

  /** Calls of a batch are over. False for one that nobody wants any more. */
  done(result: BatchResult): boolean {
    const held = this.#held.get(result.batch);
    if (held === undefined) return false;
    held.results.push(result);
    held.isDone = result.isLast;
    return true;
  }

  /** Whether the results of a batch are what was folded. */
  isFold(batch: number): boolean {
    return this.#held.get(batch)?.kind === 'fold';
  }

  /** The results of these are safe. */
  acknowledge(batches: Iterable<number>): void {
    for (const batch of batches) if (this.#held.get(batch)?.isDone) this.#held.delete(batch);
  }

  /** These will not be done here. */
  park(batches: Iterable<number>): void {
    for (const batch of batches) {
      const held = this.#held.get(batch);
      if (held !== undefined) held.isParked = true;
    }
  }

  /** Takes out those that are on their way or parked, of these or of all. */
  takeIdle(among?: Iterable<number>): number[] {
    const asked = among && new Set(among);
    const idle = this.#named(
      ({ arriving, isParked }, batch) =>
        (isParked || arriving !== undefined) && asked?.has(batch) !== false,
    );
    this.remove(idle);
    return idle;
  }

  /** Takes out those that are on their way. */
  dropArriving(): void {
    this.remove(this.#named(({ arriving }) => arriving !== undefined));
  }

  /** Those that are to be done and have no results yet, of these or of all: some may not have begun. */
  untouched(among?: Iterable<number>): number[] {
    const asked = among && new Set(among);
    return this.#named(
      ({ arriving, isParked, results, isDone }, batch) =>
        !(arriving || isParked || isDone) && results.length === 0 && asked?.has(batch) !== false,
    );
  }

  /** Forgets these. */
  remove(batches: Iterable<number>): void {
    for (const batch of batches) this.#held.delete(batch);
  }

  /**
   * Forgets what was not done: there is nobody any more to do it. Gives what says of batches that were done in
   * part that this was all.
   */
  abandon(): BatchResult[] {
    this.remove(this.#named(({ results }) => results.length === 0));
    const ends: BatchResult[] = [];
    for (const [batch, held] of this.#held) {
      if (held.isDone) continue;
      const { first, count } = held.results.at(-1) as BatchResult;
      const end = { batch, first: first + count, count: 0, ms: 0, problems: [], data: NOTHING };
      const last = { ...end, isLast: true };
      held.results.push(last);
      held.isDone = true;
      ends.push(last);
    }
    return ends;
  }

  /** Forgets everything. */
  clear(): void {
    this.#held.clear();
  }

  /** What is here, but for what is still on its way. */
  held(): HeldColumns {
    const here = [...this.#held].filter(([, { arriving }]) => arriving === undefined);
    return {
      held: Uint32Array.from(here, ([batch]) => batch),
      firsts: Float64Array.from(here, ([, { first }]) => first),
      counts: Uint32Array.from(here, ([, { count }]) => count),
    };
  }

  /** The results that were not acknowledged, those of each batch in order. */
  *results(): Generator<BatchResult> {
    for (const { results } of this.#held.values()) yield* results;
  }

  #some(isMeant: (held: HeldBatch) => boolean): boolean {
    for (const held of this.#held.values()) if (isMeant(held)) return true;
    return false;
  }

  #named(isMeant: (held: HeldBatch, batch: number) => boolean): number[] {
    return [...this.#held].flatMap(([batch, held]) => (isMeant(held, batch) ? [batch] : []));
  }
}

function newBatch(kind: HeldBatch['kind'], first: number, count: number): HeldBatch {
  return { kind, first, count, arriving: undefined, isParked: false, results: [], isDone: false };
}

/** Adds a part; says whether it is the last. What came in one is not copied. */
function join(arriving: Arriving, { data, size }: Pick<CallsMessage, 'data' | 'size'>): boolean {
  const end = arriving.at + data.length;
  if (size !== arriving.size || end > size) return false;
  if (data.length === size) arriving.data = data;
  else {
    if (arriving.at === 0) arriving.data = Buffer.allocUnsafeSlow(size);
    arriving.data.set(data, arriving.at);
  }
  arriving.at = end;
  return end === size;
}
