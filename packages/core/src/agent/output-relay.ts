/**
 * Brings the output that somebody watches to the manager, without ever standing in the way of
 * reports: only so much of it waits in the link at a time, the rest waits here, and what does not
 * fit here either is passed over, with a line in the stream that says how much.
 */
import { notKept } from '../executor/recent-output.ts';
import type { MissedOutput, OutputPart } from '../executor/unit-run.ts';
import type { AgentMessage, OutputStream } from '../protocol/messages.ts';
import { inPieces } from '../runtime/in-pieces.ts';

/** Whose output it is. */
export interface OutputSource {
  /** Its number on the present link, if it is attached. */
  readonly service: { readonly channel: number | undefined };
  readonly unit: number;
  readonly attempt: number;
}

/** Whose output is asked for. */
interface AskedSource extends OutputSource {
  /** There was some, and it is not kept. */
  readonly notKept?: boolean;
  /** What comes before this in the stream is not wanted. */
  readonly from?: number;
}

/** A stream that is being passed on. */
interface Passed {
  readonly source: OutputSource;
  readonly from: number;
  /** Where in the stream it is. */
  at: number;
}

/** The way to the manager. */
export interface OutputSink {
  /** Bytes that wait to be written. */
  readonly buffered: number;
  /** @param end how much of the stream has been passed on with it */
  send(
    source: OutputSource,
    stream: OutputStream,
    part: Uint8Array | 'not-kept' | undefined,
    end?: number,
  ): void;
}

interface Waiting {
  readonly name: string;
  readonly source: OutputSource;
  readonly stream: OutputStream;
  readonly part: OutputPart;
  /** Bytes that should have come at this place. */
  missed: number;
  /** Where the stream is after it. */
  end: number;
}

/** With so much in the link the rest waits here. */
const LINK_BYTES = 1024 * 1024;
/** That much waits here. */
const WAITING_BYTES = 32 * 1024 * 1024;

/** The watched streams of an agent's units. */
export class OutputRelay {
  readonly #watch: (key: number, stream: OutputStream, on: boolean) => void;
  readonly #sink: OutputSink;
  readonly #sources = new Map<string, Passed>();
  readonly #gaps = new Map<string, Waiting>();
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(watch: (key: number, stream: OutputStream, on: boolean) => void, sink: OutputSink) {
    this.#watch = watch;
    this.#sink = sink;
  }

  /** Begins to pass on a stream, from its beginning or where it is wanted from, or stops. */
  watch(key: number | undefined, source: AskedSource, stream: OutputStream, on: boolean): void {
    if (key === undefined) {
      if (on) this.#sink.send(source, stream, source.notKept ? 'not-kept' : undefined);
      return;
    }
    const name = nameOf(key, stream);
    if (on === this.#sources.has(name)) return;
    if (on) this.#sources.set(name, { source, from: source.from ?? 0, at: 0 });
    else this.#sources.delete(name);
    this.#watch(key, stream, on);
  }

  /** A unit has written something, or, without a chunk, will write nothing more. */
  put(key: number, stream: OutputStream, part: OutputPart): void {
    const name = nameOf(key, stream);
    const passed = this.#sources.get(name);
    if (passed === undefined) return;
    const { source, from, at } = passed;
    if (part === undefined || part === 'not-kept') {
      this.#sources.delete(name);
      this.#add({ name, source, stream, part, missed: 0, end: at });
      return;
    }
    passed.at += part instanceof Uint8Array ? part.length : part.missed;
    const wanted = passed.at - Math.max(at, from);
    if (wanted <= 0) return;
    if (!(part instanceof Uint8Array)) {
      this.#add({ name, source, stream, part: { missed: wanted }, missed: 0, end: passed.at });
      return;
    }
    let end = passed.at - wanted;
    // Calls print as much as they like at once.
    for (const piece of inPieces(part.subarray(part.length - wanted))) {
      end += piece.length;
      this.#add({ name, source, stream, part: piece, missed: 0, end });
    }
  }

  #add(waiting: Waiting): void {
    const length = lengthOf(waiting.part);
    if (length > 0 && this.#bytes + length > WAITING_BYTES) this.#miss(waiting, length);
    else {
      this.#gaps.delete(waiting.name);
      this.#bytes += length;
      this.#waiting.push(waiting);
    }
    this.drain();
  }

  /** Passes on what the link can take now. */
  drain(): void {
    let next = 0;
    for (; next < this.#waiting.length && this.#sink.buffered < LINK_BYTES; next++) {
      const { name, source, stream, part, missed, end } = this.#waiting[next] as Waiting;
      this.#bytes -= lengthOf(part);
      if (missed > 0) this.#gaps.delete(name);
      const told = missed > 0 ? passedOver(missed) : isMissed(part) ? notKept(part.missed) : part;
      this.#sink.send(source, stream, told, end);
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

  #miss({ name, source, stream, end }: Waiting, bytes: number): void {
    let gap = this.#gaps.get(name);
    if (gap === undefined) {
      gap = { name, source, stream, part: undefined, missed: 0, end };
      this.#gaps.set(name, gap);
      this.#waiting.push(gap);
    }
    gap.missed += bytes;
    gap.end = end;
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
    send: ({ service: { channel }, unit, attempt }, stream, part, end) => {
      if (channel === undefined) return;
      const chunk =
        part === 'not-kept'
          ? { notKept: true }
          : part && { chunk: part, ...(end !== undefined && { end }) };
      link.send({ type: 'output', channel, unit, attempt, stream, ...chunk });
    },
  };
}

function lengthOf(part: OutputPart): number {
  return part instanceof Uint8Array ? part.length : 0;
}

function nameOf(key: number, stream: OutputStream): string {
  return `${key} ${stream}`;
}

function isMissed(part: OutputPart): part is MissedOutput {
  return typeof part === 'object' && !(part instanceof Uint8Array);
}

function passedOver(bytes: number): Uint8Array {
  const text = `\n[pstar: ${bytes} bytes of output were passed over: the way to the manager is slow]\n`;
  return new TextEncoder().encode(text);
}
