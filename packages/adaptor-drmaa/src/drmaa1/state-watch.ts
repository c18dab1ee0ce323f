/** The states of native jobs as streams: all that are watched are asked about in one message. */
import { Observable, type Subscriber } from 'rxjs';
import type { DrmaaError } from '../errors.ts';
import type { DrmaaJobState } from './states.ts';

/** A state, or why it is not known. */
export interface DrmaaJobStatus {
  readonly jobId: string;
  readonly state?: DrmaaJobState;
  readonly error?: DrmaaError;
}

/** Milliseconds between two questions: short after something has changed. */
const PACE = { first: 50, last: 1_000, factor: 1.5 };

const ENDS: readonly DrmaaJobState[] = ['DONE', 'FAILED'];

interface Watched {
  readonly subscribers: Set<Subscriber<DrmaaJobState>>;
  last: DrmaaJobState | undefined;
  /** It was not known when it was last asked about. */
  missing: boolean;
}

/** Asks for the states of what somebody watches. */
export class StateWatch {
  readonly #ask: (ids: readonly string[]) => Promise<readonly DrmaaJobStatus[]>;
  readonly #watched = new Map<string, Watched>();
  #pause = PACE.first;
  #asking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(ask: (ids: readonly string[]) => Promise<readonly DrmaaJobStatus[]>) {
    this.#ask = ask;
  }

  /** The state, and every other that follows; completes with the end. */
  state$(id: string): Observable<DrmaaJobState> {
    return new Observable((subscriber) => {
      const watched = this.#watched.get(id) ?? {
        subscribers: new Set(),
        last: undefined,
        missing: false,
      };
      this.#watched.set(id, watched);
      watched.subscribers.add(subscriber);
      if (watched.last !== undefined) subscriber.next(watched.last);
      this.#soon();
      return () => {
        watched.subscribers.delete(subscriber);
        if (watched.subscribers.size === 0 && this.#watched.get(id) === watched)
          this.#watched.delete(id);
      };
    });
  }

  /** Somebody else has heard of a state. */
  saw(id: string, state: DrmaaJobState): void {
    const watched = this.#watched.get(id);
    if (watched === undefined || watched.last === state) return;
    watched.last = state;
    this.#pause = PACE.first;
    const over = ENDS.includes(state);
    if (over) this.#watched.delete(id);
    for (const subscriber of [...watched.subscribers]) {
      subscriber.next(state);
      if (over) subscriber.complete();
    }
  }

  /** There will be no more states. */
  fail(error: Error): void {
    for (const id of [...this.#watched.keys()]) this.#failOne(id, error);
  }

  /** What may pass is asked again; also what is not known, once: a wait may be about to tell its end. */
  #doubt(id: string, error: DrmaaError): void {
    const watched = this.#watched.get(id);
    if (watched === undefined || error.transient) return;
    if (watched.missing || error.code !== 'NOT_FOUND') this.#failOne(id, error);
    watched.missing = true;
  }

  #failOne(id: string, error: Error): void {
    const watched = this.#watched.get(id);
    this.#watched.delete(id);
    for (const subscriber of [...(watched?.subscribers ?? [])]) subscriber.error(error);
  }

  #soon(): void {
    this.#pause = PACE.first;
    clearTimeout(this.#timer);
    if (!this.#asking) this.#timer = setTimeout(() => void this.#round(), 0);
  }

  async #round(): Promise<void> {
    this.#asking = true;
    const ids = [...this.#watched.keys()];
    try {
      for (const { jobId, state, error } of ids.length > 0 ? await this.#ask(ids) : []) {
        if (state !== undefined) this.saw(jobId, state);
        else if (error !== undefined) this.#doubt(jobId, error);
      }
    } catch (error) {
      this.fail(error as Error);
    }
    this.#asking = false;
    if (this.#watched.size === 0) return;
    this.#timer = setTimeout(() => void this.#round(), this.#pause);
    this.#pause = Math.min(PACE.last, this.#pause * PACE.factor);
  }
}
