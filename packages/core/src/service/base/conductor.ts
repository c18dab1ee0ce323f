/**
 * The order in which things happen around a pure machine: journal, publish, effects.
 *
 * A machine decides at once and in memory; what it decided is shown and done only when the commit
 * that holds its events is on disk. So nobody is told, and no agent is sent, what a crash could take
 * back. It knows neither what the events mean nor how they are stored.
 */
import { PilotError } from '../../model/errors.ts';
import type { Log } from '../../runtime/log.ts';

/** What one input led to. A machine may return more fields, such as answers for its caller. */
export interface Step<Event, Effect> {
  readonly events: readonly Event[];
  readonly effects: readonly Effect[];
}

/** A pure machine as the conductor sees it. Refuses an input by throwing a PilotError, unchanged. */
export interface Machine<Input, S> {
  handle(input: Input): S;
  /**
   * The whole state as plain data, in parts, of which nothing changes afterwards: a snapshot. `return`
   * is called when no more of them are needed, even if none was.
   */
  dump(): Iterable<unknown> & { return?(): unknown };
}

/** The part of the journal that a conductor needs. */
export interface ConductorJournal {
  append(records: readonly unknown[]): void;
  commit(): Promise<void>;
  snapshot(parts: Iterable<unknown>): Promise<void>;
  readonly bytesSinceSnapshot: number;
  /** In how many pieces these bytes came; absent where that is not counted. */
  readonly appendsSinceSnapshot?: number;
  /** The size of the last snapshot, 0 before the first. */
  readonly snapshotBytes: number;
  /** Some of it is still as an older version has written it. */
  readonly isOutdated?: boolean;
  readonly failed?: PilotError | undefined;
}

/** What a conductor is made of. */
export interface ConductorParts<Input, Event, Effect, S extends Step<Event, Effect>> {
  /** Named in the error of a dispatch after the end. */
  readonly service: string;
  readonly machine: Machine<Input, S>;
  readonly journal: ConductorJournal;
  readonly log: Log;
  /** Shows a step whose events are durable; called before its effects are performed. */
  publish(step: S): void;
  perform(effect: Effect): void;
  /** What a subscriber or effect has thrown; by default logged and thrown anew, as rxjs does. */
  report?(error: unknown): void;
  /** Called once: the journal has failed, or the machine has a defect. Nothing moves any more. */
  failed?(error: unknown): void;
}

const MiB = 1024 * 1024;
/** Reading one appended piece takes as long as reading so many bytes more of a large one. */
const PIECE_BYTES = 512;

/**
 * How long a log may become before a snapshot is worth it: so many bytes, or so many times the size of the
 * last snapshot, whichever is more. While there is work, snapshots are only as frequent as it takes to keep
 * disk and replay in bounds; when there is time, after opening and before closing, one is taken whenever it
 * makes the next opening faster.
 */
const WORTH_IT = {
  working: { bytes: 16 * MiB, times: 2 },
  idle: { bytes: MiB, times: 0.25 },
} as const;

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The steps that one commit makes durable, with those without events that came after them. */
interface Batch<S> {
  readonly number: number;
  readonly steps: S[];
  settled?: Deferred;
}

/** Runs one machine over one journal. */
export class Conductor<Input, Event, Effect, S extends Step<Event, Effect> = Step<Event, Effect>> {
  readonly #parts: ConductorParts<Input, Event, Effect, S>;
  /** In order of dispatch. The first stays until it is carried out, so that nothing overtakes it. */
  readonly #batches: Batch<S>[] = [];
  /** The last of them, while its commit has not been asked for. */
  #open: Batch<S> | undefined;
  #lastNumber = 0;
  #broken: { readonly error: unknown } | undefined;
  #closed = false;
  #snapshotting: Promise<void> | undefined;

  constructor(parts: ConductorParts<Input, Event, Effect, S>) {
    this.#parts = parts;
  }

  /**
   * Lets the machine decide, and returns its decision at once, before it is durable.
   *
   * @throws the machine's own refusal; the journal's error once it has failed; `SERVICE_CLOSED`
   */
  dispatch(input: Input): S {
    this.#assertRunning();
    const step = this.#decide(input);
    const last = this.#batches[this.#batches.length - 1];
    if (step.events.length > 0) this.#openBatch().steps.push(step);
    else if (last !== undefined) last.steps.push(step);
    else if (step.effects.length > 0) {
      this.#carryOutTo(this.#newBatch(step).number);
    }
    return step;
  }

