/**
 * The results of a map that has a name, durable: which calls are done, what their inputs were, and
 * where their values are. No value is kept in memory, and none is read when it is opened: a journal
 * says what there is, and a file beside it, {@link ValueFile}, has the bytes.
 *
 * Knows nothing of what values mean, nor of who may go on with them.
 */
import type { PilotError } from '../model/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { decodeAll, encode } from './codec.ts';
import { systemDisk } from './disk.ts';
import type { Journal, JournalOptions } from './journal.ts';
import { writeError } from './journal-errors.ts';
import { openJournal } from './open-journal.ts';
import { Outcome } from './outcome.ts';
import { type PlacedSpan, RestoredSpans, type SpanRecord } from './restored-spans.ts';
import { MARGIN_BYTES } from './segment.ts';
import { ValueFile } from './value-file.ts';

const KIND = 'results';

/** Consecutive calls that are over. */
export interface CallResults {
  /** The index of the first, and how many there are. */
  readonly first: number;
  readonly count: number;
  /**
   * A list of values as bytes, in which theirs begin after `skip` others. It must not change until it is
   * durable, and where one list has the values of several stretches, one after the other, it is written once.
   */
  readonly values: Uint8Array;
  readonly skip: number;
  /** What tells their inputs from others. */
  readonly digests: Float64Array;
  /** Those that failed for good, in order, with plain data that says why. */
  readonly failures: readonly { readonly index: number; readonly reason: unknown }[];
}

/** What a call or several came to. */
export type ReadResults =
  | { readonly isFailed: false; readonly values: Uint8Array; readonly skip: number }
  | { readonly isFailed: true; readonly reason: unknown };

/** A result log as it was found. */
export interface OpenedResultLog {
  readonly log: ResultLog;
  /** What it was last {@link ResultLog.identify identified} as. */
  readonly identity: unknown;
  /** What was done before. */
  readonly restored: RestoredSpans;
  /** Says that something unacknowledged was cut off the end. */
  readonly notice?: string;
}

interface IdentityRecord {
  readonly identity: unknown;
}

/**
 * Opens the result log in a directory, or begins one there.
 *
 * @throws PilotError `JOURNAL_DAMAGED`, `JOURNAL_VERSION`, `STORE_UNWRITABLE`, `STORE_FULL`.
 */
export async function openResultLog(
  options: Omit<JournalOptions, 'kind' | 'lifts'>,
): Promise<OpenedResultLog> {
  const { directory, disk = systemDisk, clock = systemClock, log } = options;
  const { journal, records, notice } = await openJournal({ ...options, kind: KIND });
  try {
    let identity: unknown;
    let end = 0;
    const spans = function* (): Generator<SpanRecord> {
      for (const record of records as Iterable<SpanRecord | IdentityRecord>) {
        if ('identity' in record) {
          identity = record.identity;
          continue;
        }
        for (const { at, size } of [record.values, record.reasons ?? record.values])
          end = Math.max(end, at + size);
        yield record;
      }
    };
    const restored = new RestoredSpans(spans());
    const values = await ValueFile.open({ disk, directory, kind: KIND, clock, log }, end).catch(
      async (error) => {
        throw await writeError(error, disk, directory, MARGIN_BYTES);
      },
    );
    return { log: new ResultLog(journal, values), identity, restored, ...(notice && { notice }) };
  } catch (error) {
    await journal.close().catch(() => {});
    throw error;
  }
}

/** A result log that is open for work. */
export class ResultLog {
  readonly #journal: Journal;
  readonly #values: ValueFile;
  #records: (SpanRecord | IdentityRecord)[] = [];
  /** Who waits for what was appended since the last step began, and for that step. */
  #awaited: Outcome<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #run: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** The list that was appended last. */
  #written: { readonly bytes: Uint8Array; readonly place: SpanRecord['values'] } | undefined;
  /** The values, or reasons, that were read last: spans of one list follow each other. */
  #read: { readonly at: number; readonly bytes: Promise<Uint8Array> } | undefined;

  /** Use {@link openResultLog}. */
  constructor(journal: Journal, values: ValueFile) {
    this.#journal = journal;
    this.#values = values;
  }

  /** Why nothing can be made durable any more. */
  get failed(): PilotError | undefined {
    return this.#values.failed ?? this.#journal.failed;
  }

  /** Says whose results these are from now on, in plain data. Durable after {@link commit}. */
  identify(identity: unknown): void {
    this.#records.push({ identity });
  }

  /** Adds results. Durable after {@link commit}. */
  append({ first, count, values, skip, digests, failures }: CallResults): void {
    // Nothing could be done with them but to fill the memory.
    if (this.failed) return;
    if (this.#written?.bytes !== values) {
      this.#written = { bytes: values, place: this.#values.append([values]) };
    }
    const failed = Uint32Array.from(failures, ({ index }) => index - first);
    const reasons = encode(failures.map(({ reason }) => reason));
    this.#records.push({
      first,
      count,
      values: this.#written.place,
      skip,
      digests,
      // Small encodings lie in a buffer that the next one overwrites.
      ...(failures.length > 0 && {
        failed,
        reasons: this.#values.append([Uint8Array.from(reasons)]),
      }),
    });
  }

  /**
   * Settles when all that was appended before is durable. A full disk is waited for. Costs nothing to
   * call often: one step at a time is under way, and the next takes all that came meanwhile.
   */
  commit(): Promise<void> {
    if (this.#records.length === 0) return this.#last;
    this.#awaited ??= new Outcome<void>();
    this.#last = this.#awaited.promise;
    this.#run ??= this.#takeSteps();
    return this.#last;
  }

  /**
   * What a span of those that were there when the log was opened came to.
   *
   * @throws PilotError `JOURNAL_DAMAGED`
   */
  async read({ first, isFailed, record }: PlacedSpan): Promise<ReadResults> {
    const call = first - record.first;
    const place = (isFailed && record.reasons) || record.values;
    if (this.#read?.at !== place.at) this.#read = { at: place.at, bytes: this.#values.read(place) };
    const bytes = await this.#read.bytes;
    if (!isFailed) return { isFailed, values: bytes, skip: record.skip + call };
    const reasons = decodeAll(bytes)[0] as unknown[];
    return { isFailed, reason: reasons[record.failed?.indexOf(call) ?? 0] };
  }

  /**
   * Makes durable what was appended, and lets the files go.
   *
   * @throws PilotError when that is not possible; a full disk is not waited for.
   */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    this.#values.endWaiting();
    const outcome = this.commit();
    outcome.catch(() => {});
    await this.#run;
    await this.#read?.bytes.catch(() => {});
    try {
      await this.#journal.close();
    } finally {
      await this.#values.close();
    }
    await outcome;
  }

  /** Values first, then the records that name them: while these are being written, the next values are. */
  async #takeSteps(): Promise<void> {
    for (;;) {
      // One turn later: what the same tick appends goes along.
      await undefined;
      const awaited = this.#awaited;
      if (!awaited) break;
      const records = this.#records;
      this.#records = [];
      this.#awaited = this.#written = undefined;
      try {
        await this.#values.flush();
        this.#journal.append(records);
        this.#journal.commit().then(awaited.resolve, awaited.reject);
      } catch (error) {
        awaited.reject(error as PilotError);
      }
    }
    this.#run = undefined;
  }
}
