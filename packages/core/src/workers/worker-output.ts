/**
 * What functions print in a worker, brought to the agent as they print it: only here is it known which run it
 * belongs to. A function that prints without a pause cannot be held up, so what is too much is left out.
 */
import type { Writable } from 'node:stream';
import { inPieces } from '../runtime/in-pieces.ts';

/** While there is so much that the agent has not taken, output is gathered here. */
const GATHER_BYTES = 64 * 1024;
/** When more than this is gathered, only the last half of it is kept. */
const MOST_BYTES = 8 * 1024 * 1024;

/** Where it goes. */
export interface OutputSink {
  readonly backlog: number;
  write(bytes: Uint8Array): void;
  drained(): Promise<void>;
}

/** One stream's way out. */
export class WorkerOutput {
  readonly #sink: OutputSink;
  #gathered: Uint8Array[] = [];
  #bytes = 0;
  #leftOut = 0;
  #isWaiting = false;

  constructor(sink: OutputSink) {
    this.#sink = sink;
  }

  /** Has all that is written to a stream come here, for ever. */
  redirect(stream: Writable): void {
    type Done = (error?: Error | null) => void;
    const write = (
      chunk: string | Uint8Array,
      encoding?: BufferEncoding | Done,
      done?: Done,
    ): boolean => {
      const isNamed = typeof encoding === 'string';
      // What was given as bytes may be used again by whoever gave it.
      const isText = typeof chunk === 'string';
      this.put(isText ? Buffer.from(chunk, isNamed ? encoding : 'utf8') : Buffer.from(chunk));
      const callback = isNamed ? done : (encoding ?? done);
      if (callback) queueMicrotask(callback);
      return true;
    };
    stream.write = write as Writable['write'];
  }

  /** Owns the bytes. */
  put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (!this.#isWaiting && this.#sink.backlog < GATHER_BYTES) {
      this.#write(bytes);
      return;
    }
    this.#gathered.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > MOST_BYTES) this.#leaveOut();
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    void this.#sink.drained().then(() => this.flush());
  }

  #leaveOut(): void {
    const kept = Buffer.concat(this.#gathered).subarray(-MOST_BYTES / 2);
    this.#leftOut += this.#bytes - kept.length;
    this.#gathered = [Buffer.from(kept)];
    this.#bytes = kept.length;
  }

  /** Sends what was gathered. */
  flush(): void {
    this.#isWaiting = false;
    const left = this.#leftOut;
    this.#leftOut = 0;
    if (left > 0) {
      this.#sink.write(Buffer.from(`\n[pstar: ${left} bytes of output were not kept]\n`));
    }
    if (this.#bytes > 0) this.#write(Buffer.concat(this.#gathered.splice(0)));
    this.#bytes = 0;
  }

  /** The agent puts each message together in memory before it looks at it. */
  #write(bytes: Uint8Array): void {
    for (const piece of inPieces(bytes)) this.#sink.write(piece);
  }
}
