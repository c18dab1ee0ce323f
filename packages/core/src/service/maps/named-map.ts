/**
 * What makes a map by name one that can be gone on with: its results are durable before anybody hears
 * of them, and it knows again what was done and of which inputs.
 */
import type { PlacedSpan, RestoredSpans } from '../../journal/restored-spans.ts';
import type { CallResults, ResultLog } from '../../journal/result-log.ts';
import type { Span } from '../../maps/map-events.ts';
import { PilotError } from '../../model/errors.ts';
import { valueDigest } from '../../runtime/value-digest.ts';
import { decodeValue } from '../../runtime/values.ts';
import { InputDigests } from './input-digests.ts';

/** Results that are to be kept; the digests are known here. */
export type KeptResults = Omit<CallResults, 'digests'>;

/** What calls came to that were done before. */
export type RestoredResults =
  | { readonly isFailed: false; readonly values: readonly unknown[] }
  | { readonly isFailed: true; readonly reason: unknown };

/** The durable side of a map that runs. */
export class NamedMap {
  readonly name: string;
  readonly #restored: RestoredSpans;
  readonly #log: ResultLog;
  readonly #close: () => Promise<void>;
  #passed = 0;
  readonly #digests = new InputDigests();
  /** The list of values that was decoded last: stretches of it follow each other. */
  #decoded: { readonly bytes: Uint8Array; readonly list: readonly unknown[] } | undefined;

  /** @param close lets others open a map of this name */
  constructor(name: string, log: ResultLog, restored: RestoredSpans, close: () => Promise<void>) {
    this.name = name;
    this.#restored = restored;
    this.#log = log;
    this.#close = close;
  }

  /**
   * An input was read.
   *
   * @throws PilotError `ALREADY_EXISTS` when the call was done, and with another input
   * @throws Error of the engine's that names what cannot be cloned
   */
  read(input: unknown): void {
    const index = this.#digests.read;
    const digest = valueDigest(input);
    const isSame = this.#restored.isSameInput(index, digest);
    if (isSame === false) {
      throw new PilotError('ALREADY_EXISTS', `input ${index} is another than it was before`, {
        subject: `map ${this.name}`,
        hint: `give the same inputs in the same order, another name, or begin anew after forgetMap('${this.name}')`,
      });
    }
    this.#digests.add(isSame ? undefined : digest);
  }

  /** What was done before, consecutive calls together. */
  *spans(): Generator<{ readonly span: Span; readonly failed: readonly number[] }> {
    let first = 0;
    let end = 0;
    let failed: number[] = [];
    for (const next of this.#restored) {
      if (next.first > end) {
        if (end > first) yield { span: { first, count: end - first }, failed };
        first = next.first;
        failed = [];
      }
      if (next.isFailed) failed.push(next.first);
      end = next.first + next.count;
    }
    if (end > first) yield { span: { first, count: end - first }, failed };
  }

  /** Of what was done before, that whose inputs were read since this was asked last. */
  *passed(): Generator<PlacedSpan> {
    for (;;) {
      const span = this.#restored.from(this.#passed);
      const first = Math.max(span?.first ?? 0, this.#passed);
      if (span === undefined || first >= this.#digests.read) return;
      this.#passed = Math.min(span.first + span.count, this.#digests.read);
      yield { ...span, first, count: this.#passed - first };
    }
  }

  /**
   * What a stretch of calls came to that {@link passed} has given.
   *
   * @throws PilotError `JOURNAL_DAMAGED`
   */
  async results(span: PlacedSpan): Promise<RestoredResults> {
    const results = await this.#log.read(span);
    if (results.isFailed) return results;
    const { values: bytes, skip } = results;
    if (this.#decoded?.bytes !== bytes) {
      this.#decoded = { bytes, list: decodeValue(bytes) as readonly unknown[] };
    }
    return { isFailed: false, values: this.#decoded.list.slice(skip, skip + span.count) };
  }

  /**
   * Keeps results; settles when they are durable, with how many they are: those that have no input any
   * more do not count. The values must not change until then.
   *
   * @throws PilotError `STORE_UNWRITABLE`, `STORE_FULL` when the service is closed meanwhile
   */
  async keep({ first, count, failures, ...list }: KeptResults): Promise<number> {
    const kept = Math.max(0, Math.min(count, this.#digests.read - first));
    if (kept === 0) return 0;
    const digests = this.#digests.take(first, kept);
    const counting = failures.filter(({ index }) => index < first + kept);
    this.#log.append({ ...list, first, count: kept, failures: counting, digests });
    await this.#log.commit();
    return kept;
  }

  /** Makes durable what is to be kept, and lets others open it. */
  close(): Promise<void> {
    return this.#close();
  }
}
