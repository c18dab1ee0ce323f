/**
 * The live output and progress of units: asked of an agent only while somebody is subscribed.
 */
import { Observable, ReplaySubject, Subject } from 'rxjs';
import { printable } from '../../model/printable.ts';
import type { OutputStream } from '../../protocol/messages.ts';
import type { WorkMessage } from '../base/work-client.ts';
import type { WhyLost } from './lost-output.ts';
import type { Progress } from './work-unit.ts';

/** Chunks kept for subscribers that come while others are there already. */
const REPLAYED_CHUNKS = 1024;

/** What an agent is asked for, or is not to bring any more. */
export interface AskedOutput {
  readonly stream: OutputStream;
  readonly on: boolean;
  /** So many bytes of it have come. */
  readonly from?: number;
}

/** What the streams need to know of units, and the one thing they ask for. */
export interface OutputSource {
  isFinal(unit: number): boolean;
  /** The present one, or the last. */
  attemptOf(unit: number): number;
  /** Asks the agent that has the unit for what its present attempt writes; false when none can be asked (any more). */
  watch(unit: number, asked: AskedOutput): boolean;
  /** Whether its last attempt may have written anything. */
  hasRun(unit: number): boolean;
  /** What to say of output that cannot be had. */
  lost(unit: number, stream: OutputStream, why: WhyLost): Error;
}

interface Watched {
  readonly unit: number;
  readonly stream: OutputStream;
  readonly subject: ReplaySubject<Uint8Array>;
  subscribers: number;
  /** Something has come. */
  hasSome: boolean;
  /** How much of an attempt's has come; undefined where its agent does not say. */
  seen: { readonly attempt: number; readonly end: number | undefined } | undefined;
  /** The present attempt has written all that it will, or that is all that will come of it. */
  ended: boolean | 'not-kept';
}

export class OutputStreams {
  readonly #source: OutputSource;
  readonly #watched = new Map<string, Watched>();
  readonly #progress = new Map<number, Subject<Progress>>();
  readonly #lastProgress = new Map<number, Progress>();
  /** Why nothing comes here any more. */
  #released: { readonly error: unknown } | undefined;

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
        const subject = new ReplaySubject<Uint8Array>(REPLAYED_CHUNKS);
        watched = {
          unit,
          stream,
          subject,
          subscribers: 0,
          hasSome: false,
          seen: undefined,
          ended: false,
        };
        this.#watched.set(key, watched);
        // Of a unit that is not bound yet the agent is asked when it is.
        const asked = !this.#released && this.#source.watch(unit, { stream, on: true });
        if (this.#released) this.#fail(watched, this.#released.error);
        else if (!asked && this.#source.isFinal(unit)) this.#lose(watched);
      }
      const mine = watched;
      mine.subscribers++;
      const subscription = mine.subject.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        mine.subscribers--;
        if (mine.subscribers > 0 || this.#watched.get(key) !== mine) return;
        this.#watched.delete(key);
        this.#source.watch(unit, { stream, on: false });
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
      if (this.#released || this.#source.isFinal(unit)) {
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
      this.#ask(watched);
    }
  }

  /** Agents have come by a new link, which knows nothing of what was asked for by the last one. */
  joined(isTheirs: (unit: number) => boolean): void {
    for (const watched of this.#watched.values()) {
      if (!watched.ended && isTheirs(watched.unit)) this.#ask(watched);
    }
  }

  /** What has come of the present attempt is not asked for again. */
  #ask(watched: Watched): void {
    const { unit, stream, seen } = watched;
    if (seen?.attempt !== this.#source.attemptOf(unit))
      this.#source.watch(unit, { stream, on: true });
    // It would begin anew, and nobody could say what of that has come before.
    else if (seen.end === undefined) this.#lose(watched);
    else this.#source.watch(unit, { stream, on: true, from: seen.end });
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
      if (watched?.ended) this.#allCame(watched);
      else if (watched && !reachable) this.#lose(watched);
    }
  }

  /** No agent can be asked for these any more: what has come is all. */
  lost(isLost: (unit: number) => boolean): void {
    for (const watched of this.#watched.values()) {
      if (this.#source.isFinal(watched.unit) && isLost(watched.unit)) this.#lose(watched);
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

  wrote({ unit, attempt, stream, chunk, end, notKept }: WorkMessage & { type: 'output' }): void {
    const key = `${unit}/${stream}`;
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    if (chunk !== undefined) {
      watched.hasSome = true;
      if (attempt !== undefined && attempt >= (watched.seen?.attempt ?? 0)) {
        watched.seen = { attempt, end };
      }
      watched.subject.next(chunk);
      return;
    }
    // The end of one before it says nothing of an attempt that has been bound since.
    if (attempt !== undefined && attempt !== this.#source.attemptOf(unit)) return;
    watched.ended = notKept ? 'not-kept' : true;
    if (this.#source.isFinal(unit)) this.#allCame(watched);
  }

  /** Streams complete; of output that somebody subscribes to later it is said that it comes too late. */
  release(error: unknown): void {
    this.#released = { error };
    for (const watched of this.#watched.values()) this.#complete(watched);
    for (const subject of this.#progress.values()) subject.complete();
    this.#progress.clear();
  }

  /** All has come that will; not to be taken for all that the unit has written, where that is more. */
  #allCame(watched: Watched): void {
    if (watched.ended === 'not-kept') this.#lose(watched, 'dropped');
    else this.#complete(watched);
  }

  #lose(watched: Watched, why?: WhyLost): void {
    const { unit, stream, hasSome } = watched;
    this.#fail(watched, this.#source.lost(unit, stream, why ?? (hasSome ? 'cut' : 'gone')));
  }

  #fail(watched: Watched, error: unknown): void {
    if (this.#source.hasRun(watched.unit)) this.#forget(watched).error(error);
    else this.#complete(watched);
  }

  #complete(watched: Watched): void {
    this.#forget(watched).complete();
  }

  #forget({ unit, stream, subject }: Watched): ReplaySubject<Uint8Array> {
    this.#watched.delete(`${unit}/${stream}`);
    return subject;
  }
}
