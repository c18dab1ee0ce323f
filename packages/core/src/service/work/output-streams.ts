/**
 * The live output and progress of units: asked of an agent only while somebody is subscribed.
 */
import { Observable, ReplaySubject, Subject } from 'rxjs';
import { printable } from '../../model/printable.ts';
import type { OutputStream } from '../../protocol/messages.ts';
import type { WorkMessage } from '../shared/work-client.ts';
import type { Progress } from './work-unit.ts';

/** Chunks kept for subscribers that come while others are there already. */
const REPLAYED_CHUNKS = 1024;

/** What the streams need to know of units, and the one thing they ask for. */
export interface OutputSource {
  isFinal(unit: number): boolean;
  /** The present one, or the last. */
  attemptOf(unit: number): number;
  /** Asks the agent that has the unit; false when no agent can be asked (any more). */
  watch(unit: number, stream: OutputStream, on: boolean): boolean;
}

interface Watched {
  readonly subject: ReplaySubject<Uint8Array>;
  subscribers: number;
  /** The present attempt has written all that it will. */
  ended: boolean;
}

export class OutputStreams {
  readonly #source: OutputSource;
  readonly #watched = new Map<string, Watched>();
  readonly #progress = new Map<number, Subject<Progress>>();
  readonly #lastProgress = new Map<number, Progress>();
  /** Nothing comes here any more. */
  #isReleased = false;

  constructor(source: OutputSource) {
    this.#source = source;
  }

  /** Somebody is subscribed, or some unit has told its progress. */
  get active(): boolean {
    return this.#watched.size + this.#progress.size + this.#lastProgress.size > 0;
  }

  output$(unit: number, stream: OutputStream): Observable<Uint8Array> {
    const key = `${unit}/${stream}`;
    return new Observable((subscriber) => {
      let watched = this.#watched.get(key);
      if (watched === undefined) {
        watched = { subject: new ReplaySubject(REPLAYED_CHUNKS), subscribers: 0, ended: false };
        this.#watched.set(key, watched);
        // Of a unit that is not bound yet the agent is asked when it is.
        const asked = this.#source.watch(unit, stream, true);
        const isOver = this.#isReleased || (!asked && this.#source.isFinal(unit));
        if (isOver) this.#complete(key, watched);
      }
      const mine = watched;
      mine.subscribers++;
      const subscription = mine.subject.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        mine.subscribers--;
        if (mine.subscribers > 0 || this.#watched.get(key) !== mine) return;
        this.#watched.delete(key);
        this.#source.watch(unit, stream, false);
      };
    });
  }

  /** What a unit, or its agent, has said last of its progress. */
  lastProgress(unit: number): Progress | undefined {
    return this.#lastProgress.get(unit);
  }

  progress$(unit: number): Observable<Progress> {
    return new Observable((subscriber) => {
      const last = this.#lastProgress.get(unit);
      if (last) subscriber.next(last);
      if (this.#isReleased || this.#source.isFinal(unit)) {
        subscriber.complete();
        return undefined;
      }
      const subject = this.#progress.get(unit) ?? new Subject();
      this.#progress.set(unit, subject);
      const subscription = subject.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        if (!subject.observed && this.#progress.get(unit) === subject) this.#progress.delete(unit);
      };
    });
  }

  /** The unit has been sent to its agent, which is asked now for what is watched. */
  bound(unit: number): void {
    if (this.#watched.size === 0) return;
    for (const stream of ['stdout', 'stderr'] as const) {
      const watched = this.#watched.get(`${unit}/${stream}`);
      if (watched === undefined) continue;
      watched.ended = false;
      this.#source.watch(unit, stream, true);
    }
  }

  /** The unit has become final: streams that have got all complete now, others when they have. */
  final(unit: number, reachable: boolean): void {
    if (this.#lastProgress.size > 0) this.#lastProgress.delete(unit);
    const progress = this.#progress.size > 0 ? this.#progress.get(unit) : undefined;
    if (progress) {
      this.#progress.delete(unit);
      progress.complete();
    }
    if (this.#watched.size === 0) return;
    for (const stream of ['stdout', 'stderr'] as const) {
      const key = `${unit}/${stream}`;
      const watched = this.#watched.get(key);
      if (watched && (watched.ended || !reachable)) this.#complete(key, watched);
    }
  }

  /** No agent can be asked for these any more: what has come is all. */
  lost(isLost: (unit: number) => boolean): void {
    for (const [key, watched] of this.#watched) {
      const unit = Number.parseInt(key, 10);
      if (this.#source.isFinal(unit) && isLost(unit)) this.#complete(key, watched);
    }
  }

  progressed({ unit, fraction, message, at }: WorkMessage & { type: 'progress' }): void {
    const progress: Progress = {
      ...(fraction !== undefined && { fraction }),
      message: printable(message),
      at: new Date(at),
    };
    this.#lastProgress.set(unit, progress);
    this.#progress.get(unit)?.next(progress);
  }

  wrote({ unit, attempt, stream, chunk }: WorkMessage & { type: 'output' }): void {
    const key = `${unit}/${stream}`;
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    if (chunk !== undefined) {
      watched.subject.next(chunk);
      return;
    }
    // The end of one before it says nothing of an attempt that has been bound since.
    if (attempt !== undefined && attempt !== this.#source.attemptOf(unit)) return;
    watched.ended = true;
    if (this.#source.isFinal(unit)) this.#complete(key, watched);
  }

  /** Streams complete, also those that somebody subscribes to later. */
  release(): void {
    this.#isReleased = true;
    for (const [key, watched] of this.#watched) this.#complete(key, watched);
    for (const subject of this.#progress.values()) subject.complete();
    this.#progress.clear();
  }

  #complete(key: string, watched: Watched): void {
    this.#watched.delete(key);
    watched.subject.complete();
  }
}
