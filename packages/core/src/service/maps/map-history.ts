/**
 * The durable side of a map by name as it runs: hands results on once they are on disk, and those of
 * earlier lives once it is known that their inputs are the same.
 */
import type { CallResults } from '../../journal/result-log.ts';
import type { Span } from '../../maps/map-events.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { type CallFailure, taskErrorOf } from '../calls/call-failures.ts';
import type { MapResults } from './map-results.ts';
import type { NamedMap } from './named-map.ts';

/** A call that has failed, and with what. */
export type KeptFailure = CallResults['failures'][number] & { readonly reason: CallFailure };

/** An agent that is there takes less time than this to say what its units have. */
const HEARING_MS = 5000;

/** If results are not on disk after this long, the map waits for the disk: it may be full, for as long as it will. */
const STALL_MS = 2_000;

/** What a map's durable side is made with. */
export interface MapHistoryParts {
  readonly named: NamedMap;
  /** The function's name, for people. */
  readonly task: string;
  readonly results: MapResults;
  readonly clock: Clock;
  /** Results wait for the disk, or no longer do. */
  stalled(isStalled: boolean): void;
}

/** What is kept and what there was of one map. */
export class MapHistory {
  readonly named: NamedMap;
  readonly #parts: MapHistoryParts;
  /** Settles when what was to be kept is, and was handed on. */
  #kept: Promise<void> = Promise.resolve();
  /** Results of calls that an earlier life has sent, and whose inputs were not read yet. */
  #early: (() => void)[] = [];
  /** Units that have not said yet what they have. */
  readonly #unheard = new Set<number>();
  /** What is to be done once all of them have. */
  #afterwards: (() => void)[] = [];
  #patience: Timer | undefined;
  #closed: { readonly error: unknown } | undefined;
  /** How many of the calls of {@link keep} are not on disk yet. */
  #unkept = 0;
  /** Rings when the disk has taken long. */
  #stall: Timer | undefined;
  #isStalled = false;

  constructor(parts: MapHistoryParts) {
    this.named = parts.named;
    this.#parts = parts;
  }

  /** Calls `handOn` once results are durable, in order, with how many of them count. */
  keep(
    { first, count }: Span,
    failures: readonly KeptFailure[],
    list: Pick<CallResults, 'values' | 'skip'>,
    handOn: (count: number) => void,
    failed: (error: unknown) => void,
  ): void {
    const kept = count > 0 ? this.named.keep({ first, count, failures, ...list }) : 0;
    if (this.#unkept++ === 0) this.#awaitDisk();
    this.#kept = Promise.all([kept, this.#kept]).then(
      ([count]) => {
        this.#diskTook();
        handOn(count);
      },
      (error) => {
        this.#diskTook();
        failed(error);
      },
    );
  }

  #awaitDisk(): void {
    const late = (): void => this.#setStalled(true);
    this.#stall = this.#parts.clock.after(STALL_MS, late, { unref: true });
  }

  #diskTook(): void {
    this.#unkept -= 1;
    this.#stall?.cancel();
    this.#setStalled(false);
    if (this.#unkept > 0) this.#awaitDisk();
  }

  #setStalled(isStalled: boolean): void {
    if (isStalled === this.#isStalled) return;
    this.#isStalled = isStalled;
    this.#parts.stalled(isStalled);
  }

  /** These are units of an earlier life that run: they are heard before others are given what they may have. */
  hearFirst(units: readonly number[]): void {
    for (const unit of units) this.#unheard.add(unit);
    const giveUp = (): void => this.#goOn([...this.#unheard]);
    if (units.length > 0)
      this.#patience = this.#parts.clock.after(HEARING_MS, giveUp, { unref: true });
  }

  /** A unit has said what it has, or is over. */
  heard(unit: number): void {
    if (this.#unheard.has(unit)) this.#goOn([unit]);
  }

  /** Calls that once all were heard. */
  whenHeard(then: () => void): void {
    if (this.#unheard.size === 0) then();
    else this.#afterwards.push(then);
  }

  /** Calls it again when more inputs were read. */
  postpone(receive: () => void): void {
    this.#early.push(receive);
  }

  /** Inputs were read: hands on what was done before. */
  restore(): void {
    for (const span of this.named.passed()) {
      const values = async (): Promise<readonly unknown[]> => {
        if (this.#closed) throw this.#closed.error;
        const results = await this.named.results(span);
        if (!results.isFailed) return results.values;
        return [taskErrorOf(results.reason as CallFailure, this.#parts.task, span.first)];
      };
      this.#parts.results.add({ first: span.first, count: span.count, values });
    }
  }

  /** Inputs were read: has what came for them taken in. */
  admit(): void {
    const early = this.#early;
    this.#early = [];
    for (const receive of early) receive();
  }

  /** The map is over: ends the results when all that was to be kept is. */
  end(how: { readonly error?: unknown }): void {
    this.#early = this.#afterwards = [];
    this.#patience?.cancel();
    void this.#kept.then(() => this.#parts.results.end(how));
  }

  /** The service is closed: nothing can be read any more. */
  close(error: unknown): void {
    this.#closed = { error };
  }

  /** Nobody wants results any more; settles when others may open the map. */
  async leave(): Promise<void> {
    await this.#kept;
    await this.named.close();
  }

  #goOn(heard: readonly number[]): void {
    for (const unit of heard) this.#unheard.delete(unit);
    if (this.#unheard.size > 0) return;
    this.#patience?.cancel();
    const afterwards = this.#afterwards;
    this.#afterwards = [];
    for (const then of afterwards) then();
  }
}
