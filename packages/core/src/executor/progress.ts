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

/** Of what came since the last look it takes no more than this to have these. */
export const LATEST_BYTES = MOST_LINES * LONGEST_LINE;

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
  /** Whether the beginning of the line at hand is unknown: then all of it is of no use. */
  #isHeadless = false;

  /**
   * The latest lines that are complete with these chunks; with `final`, also the unfinished one.
   *
   * @param hasGap something before these was passed over
   */
  read(chunks: readonly Uint8Array[], final = false, hasGap = false): ProgressLine[] {
    if (chunks.length === 0 && !(final && this.#rest)) return [];
    if (hasGap) this.#isHeadless = true;
    // A character cut in two by a chunk's end is put together again: chunks are joined first, and
    // between two calls a writer that appends whole lines leaves no half of one.
    const lines = (this.#rest + Buffer.concat(chunks).toString()).split('\n');
    if (this.#isHeadless && lines.length > 1) {
      this.#isHeadless = false;
      lines.shift();
    } else if (this.#isHeadless) lines[0] = '';
    this.#rest = final ? '' : (lines.pop() ?? '').slice(0, LONGEST_LINE);
    const read = lines.slice(-MOST_LINES).map((line) => parseProgress(line.slice(0, LONGEST_LINE)));
    return read.filter((line) => line !== undefined);
  }
}
