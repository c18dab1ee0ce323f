/**
 * The inputs of a map: read as they are wanted, kept as values until nobody asks for them again, and
 * encoded as they are sent. Knows nothing of who calls what.
 */
import type { Span } from '../../maps/map-events.ts';
import { DescriptionError } from '../../model/errors.ts';
import type { Bytes } from '../../runtime/pieces.ts';
import { unsendablePart } from '../../runtime/unsendable.ts';
import { valueSize } from '../../runtime/value-size.ts';
import { encodePieces, TooLargeError } from '../../runtime/values.ts';

/** What a map may be given as inputs. */
export type Inputs<I> = Iterable<I> | AsyncIterable<I>;

type Next<I> = IteratorResult<I> | Promise<IteratorResult<I>>;

/** So many are read before others on the event loop get their turn. */
const SLICE = 1024;

/** Who is told what was read. */
export interface InputReader<I> {
  /** One was read; what this throws ends the reading. */
  check?(input: I): void;
  /** So many more, of these sizes. */
  read(sizes: readonly number[]): void;
  /** There are no more. */
  over(): void;
  /** The source has thrown. */
  failed(error: unknown): void;
}

/** The inputs that are there, and the way to more. */
export class MapInputs<I> {
  readonly #source: AsyncIterator<I> | Iterator<I>;
  readonly #reader: InputReader<I>;
  /** The first of {@link #values}, and those behind it. */
  #first = 0;
  #values: I[] = [];
  #wanted = 0;
  #sizes: number[] = [];
  #isReading = false;
  #isOver = false;

  /** @throws DescriptionError for what cannot be gone through */
  constructor(source: Inputs<I>, reader: InputReader<I>) {
    this.#source = iteratorOf(source);
    this.#reader = reader;
  }

  /** Wants so many more; they are told in portions. */
  want(count: number): void {
    this.#wanted += count;
    if (this.#isReading || this.#isOver) return;
    this.#isReading = true;
    // Not now: whoever wants them is in the middle of something.
    queueMicrotask(() => void this.#pump());
  }

  /** @throws the engine's DataCloneError where one of them cannot be cloned, or a TooLargeError */
  encode({ first, count }: Span): Bytes {
    const from = first - this.#first;
    return encodePieces(this.#values.slice(from, from + count));
  }

  /** What is wrong with the first of a stretch that cannot be cloned, or is too large. */
  problemOf({ first, count }: Span): DescriptionError | undefined {
    for (let index = first; index < first + count; index++) {
      try {
        encodePieces(this.at(index));
      } catch (cause) {
        if (cause instanceof TooLargeError) return tooLarge(index, cause);
        const part = unsendablePart(this.at(index), `input ${index}`) ?? `input ${index}`;
        return new DescriptionError('DESCRIPTION_INVALID', `${part} cannot be sent`, {
          hint: 'inputs are structurally cloned: give plain data, typed arrays, maps or sets',
          cause,
        });
      }
    }
    return undefined;
  }

  /** One of them, as it was read. */
  at(index: number): I {
    return this.#values[index - this.#first] as I;
  }

  /** Those before this index will not be asked for again. */
  forget(before: number): void {
    const gone = before - this.#first;
    // Not one by one: each time those that stay are moved. What is in them goes at once, it may be large.
    if (gone < SLICE && gone < this.#values.length) {
      this.#values.fill(undefined as I, 0, Math.max(0, gone));
      return;
    }
    this.#values = this.#values.slice(gone);
    this.#first = before;
  }

  /** Reads no more, and lets the source clean up. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#values = [];
    // It is asked to end, and nobody is there any more to hear of how it did.
    Promise.resolve()
      .then(() => this.#source.return?.())
      .catch(() => {});
  }

  async #pump(): Promise<void> {
    try {
      while (this.#wanted > 0 && !this.#isOver) {
        const next: Next<I> = this.#source.next();
        // To await each of an array would cost more than all the rest.
        this.#take('then' in next ? await this.#awaited(next) : next);
        if (this.#sizes.length >= SLICE) await this.#turn();
      }
      this.#isReading = false;
      this.#tell();
    } catch (error) {
      this.#isReading = false;
      if (this.#isOver) return;
      this.#isOver = true;
      this.#reader.failed(error);
    }
  }

  /** What was read is told before one is waited for that may be long in coming. */
  async #awaited(next: PromiseLike<IteratorResult<I>>): Promise<IteratorResult<I>> {
    const turn = setImmediate(() => this.#tell());
    try {
      return await next;
    } finally {
      if (this.#sizes.length === 0) clearImmediate(turn);
    }
  }

  #take({ done, value }: IteratorResult<I>): void {
    if (this.#isOver) return;
    if (done) {
      this.#isOver = true;
      this.#tell();
      this.#reader.over();
      return;
    }
    try {
      this.#reader.check?.(value);
    } catch (error) {
      this.close();
      this.#reader.failed(error);
      return;
    }
    this.#wanted -= 1;
    this.#values.push(value);
    this.#sizes.push(valueSize(value));
  }

  #tell(): void {
    if (this.#sizes.length === 0) return;
    const sizes = this.#sizes;
    this.#sizes = [];
    this.#reader.read(sizes);
  }

  async #turn(): Promise<void> {
    this.#tell();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function tooLarge(index: number, cause: TooLargeError): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', `input ${index} cannot be sent`, {
    hint: `${cause.message}: give less to each call, or the name of a file`,
    cause,
  });
}

function iteratorOf<I>(source: Inputs<I>): AsyncIterator<I> | Iterator<I> {
  const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = Object(source);
  if (typeof async === 'function') return async.call(source);
  if (typeof sync === 'function' && typeof source !== 'string') return sync.call(source);
  const isText = typeof source === 'string';
  throw new DescriptionError(
    'DESCRIPTION_INVALID',
    isText ? 'are a string' : 'cannot be gone through',
    {
      subject: 'inputs',
      hint: isText
        ? 'give [text] for one call with all of it, or [...text] for one with each character'
        : 'give an array, or anything else for for … of or for await … of',
    },
  );
}
