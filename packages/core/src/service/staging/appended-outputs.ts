/**
 * Which outputs of units were appended to files: an agent that has not heard of it brings them again,
 * also to the next process that opens the service. Written down before each is appended, with the place
 * where it will stand; so what was begun in a crash is looked for there.
 *
 * It is not waited until that is on disk: it outlives the program, but not surely the machine.
 */
import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { Appended, AppendOnce } from '../../staging/place.ts';

/** An output of an attempt. */
export interface OutputKey {
  readonly unit: number;
  readonly attempt: number;
  readonly item: number;
}

/** A line of the file. */
type Row = readonly [unit: number, attempt: number, item: number, target: string, at: number];

interface Entry {
  readonly output: OutputKey;
  readonly appended: Appended;
  /** Whether it is known to be whole. */
  isDone: boolean;
}

/** So many may be over before they are taken out of the file. */
const MOST_OVER = 10_000;

/** Of one service. */
export class AppendedOutputs {
  readonly #file: string;
  readonly #isOpen: (unit: number, attempt: number) => boolean;
  /** Undefined until the file was read: most services append nothing. */
  #known: Map<string, Entry> | undefined;
  /** What was begun last at a place of a target. */
  readonly #places = new Map<string, string>();
  #sweepAt = MOST_OVER;
  #fd: number | undefined;
  #isClosed = false;

  /**
   * @param file made when there is something to write down
   * @param isOpen whether an attempt may still bring outputs
   */
  constructor(file: string, isOpen: (unit: number, attempt: number) => boolean) {
    this.#file = file;
    this.#isOpen = isOpen;
  }

  /** Whether nothing is left to be done for an output. */
  has(output: OutputKey): boolean {
    const known = this.#entries();
    return known.size > 0 && known.get(keyOf(output))?.isDone === true;
  }

  /** How an output is appended once. */
  once(output: OutputKey): AppendOnce {
    const begun = this.#entries().get(keyOf(output))?.appended;
    return { begun, begin: (appended) => this.#begin(output, appended) };
  }

  /** It is where it belongs. */
  done(output: OutputKey): void {
    const entry = this.#entries().get(keyOf(output));
    if (entry !== undefined) entry.isDone = true;
  }

  /** Nothing is begun after this. */
  close(): void {
    this.#isClosed = true;
    this.#letGo();
  }

  #letGo(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #begin(output: OutputKey, appended: Appended): void {
    if (this.#isClosed) throw new Error('the service is closed');
    if (this.#entries().size >= this.#sweepAt) this.#sweep();
    this.#fd ??= openSync(this.#file, 'a', 0o600);
    writeSync(this.#fd, lineOf({ output, appended }));
    this.#keep({ output, appended, isDone: false });
  }

  #keep(entry: Entry): void {
    const known = this.#known ?? new Map<string, Entry>();
    const { target, at } = entry.appended;
    const [key, place] = [keyOf(entry.output), `${at} ${target}`];
    // What was to stand there before has not come to it: it would be taken for this one, if they are alike.
    const before = this.#places.get(place);
    if (before !== undefined && before !== key) known.delete(before);
    this.#places.set(place, key);
    known.set(key, entry);
  }

  #entries(): Map<string, Entry> {
    if (this.#known !== undefined) return this.#known;
    this.#known = new Map();
    for (const line of linesOf(this.#file)) {
      const entry = entryOf(line);
      if (entry !== undefined) this.#keep(entry);
    }
    if (this.#known.size > 0) this.#sweep();
    return this.#known;
  }

  /** Forgets what nobody can bring again. */
  #sweep(): void {
    const known = this.#entries();
    this.#places.clear();
    for (const [key, { output, appended }] of known) {
      if (this.#isOpen(output.unit, output.attempt)) {
        this.#places.set(`${appended.at} ${appended.target}`, key);
      } else known.delete(key);
    }
    this.#sweepAt = 2 * known.size + MOST_OVER;
    this.#letGo();
    if (known.size === 0) rmSync(this.#file, { force: true });
    else {
      const draft = `${this.#file}.draft`;
      writeFileSync(draft, [...known.values()].map(lineOf).join(''), { mode: 0o600 });
      renameSync(draft, this.#file);
    }
  }
}

function keyOf({ unit, attempt, item }: OutputKey): string {
  return `${unit} ${attempt} ${item}`;
}

function lineOf({ output, appended }: Pick<Entry, 'output' | 'appended'>): string {
  const { unit, attempt, item } = output;
  const { target, at } = appended;
  return `${JSON.stringify([unit, attempt, item, target, at] satisfies Row)}\n`;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Undefined for the end of the file, and for a line of which a crash has left a part. */
function entryOf(line: string): Entry | undefined {
  if (!line.endsWith(']')) return undefined;
  const [unit, attempt, item, target, at] = JSON.parse(line) as Row;
  return { output: { unit, attempt, item }, appended: { target, at }, isDone: false };
}
