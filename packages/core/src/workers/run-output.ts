/** What the calls of runs print: to whoever watches, and kept for who comes a little later. */
import { type RecentOutput, writtenOf } from '../executor/recent-output.ts';
import type { OutputStream } from '../executor/unit-run.ts';
import type { CallEvents } from './call-run.ts';

/** Of each stream, the last so much is kept. */
const KEPT_BYTES = 1024 * 1024;
const TAIL_BYTES = 4096;
/** Each chunk takes up more than its bytes. */
const MOST_CHUNKS = 1024;

interface Stream {
  chunks: Uint8Array[];
  bytes: number;
  isWatched: boolean;
}

/** The two streams of one run. */
export class RunOutput {
  readonly #key: number;
  readonly #events: CallEvents;
  readonly #recent: RecentOutput;
  /** How much of standard error is of the present worker. */
  #tailBytes = 0;
  readonly #streams: Readonly<Record<OutputStream, Stream>> = {
    stdout: { chunks: [], bytes: 0, isWatched: false },
    stderr: { chunks: [], bytes: 0, isWatched: false },
  };

  /** @param recent where it is kept after the end of the run */
  constructor(key: number, events: CallEvents, recent: RecentOutput) {
    this.#key = key;
    this.#events = events;
    this.#recent = recent;
  }

  put(stream: OutputStream, chunk: Uint8Array): void {
    const kept = this.#streams[stream];
    // A small chunk would hold the large one that it came with.
    kept.chunks.push(chunk.length < 1024 ? Buffer.from(chunk) : chunk);
    kept.bytes += chunk.length;
    if (kept.bytes > 2 * KEPT_BYTES || kept.chunks.length > MOST_CHUNKS) {
      const rest = Buffer.concat(kept.chunks).subarray(-KEPT_BYTES);
      kept.chunks = [Buffer.from(rest)];
      kept.bytes = rest.length;
    }
    if (stream === 'stderr') this.#tailBytes += chunk.length;
    if (kept.isWatched) this.#events.output(this.#key, stream, chunk);
  }

  watch(stream: OutputStream, on: boolean): void {
    const kept = this.#streams[stream];
    if (on && !kept.isWatched) {
      queueMicrotask(() => {
        if (kept.bytes > 0) this.#events.output(this.#key, stream, Buffer.concat(kept.chunks));
        kept.isWatched = true;
      });
    } else kept.isWatched = on;
  }

  /** What comes now is of another worker. */
  ofAnother(): void {
    this.#tailBytes = 0;
  }

  /** The end of what the worker wrote to its standard error. */
  get stderrTail(): string {
    if (this.#tailBytes === 0) return '';
    const { chunks } = this.#streams.stderr;
    const bytes = Math.min(TAIL_BYTES, this.#tailBytes);
    const tail = Buffer.concat(chunks.slice(-64)).subarray(-bytes);
    return tail.toString().replace(/^\uFFFD+/, '');
  }

  /** The run is over: the streams that were written to. */
  end(): { readonly wrote?: readonly OutputStream[] } {
    const rest = (stream: OutputStream): Buffer | undefined => {
      const { chunks, bytes, isWatched } = this.#streams[stream];
      if (isWatched) this.#events.output(this.#key, stream, undefined);
      return bytes > 0 ? Buffer.concat(chunks).subarray(-KEPT_BYTES) : undefined;
    };
    const streams = { stdout: rest('stdout'), stderr: rest('stderr') };
    this.#recent.add(this.#key, streams);
    const wrote = writtenOf(streams);
    return wrote.length > 0 ? { wrote } : {};
  }
}
