/** What the calls of runs print: to whoever watches, and kept for who comes a little later. */
import { partsOf, type RecentOutput, writtenOf } from '../executor/recent-output.ts';
import type { KeptOutput, OutputStream } from '../executor/unit-run.ts';
import type { CallEvents } from './call-run.ts';

/** Of each stream, the last so much is kept. */
const KEPT_BYTES = 1024 * 1024;
const TAIL_BYTES = 4096;
/** Each chunk takes up more than its bytes. */
const MOST_CHUNKS = 1024;

interface Stream {
  chunks: Uint8Array[];
  bytes: number;
  /** So much was before these. */
  missed: number;
  isWanted: boolean;
  /** What it has had so far was passed on. */
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
    stdout: newStream(),
    stderr: newStream(),
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
      const rest = lastOf(kept);
      kept.chunks = [Buffer.from(rest.bytes)];
      kept.bytes = rest.bytes.length;
      kept.missed = rest.missed;
    }
    if (stream === 'stderr') this.#tailBytes += chunk.length;
    if (kept.isWatched) this.#events.output(this.#key, stream, chunk);
  }

  watch(stream: OutputStream, on: boolean): void {
    const kept = this.#streams[stream];
    kept.isWanted = on;
    if (!on) kept.isWatched = false;
    else {
      queueMicrotask(() => {
        if (!kept.isWanted || kept.isWatched) return;
        const { missed, bytes, chunks } = kept;
        const all = { missed, bytes: bytes > 0 ? Buffer.concat(chunks) : Buffer.alloc(0) };
        for (const part of partsOf(all)) this.#events.output(this.#key, stream, part);
        kept.isWatched = true;
      });
    }
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
    const rest = (stream: OutputStream): KeptOutput | undefined => {
      const kept = this.#streams[stream];
      if (kept.isWatched) this.#events.output(this.#key, stream, undefined);
      return kept.bytes > 0 ? lastOf(kept) : undefined;
    };
    const streams = { stdout: rest('stdout'), stderr: rest('stderr') };
    this.#recent.add(this.#key, streams);
    const wrote = writtenOf(streams);
    return wrote.length > 0 ? { wrote } : {};
  }
}

function newStream(): Stream {
  return { chunks: [], bytes: 0, missed: 0, isWanted: false, isWatched: false };
}

function lastOf({ chunks, bytes, missed }: Stream): KeptOutput {
  const rest = Buffer.concat(chunks).subarray(-KEPT_BYTES);
  return { missed: missed + bytes - rest.length, bytes: rest };
}