  /** What it has failed of for good; undefined while it goes on. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#broken;
  }

  /** Settles once all that was dispatched until now is durable, published and performed. */
  settled(): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken.error);
    const last = this.#batches[this.#batches.length - 1];
    if (last === undefined) return Promise.resolve();
    last.settled ??= defer();
    return last.settled.promise;
  }

  /**
   * Has a snapshot taken, beside everything else, if that makes the next opening much faster, or what
   * an older version has written is to be written anew. Settles, never rejects, when it is there.
   */
  async compact(): Promise<void> {
    this.#considerSnapshot('idle');
    await this.#snapshotting;
  }

  /** Waits until everything is settled and the log is short; from then on dispatches are refused. */
  async close(): Promise<void> {
    try {
      do await this.settled();
      while (this.#batches.length > 0);
      await this.#snapshotting;
      await this.compact();
    } finally {
      this.#closed = true;
    }
  }

  #assertRunning(): void {
    if (this.#broken !== undefined) throw this.#broken.error;
    const { failed } = this.#parts.journal;
    if (failed !== undefined) throw failed;
    if (this.#closed) {
      throw new PilotError('SERVICE_CLOSED', 'the service is closed', {
        subject: this.#parts.service,
        hint: `open it again with open({ id: '${this.#parts.service}' })`,
      });
    }
  }

  #decide(input: Input): S {
    try {
      const step = this.#parts.machine.handle(input);
      if (step.events.length > 0) this.#parts.journal.append(step.events);
      return step;
    } catch (error) {
      // Anything but a refusal may have left the machine ahead of its journal: nothing that it
      // says from here on could be replayed.
      if (!(error instanceof PilotError) || this.#parts.journal.failed !== undefined) {
        this.#break(error);
      }
      throw error;
    }
  }

  #openBatch(): Batch<S> {
    if (this.#open === undefined) {
      this.#open = this.#newBatch();
      queueMicrotask(() => this.#commit());
    }
    return this.#open;
  }

  #newBatch(...steps: S[]): Batch<S> {
    this.#lastNumber += 1;
    const batch: Batch<S> = { number: this.#lastNumber, steps };
    this.#batches.push(batch);
    return batch;
  }

  #commit(): void {
    const batch = this.#open;
    this.#open = undefined;
    if (batch === undefined || this.#broken !== undefined) return;
    this.#parts.journal.commit().then(
      () => this.#carryOutTo(batch.number),
      (error: unknown) => this.#break(error),
    );
  }

  /** A commit makes durable all that was appended before it: earlier batches are due as well. */
  #carryOutTo(number: number): void {
    let batch = this.#batches[0];
    while (batch !== undefined && batch.number <= number) {
      // By index: a step without events that is dispatched meanwhile is put at the end of this.
      for (let i = 0; i < batch.steps.length; i++) this.#carryOut(batch.steps[i] as S);
      this.#batches.shift();
      batch.settled?.resolve();
      batch = this.#batches[0];
    }
    this.#considerSnapshot('working');
  }

  #carryOut(step: S): void {
    this.#guard(() => this.#parts.publish(step));
    for (const effect of step.effects) this.#guard(() => this.#parts.perform(effect));
  }

  /** What throws here must not keep the steps behind it. */
  #guard(f: () => void): void {
    try {
      f();
    } catch (error) {
      if (this.#parts.report !== undefined) this.#parts.report(error);
      else this.#rethrow(error);
    }
  }

  #rethrow(error: unknown): void {
    this.#parts.log.error({ err: error }, 'a subscriber or an effect has thrown');
    queueMicrotask(() => {
      throw error;
    });
  }

  #considerSnapshot(when: keyof typeof WORTH_IT): void {
    const { journal, machine } = this.#parts;
    const { bytes, times } = WORTH_IT[when];
    const log = journal.bytesSinceSnapshot + (journal.appendsSinceSnapshot ?? 0) * PIECE_BYTES;
    const isLong = log > Math.max(bytes, times * journal.snapshotBytes);
    if (!isLong && !(when === 'idle' && journal.isOutdated)) return;
    if (this.#snapshotting || this.#broken || journal.failed) return;
    const parts = machine.dump();
    this.#snapshotting = journal
      .snapshot(parts)
      .catch((err: unknown) => this.#parts.log.error({ err }, 'the journal took no snapshot'))
      .finally(() => {
        parts.return?.();
        this.#snapshotting = undefined;
      });
  }

  #break(error: unknown): void {
    if (this.#broken !== undefined) return;
    this.#broken = { error };
    for (const batch of this.#batches.splice(0)) batch.settled?.reject(error);
    this.#open = undefined;
    this.#parts.failed?.(error);
  }
}

function defer(): Deferred {
  let settle: Pick<Deferred, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...(settle as Pick<Deferred, 'resolve' | 'reject'>) };
}
