/**
 * Brings the output that somebody watches to the manager, without ever standing in the way of
 * reports: only so much of it waits in the link at a time, the rest waits here, and what does not
 * fit here either is passed over, with a line in the stream that says how much.
 */
import type { AgentMessage, OutputStream } from '../protocol/messages.ts';
import { inPieces } from '../runtime/in-pieces.ts';

/** Whose output it is. */
export interface OutputSource {
  /** Its number on the present link, if it is attached. */
  readonly service: { readonly channel: number | undefined };
  readonly unit: number;
  readonly attempt: number;
}

/** The way to the manager. */
export interface OutputSink {
  /** Bytes that wait to be written. */
  readonly buffered: number;
  /** Without a chunk: the stream has ended. */
  send(source: OutputSource, stream: OutputStream, chunk: Uint8Array | undefined): void;
}

interface Waiting {
  readonly name: string;
  readonly source: OutputSource;
  readonly stream: OutputStream;
  readonly chunk: Uint8Array | undefined;
  /** Bytes that should have come at this place. */
  missed: number;
}

/** With so much in the link the rest waits here. */
const LINK_BYTES = 1024 * 1024;
/** That much waits here. */
const WAITING_BYTES = 32 * 1024 * 1024;

/** The watched streams of an agent's units. */
export class OutputRelay {
  readonly #watch: (key: number, stream: OutputStream, on: boolean) => void;
  readonly #sink: OutputSink;
  readonly #sources = new Map<string, OutputSource>();
  readonly #gaps = new Map<string, Waiting>();
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(watch: (key: number, stream: OutputStream, on: boolean) => void, sink: OutputSink) {
    this.#watch = watch;
    this.#sink = sink;
  }

  /** Begins to pass on a stream, from its beginning, or stops. */
  watch(key: number | undefined, source: OutputSource, stream: OutputStream, on: boolean): void {
    if (key === undefined) {
      if (on) this.#sink.send(source, stream, undefined);
      return;
    }
    const name = nameOf(key, stream);
    if (on === this.#sources.has(name)) return;
    if (on) this.#sources.set(name, source);
    else this.#sources.delete(name);
    this.#watch(key, stream, on);
  }

  /** A unit has written something, or, without a chunk, will write nothing more. */
  put(key: number, stream: OutputStream, chunk: Uint8Array | undefined): void {
    const name = nameOf(key, stream);
    const source = this.#sources.get(name);
    if (source === undefined) return;
    if (chunk === undefined) {
      this.#sources.delete(name);
      this.#add(name, source, stream, undefined);
      return;
    }
    // Calls print as much as they like at once.
    for (const piece of inPieces(chunk)) this.#add(name, source, stream, piece);
  }

  #add(
    name: string,
    source: OutputSource,
    stream: OutputStream,
    chunk: Uint8Array | undefined,
  ): void {
    const length = chunk?.length ?? 0;
    if (length > 0 && this.#bytes + length > WAITING_BYTES)
      this.#miss(name, source, stream, length);
    else {
      this.#gaps.delete(name);
      this.#bytes += length;
      this.#waiting.push({ name, source, stream, chunk, missed: 0 });
    }
    this.drain();
  }

  /** Passes on what the link can take now. */
  drain(): void {
    let next = 0;
    for (; next < this.#waiting.length && this.#sink.buffered < LINK_BYTES; next++) {
      const { name, source, stream, chunk, missed } = this.#waiting[next] as Waiting;
      this.#bytes -= chunk?.length ?? 0;
      if (missed > 0) this.#gaps.delete(name);
      this.#sink.send(source, stream, missed > 0 ? notice(missed) : chunk);
    }
    this.#waiting.splice(0, next);
  }

  /** The link is gone, and with it everybody who watched. */
  clear(): void {
    this.#waiting = [];
    this.#bytes = 0;
    this.#gaps.clear();
    const names = [...this.#sources.keys()];
    this.#sources.clear();
    for (const name of names) {
      const [key, stream] = name.split(' ');
      this.#watch(Number(key), stream as OutputStream, false);
    }
  }

  #miss(name: string, source: OutputSource, stream: OutputStream, bytes: number): void {
    let gap = this.#gaps.get(name);
    if (gap === undefined) {
      gap = { name, source, stream, chunk: undefined, missed: 0 };
      this.#gaps.set(name, gap);
      this.#waiting.push(gap);
    }
    gap.missed += bytes;
  }
}

/** A link as a sink: what belongs to a service that has no channel there is dropped. */
export function channelSink(link: {
  readonly buffered: number;
  send(message: Extract<AgentMessage, { readonly type: 'output' }>): void;
}): OutputSink {
  return {
    get buffered() {
      return link.buffered;
    },
    send: ({ service: { channel }, unit, attempt }, stream, chunk) => {
      if (channel === undefined) return;
      link.send({ type: 'output', channel, unit, attempt, stream, ...(chunk && { chunk }) });
    },
  };
}

function nameOf(key: number, stream: OutputStream): string {
  return `${key} ${stream}`;
}

function notice(bytes: number): Uint8Array {
  const text = `\n[pstar: ${bytes} bytes of output were passed over: the way to the manager is slow]\n`;
  return new TextEncoder().encode(text);
}
