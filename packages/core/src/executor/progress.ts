/** The lines by which a unit says how far it is: `0.4 reading block 12`, `40%`, or just words. */

/** How far a unit is, in its own words. */
export interface ProgressLine {
  /** From 0 to 1. */
  readonly fraction: number | undefined;
  readonly message: string;
}

/** A unit that never ends its line must not take up the agent's memory. */
const LONGEST_LINE = 4096;
/** Of the lines that came since the last look only the latest are of interest. */
const MOST_LINES = 16;

/** Reads one line; undefined for an empty one. A number above 1 without a `%` is part of the words. */
export function parseProgress(line: string): ProgressLine | undefined {
  const text = line.trim();
  if (text === '') return undefined;
  const [, number, percent, message = ''] = /^(\d+\.?\d*|\.\d+)(%?)(?:\s+(.*))?$/s.exec(text) ?? [];
  const fraction = Number(number) / (percent ? 100 : 1);
  return fraction <= 1 ? { fraction, message } : { fraction: undefined, message: text };
}

/** Cuts what is appended to a progress file into lines; an unfinished one waits for its end. */
export class ProgressReader {
  #rest = '';

  /** The latest lines that are complete with this chunk; with `final`, also the unfinished one. */
  read(chunks: readonly Uint8Array[], final = false): ProgressLine[] {
    if (chunks.length === 0 && !(final && this.#rest)) return [];
    // A character cut in two by a chunk's end is put together again: chunks are joined first, and
    // between two calls a writer that appends whole lines leaves no half of one.
    const lines = (this.#rest + Buffer.concat(chunks).toString()).split('\n');
    this.#rest = final ? '' : (lines.pop() ?? '').slice(0, LONGEST_LINE);
    const read = lines.slice(-MOST_LINES).map((line) => parseProgress(line.slice(0, LONGEST_LINE)));
    return read.filter((line) => line !== undefined);
  }
}
