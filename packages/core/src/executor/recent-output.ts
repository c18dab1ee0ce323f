/**
 * What units that ended lately have written, so that a watch that comes a little late still gets
 * it: the bytes of a capture, or the name of the file that the unit wrote itself. Bounded.
 */
import type { KeptOutput, OutputPart, OutputStream } from './unit-run.ts';

/** A stream of an ended unit: the last of its bytes, or the path of its file; undefined if it was empty. */
export type Kept = KeptOutput | string | undefined;

/** Both streams of an ended unit. */
export type KeptStreams = Readonly<Record<OutputStream, Kept>>;

const MOST_BYTES = 16 * 1024 * 1024;
/** What an entry takes up besides its bytes: of short ones there are some 32,000. */
const ENTRY_BYTES = 512;

function sizeOf(kept: Kept): number {
  return typeof kept === 'object' ? kept.bytes.length : (kept?.length ?? 0);
}

/** The line that stands for what was in a stream and is not kept. */
export function notKept(bytes: number): Buffer {
  return Buffer.from(`\n[pstar: ${bytes} bytes of output were not kept]\n`);
}

/** The same for whoever watches; copies, which are theirs. */
export function partsOf({ missed, bytes }: KeptOutput): OutputPart[] {
  const kept = bytes.length > 0 ? [Buffer.from(bytes)] : [];
  return missed > 0 ? [{ missed }, ...kept] : kept;
}

function weigh(streams: KeptStreams): number {
  return ENTRY_BYTES + sizeOf(streams.stdout) + sizeOf(streams.stderr);
}

/** The streams of the units that ended last, the oldest forgotten first. */
export class RecentOutput {
  readonly #entries = new Map<number, KeptStreams>();
  #bytes = 0;

  /** Whether it is known what a unit has written; units that wrote nothing are never here. */
  has(key: number): boolean {
    return this.#entries.has(key);
  }

  get(key: number, stream: OutputStream): Kept {
    return this.#entries.get(key)?.[stream];
  }

  add(key: number, streams: KeptStreams): void {
    if (streams.stdout === undefined && streams.stderr === undefined) return;
    this.#entries.set(key, streams);
    this.#bytes += weigh(streams);
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      this.forget(oldest);
    }
  }

  forget(key: number): void {
    const streams = this.#entries.get(key);
    if (!streams) return;
    this.#entries.delete(key);
    this.#bytes -= weigh(streams);
  }
}

/** The streams in which there is anything. */
export function writtenOf({ stdout, stderr }: KeptStreams): readonly OutputStream[] {
  if (stdout === undefined) return stderr === undefined ? [] : ['stderr'];
  return stderr === undefined ? ['stdout'] : ['stdout', 'stderr'];
}
