/**
 * Observables whose subscribers cannot bring the program down.
 *
 * rxjs reports what a subscriber throws as an uncaught exception, which ends the process and with
 * it everybody's pilots. A slip in a progress bar must not cost a campaign: here it is logged, and
 * that subscriber and all others go on. Holds through `pipe()` as well.
 */
import { Observable, type Observer, Subscriber, type Subscription } from 'rxjs';

/** Told what a subscriber has thrown, or what it left unhandled. */
export type Report = (error: unknown) => void;

/** The same stream, guarded. */
export function guarded<T>(source: Observable<T>, report: Report): Observable<T> {
  const observable = new GuardedObservable<T>(report);
  observable.source = source;
  return observable;
}

class GuardedObservable<T> extends Observable<T> {
  readonly #report: Report;

  constructor(report: Report) {
    super();
    this.#report = report;
  }

  // What pipe() makes of each operator: the result is guarded like its source.
  override lift<R>(operator?: Observable<R>['operator']): Observable<R> {
    const observable = new GuardedObservable<R>(this.#report);
    observable.source = this;
    observable.operator = operator;
    return observable;
  }

  override subscribe(observer?: Partial<Observer<T>> | ((value: T) => void) | null): Subscription;
  override subscribe(
    next?: ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription;
  override subscribe(
    first?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // An operator's own subscriber, which passes errors on to the last one.
    if (first instanceof Subscriber) return super.subscribe(first);
    const given =
      typeof first === 'object' && first !== null ? first : plain(first, error, complete);
    return super.subscribe({
      // Not by #try(): a function made for every value is what most of it would cost.
      next: (value) => {
        try {
          given.next?.(value);
        } catch (error) {
          this.#report(error);
        }
      },
      error: (problem: unknown) =>
        given.error ? this.#try(() => given.error?.(problem)) : this.#report(problem),
      complete: () => this.#try(() => given.complete?.()),
    });
  }

  #try(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#report(error);
    }
  }
}

function plain<T>(
  next: ((value: T) => void) | null | undefined,
  error: ((error: unknown) => void) | null | undefined,
  complete: (() => void) | null | undefined,
): Partial<Observer<T>> {
  return { ...(next && { next }), ...(error && { error }), ...(complete && { complete }) };
}
