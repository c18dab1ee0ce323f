/** The results of a map as its user gets them: in one of several ways, once. */
import { Observable, type Subscriber } from 'rxjs';
import type { TaskFunction } from '../../functions/task-types.ts';
import { PilotError } from '../../model/errors.ts';
import type { ReduceOptions } from './map-options.ts';
import type { Stretch } from './map-results.ts';

/** A result, and which input it is of. */
export interface IndexedResult<O> {
  readonly index: number;
  readonly value: O;
}

/** How far a map has come. */
export interface MapProgressReport {
  /** Calls that are over, those that have failed among them. */
  readonly done: number;
  readonly failed: number;
  /** Inputs that there are, once that is known. */
  readonly total: number | undefined;
}

/** How the results of a map are to come. */
export interface Consumption {
  readonly isOrdered: boolean;
  /** What folds two results into one: they are not to come at all, but for one. */
  readonly combine?: TaskFunction<never, unknown, never>;
}

/** A map under way, as far as its consumer sees it. */
export interface ConsumedRun {
  /** Undefined when there are no more. */
  next(): Promise<Stretch | undefined>;
  taken(stretch: Stretch): void;
  /** Nobody wants more: what runs is canceled. Without effect on one that is over. */
  leave(): Promise<void>;
  /** Of a reduce that is over. */
  readonly folded: { readonly value: unknown } | undefined;
}

/** Results that were taken. */
interface Taken {
  readonly first: number;
  readonly values: readonly unknown[];
}

/** What a stream is of. */
export interface ResultSource {
  readonly progress$: Observable<MapProgressReport>;
  begin(how: Consumption): Promise<ConsumedRun>;
  guard<T>(stream: Observable<T>): Observable<T>;
}

/**
 * What `map()` gives: its results, in the order of the inputs for whoever goes through it by
 * `for await … of`. The map begins when it is consumed, and it is consumed once; whoever stops in the
 * middle cancels what is left of it.
 */
export class ResultStream<O> implements AsyncIterable<O> {
  /** How far it has come, from now on; completes with it. Subscribing does not begin the map. */
  readonly progress$: Observable<MapProgressReport>;
  /**
   * Results as they come. The map begins with the first subscription, and all share it; when the last one ends,
   * the map is canceled. Who subscribes when it is over gets `WRONG_STATE`, or the error that it ended with.
   * Subscribers are not waited for: where handling a result takes long, iterate instead.
   */
  readonly results$: Observable<IndexedResult<O>>;
  readonly #source: ResultSource;
  readonly #subscribers = new Set<Subscriber<IndexedResult<O>>>();
  #shared: Promise<ConsumedRun> | undefined;
  /** {@link #shared} has ended: what those are told who come later. */
  #ended: { readonly error: unknown } | undefined;
  #consumer: string | undefined;

  /** @internal */
  constructor(source: ResultSource) {
    this.#source = source;
    this.progress$ = source.progress$;
    this.results$ = source.guard(new Observable((subscriber) => this.#subscribe(subscriber)));
  }

  /** Results in the order of inputs. */
  [Symbol.asyncIterator](): AsyncGenerator<O, void, undefined> {
    this.#consume('iterated');
    return this.#iterate();
  }

  /** Results as they come, each with the index of its input. */
  unordered(): AsyncGenerator<IndexedResult<O>, void, undefined> {
    this.#consume('unordered()');
    return this.#iterateUnordered();
  }

  /**
   * All results, in the order of inputs; they have to fit into memory.
   *
   * @throws TaskError of the first call that failed for good, unless failures are collected
   */
  async all(): Promise<O[]> {
    this.#consume('all()');
    const all: O[] = [];
    for await (const value of this.#iterate()) all.push(value);
    return all;
  }

  /**
   * Folds all results into one, where they are: `combine` is called on the nodes, first for the results of
   * each worker, then for two of these at a time. It must not matter in which order and grouping: `combine`
   * is to be associative and commutative. Only what all come to is brought here.
   *
   * @throws PilotError `WRONG_STATE` for a map without inputs, unless there is an `initial`; TaskError of a
   * call that failed for good
   */
  async reduce(combine: TaskFunction<O, O, O>, options: ReduceOptions<O> = {}): Promise<O> {
    this.#consume('reduce()');
    const run = await this.#source.begin({ isOrdered: false, combine });
    try {
      await run.next();
    } finally {
      await run.leave();
    }
    const { folded } = run;
    if (folded !== undefined) return folded.value as O;
    if ('initial' in options) return options.initial as O;
    throw new PilotError('WRONG_STATE', 'there is nothing to reduce', {
      hint: 'give an initial value for maps without inputs',
    });
  }

  async *#iterate(): AsyncGenerator<O, void, undefined> {
    const begun = this.#source.begin({ isOrdered: true });
    for await (const { values } of this.#stretches(begun)) yield* values as readonly O[];
  }

  async *#iterateUnordered(): AsyncGenerator<IndexedResult<O>, void, undefined> {
    const begun = this.#source.begin({ isOrdered: false });
    for await (const { first, values } of this.#stretches(begun)) {
      let index = first;
      for (const value of values as readonly O[]) yield { index: index++, value };
    }
  }

  async *#stretches(begun: Promise<ConsumedRun>): AsyncGenerator<Taken, void, undefined> {
    const run = await begun;
    try {
      for (let next = await run.next(); next !== undefined; next = await run.next()) {
        yield { first: next.first, values: await next.values() };
        run.taken(next);
      }
    } finally {
      await run.leave();
    }
  }

  #subscribe(subscriber: Subscriber<IndexedResult<O>>): () => void {
    if (this.#shared === undefined) {
      this.#consume('results$');
      this.#shared = this.#source.begin({ isOrdered: false });
      void this.#share(this.#shared);
    }
    if (this.#ended !== undefined) throw this.#ended.error;
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
      // There is nobody any more to hear of how that goes.
      if (this.#subscribers.size === 0 && this.#ended === undefined) {
        this.#shared?.then((run) => run.leave()).catch(() => {});
      }
    };
  }

  async #share(begun: Promise<ConsumedRun>): Promise<void> {
    let end: (subscriber: Subscriber<unknown>) => void;
    try {
      await this.#tell(begun);
      this.#ended = { error: this.#consumed() };
      end = (subscriber) => subscriber.complete();
    } catch (error) {
      this.#ended = { error };
      end = (subscriber) => subscriber.error(error);
    }
    for (const subscriber of [...this.#subscribers]) end(subscriber);
  }

  async #tell(begun: Promise<ConsumedRun>): Promise<void> {
    for await (const { first, values } of this.#stretches(begun)) {
      let index = first;
      for (const value of values as readonly O[]) {
        const result = { index: index++, value };
        for (const subscriber of this.#subscribers) subscriber.next(result);
      }
    }
  }

  #consume(how: string): void {
    if (this.#consumer !== undefined) throw this.#consumed();
    this.#consumer = how;
  }

  #consumed(): PilotError {
    const problem = `the results are consumed already, by ${this.#consumer}`;
    return new PilotError('WRONG_STATE', problem, {
      hint: 'call map() again, or keep what all() gives',
    });
  }
}
