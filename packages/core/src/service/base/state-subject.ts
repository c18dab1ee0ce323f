/** A state that can be watched: the present value first, the end after a final one. */
import { BehaviorSubject, Observable } from 'rxjs';

export class StateSubject<T> {
  readonly #subject: BehaviorSubject<T>;
  readonly #isFinal: (value: T) => boolean;
  /** Emits nothing to whoever subscribes after the end but the final value. */
  readonly observable: Observable<T>;

  constructor(value: T, isFinal: (value: T) => boolean) {
    this.#subject = new BehaviorSubject(value);
    this.#isFinal = isFinal;
    this.observable = new Observable((subscriber) => {
      // A completed BehaviorSubject has forgotten its value towards new subscribers.
      if (!this.#isFinal(this.value)) return this.#subject.subscribe(subscriber);
      subscriber.next(this.value);
      subscriber.complete();
      return undefined;
    });
  }

  get value(): T {
    return this.#subject.value;
  }

  /** Moves on; without effect when the value is the same or the present one is final. */
  next(value: T): void {
    if (value === this.value || this.#isFinal(this.value)) return;
    this.#subject.next(value);
    if (this.#isFinal(value)) this.#subject.complete();
  }
}
