/**
 * Which runs have left output that somebody may still want to see, and which units have written anything:
 * of one that wrote nothing it can be said so for as long as the agent lives. Pure.
 */
import type { OutputStream } from '../protocol/messages.ts';
import { AttemptTable } from './attempt-table.ts';

/** As many as the executor keeps the output of, where each has written a line. */
const MOST_RUNS = 32 * 1024;
const FIRST_ROOM = 256;
const BITS = { stdout: 1, stderr: 2 } as const;

/** What became of a stream of a unit that has run: it is empty, it can be asked for by a key, or it is not kept. */
export type Remains = 'empty' | 'not-kept' | { readonly key: number };

/** A run that is over. */
interface EndedRun {
  readonly unit: number;
  readonly key: number;
}

/** The runs of a service that are over, as far as they have written anything. */
export class RecentRuns {
  #units = new Uint32Array(FIRST_ROOM);
  #keys = new Float64Array(FIRST_ROOM);
  #count = 0;
  /** By unit: of which streams of its last run there was anything. */
  readonly #wrote = new AttemptTable();

  /** @param wrote what it has written to; most units write nothing, and cost nothing here */
  add({ unit, key }: EndedRun, wrote: readonly OutputStream[] = []): void {
    let bits = 0;
    for (const stream of wrote) bits |= BITS[stream];
    if (bits !== 0 || this.#count > 0) this.#wrote.set(unit, bits);
    if (bits === 0) return;
    if (this.#count === this.#units.length && this.#count < MOST_RUNS) this.#grow();
    const at = this.#count++ % this.#units.length;
    this.#units[at] = unit;
    this.#keys[at] = key;
  }

  /** What there is of a stream, of the last run of a unit. */
  of(unit: number, stream: OutputStream): Remains {
    if ((this.#wrote.of(unit) & BITS[stream]) === 0) return 'empty';
    const room = this.#units.length;
    const next = this.#count % room;
    // The newest first: those before the next row, then those behind it, which are a turn older.
    let at = next === 0 ? -1 : this.#units.lastIndexOf(unit, next - 1);
    if (at === -1 && this.#count >= room) at = this.#units.lastIndexOf(unit);
    return at === -1 ? 'not-kept' : { key: this.#keys[at] as number };
  }

  #grow(): void {
    const units = new Uint32Array(2 * this.#units.length);
    const keys = new Float64Array(units.length);
    units.set(this.#units);
    keys.set(this.#keys);
    this.#units = units;
    this.#keys = keys;
  }
}
