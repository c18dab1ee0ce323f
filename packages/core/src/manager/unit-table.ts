/**
 * All units of a service as a struct of arrays, in pages.
 *
 * A unit costs 51 bytes here against 392 as an object with its own description, and the garbage
 * collector never walks it (measured: a full collection of 2 ms against 314 for a million). Pages
 * because growing one array would copy it and hold it twice.
 */
import { assert } from '../model/assert.ts';
import { mayMove, WORK_UNIT_STATES, type WorkUnitState } from '../model/work-unit-state.ts';

const PAGE_BITS = 14;
const PAGE_SIZE = 1 << PAGE_BITS;
export const PAGE_MASK = PAGE_SIZE - 1;

/** Where no unit, place or edge is meant. */
export const NONE = 0xffffffff;

/** The numbers of the states, as the tables hold them. */
export const STATE = Object.fromEntries(
  WORK_UNIT_STATES.map((state, number) => [state, number]),
) as Readonly<Record<WorkUnitState, number>>;

/** Bits of the `flags` column. */
export const CANCEL_ASKED = 1;
/** The present attempt has been reported as started. */
export const STARTED = 2;
/** It is at the agent of its place, while it still waits: says nothing in other states. See promises.ts. */
export const PROMISED = 4;

const MAY_MOVE = WORK_UNIT_STATES.map((from) => WORK_UNIT_STATES.map((to) => mayMove(from, to)));

const COLUMNS = {
  state: Uint8Array,
  flags: Uint8Array,
  template: Uint32Array,
  /** The place it is bound to, or was last. */
  place: Uint32Array,
  /** Counts bindings, from 1. */
  attempt: Uint16Array,
  /** Failed attempts that were tried again; pilots' ends are not counted. */
  retried: Uint16Array,
  /** Pilots that died while it ran, and 16 for each that died when it was about to. */
  crashes: Uint8Array,
  /** The next in its class's queue. */
  next: Uint32Array,
  exitCode: Int16Array,
  signal: Uint8Array,
  reason: Uint8Array,
  startedAt: Float64Array,
  finishedAt: Float64Array,
  userTime: Float32Array,
  systemTime: Float32Array,
  maxRss: Uint32Array,
} as const;

const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];

const ROW_BYTES = Object.values(COLUMNS).reduce((sum, Type) => sum + Type.BYTES_PER_ELEMENT, 0);

type Columns = { [K in keyof typeof COLUMNS]: InstanceType<(typeof COLUMNS)[K]> };

/** The columns of up to 16,384 units. */
export interface UnitPage extends Columns {
  /** JSON of what a unit has of its own, where its template does not say it; absent when none has. */
  own?: (string | null)[];
  /** The same of new units, as it came: lines, and the row of the first, which may be before this page. */
  unread?: { readonly row: number; readonly text: string }[];
  /** Whether `own` and `unread` are nothing but names; absent where nobody has said so. */
  onlyNames?: boolean;
}

/** A page to read in: who writes says so, see {@link UnitTable.toWrite}. */
export type ReadonlyPage = {
  readonly [K in keyof Columns]: { readonly [row: number]: number };
};

/** One page as it goes into a snapshot. A column that says the same of all units is one number. */
export interface PageDump {
  readonly rows: number;
  readonly columns: { readonly [K in keyof Columns]: Columns[K] | number };
  readonly own: readonly (string | null)[] | null;
}

/** What is taken one after the other, and may be ended before the first, unlike a generator. */
export interface InTurn<T> extends IterableIterator<T, undefined> {
  return(): IteratorReturnResult<undefined>;
}

/** A dump that is being taken page by page. */
interface Dumping {
  /** Units that there were when it began. */
  readonly size: number;
  /** Pages that it has had. */
  taken: number;
  /** Pages as they were that have changed before it came to them. */
  readonly kept: Map<number, PageDump>;
}

export class UnitTable {
  readonly #pages: UnitPage[] = [];
  /** Made ahead, for units that are yet to be added. */
  #ready: UnitPage[] = [];
  /** How many units are in each state, by the state's number. */
  readonly counts: number[] = WORK_UNIT_STATES.map(() => 0);
  #size = 0;
  #dumping: Dumping | undefined;

  get size(): number {
    return this.#size;
  }

  page(unit: number): ReadonlyPage {
    return this.#pages[unit >>> PAGE_BITS] as UnitPage;
  }

  /** The same page to be changed, once a dump that has yet to come to it has a copy. */
  toWrite(unit: number): UnitPage {
    const index = unit >>> PAGE_BITS;
    if (this.#dumping !== undefined) this.#keep(index, this.#dumping);
    return this.#pages[index] as UnitPage;
  }

  /**
   * Makes a page ahead, if so many more units will need one that is not there, and writes to it: the first
   * touch of its memory takes twenty times as long as adding its units. No unit changes by it.
   */
  prepare(more: number): void {
    const pages = this.#pages.length + this.#ready.length;
    if (this.#size + more <= pages * PAGE_SIZE) return;
    const page = newPage(pages);
    for (const column of [page.state, page.template]) column.fill(0);
    this.#ready.push(page);
  }

  /** Lets go of what was made ahead and not needed. */
  dropPrepared(): void {
    this.#ready = [];
  }

  /**
   * Adds so many units of a template at once, in state New and each with the one after it as its next. A
   * million take 3 ms, and 90 one by one.
   */
  addAlike(template: number, count: number): void {
    const end = this.#size + count;
    while (this.#size < end) {
      const from = this.#size & PAGE_MASK;
      if (from === 0) this.#addPage();
      const to = Math.min(PAGE_SIZE, from + end - this.#size);
      const page = this.toWrite(this.#size);
      page.template.fill(template, from, to);
      this.#size += to - from;
    }
    this.counts[STATE.New] = (this.counts[STATE.New] as number) + count;
  }

  /** Moves so many units in a row from New to that state. */
  leaveNew(first: number, count: number, to: number): void {
    for (let from = first; from < first + count; ) {
      const row = from & PAGE_MASK;
      const rows = Math.min(PAGE_SIZE - row, first + count - from);
      this.toWrite(from).state.fill(to, row, row + rows);
      from += rows;
    }
    this.counts[STATE.New] = (this.counts[STATE.New] as number) - count;
    this.counts[to] = (this.counts[to] as number) + count;
  }

  /** Says what a new unit has of its own. */
  setOwn(unit: number, json: string): void {
    const page = this.toWrite(unit);
    ownOf(page)[unit & PAGE_MASK] = json;
    page.onlyNames = false;
  }

  /** Whether a unit is known to have a name and no more of its own, without reading that. */
  hasOnlyName(unit: number): boolean {
    return this.#pages[unit >>> PAGE_BITS]?.onlyNames === true;
  }

  /**
   * Says what so many new units in a row have of their own, a line each, empty for nothing. They are read
   * when somebody asks: a million in the turn that enters them would be 0.1 s of it, and names that
   * nobody asks for are not read at all.
   */
  setOwnLines(first: number, count: number, text: string, onlyNames = false): void {
    const { length } = this.#pages;
    for (
      let index = first >>> PAGE_BITS;
      index < length && index * PAGE_SIZE < first + count;
      index++
    ) {
      const page = this.toWrite(index * PAGE_SIZE);
      page.onlyNames = onlyNames && (page.onlyNames ?? page.own === undefined);
      page.unread ??= [];
      page.unread.push({ row: first - index * PAGE_SIZE, text });
    }
  }

  state(unit: number): number {
    return this.page(unit).state[unit & PAGE_MASK] as number;
  }

  /** Sets a unit's state; a move that the table of transitions does not know is a defect. */
  move(unit: number, to: number): void {
    const page = this.toWrite(unit);
    const row = unit & PAGE_MASK;
    const from = page.state[row] as number;
    if (MAY_MOVE[from]?.[to] !== true) {
      assert(false, `unit ${unit} moved from ${WORK_UNIT_STATES[from]} to ${WORK_UNIT_STATES[to]}`);
    }
    page.state[row] = to;
    this.counts[from] = (this.counts[from] as number) - 1;
    this.counts[to] = (this.counts[to] as number) + 1;
  }

  /** Has another attempt of a unit begin, at that place and with these flags. */
  beginAttempt(unit: number, place: number, flags: number): void {
    const page = this.toWrite(unit);
    const row = unit & PAGE_MASK;
    page.place[row] = place;
    page.attempt[row] = (page.attempt[row] as number) + 1;
    page.flags[row] = flags;
    // Where nothing was written there is no memory yet.
    if (page.startedAt[row] !== 0) page.startedAt[row] = 0;
  }

  own(unit: number): string | null {
    const page = this.#pages[unit >>> PAGE_BITS] as UnitPage;
    if (page.unread !== undefined) readOwn(page, page.unread);
    return page.own?.[unit & PAGE_MASK] ?? null;
  }

  /** Page by page, copied: nothing in it changes afterwards. */
  dump(): PageDump[] {
    return this.#pages.map((_, index) => this.#dumpPage(index, this.#size));
  }

  /**
   * The same, each page copied when its turn comes or when it is about to change: of ten million units
   * not all half a gigabyte at once. There is one at a time; one that is begun puts an end to that before
   * it, and one that nobody goes on with is to be ended by `return()`, or what changes is copied for it.
   */
  dumpInTurn(): InTurn<PageDump> {
    const dumping: Dumping = { size: this.#size, taken: 0, kept: new Map() };
    this.#dumping = dumping;
    return {
      next: () => this.#nextOf(dumping),
      return: () => this.#end(dumping),
      [Symbol.iterator]() {
        return this;
      },
    };
  }

  /** Pages are copied before they change. */
  get isDumping(): boolean {
    return this.#dumping !== undefined;
  }

  #addPage(): void {
    this.#pages.push(this.#ready.shift() ?? newPage(this.#pages.length));
  }

  #nextOf(dumping: Dumping): IteratorResult<PageDump, undefined> {
    const { size, kept } = dumping;
    if (dumping.taken * PAGE_SIZE >= size) return this.#end(dumping);
    assert(this.#dumping === dumping, 'a dump was gone on with after another had begun');
    const index = dumping.taken++;
    const value = kept.get(index) ?? this.#dumpPage(index, size);
    kept.delete(index);
    return { done: false, value };
  }

  #end(dumping: Dumping): IteratorReturnResult<undefined> {
    dumping.taken = Number.POSITIVE_INFINITY;
    dumping.kept.clear();
    if (this.#dumping === dumping) this.#dumping = undefined;
    return { done: true, value: undefined };
  }

  #keep(index: number, { size, taken, kept }: Dumping): void {
    if (index < taken || index * PAGE_SIZE >= size || kept.has(index)) return;
    kept.set(index, this.#dumpPage(index, size));
  }

  #dumpPage(index: number, size: number): PageDump {
    const page = this.#pages[index] as UnitPage;
    const rows = Math.min(PAGE_SIZE, size - index * PAGE_SIZE);
    if (page.unread !== undefined) readOwn(page, page.unread);
    const columns = NAMES.map((name) => [name, dumpColumn(page[name].subarray(0, rows))]);
    return {
      rows,
      columns: Object.fromEntries(columns) as PageDump['columns'],
      own: page.own?.slice(0, rows) ?? null,
    };
  }

  /** Adds the next page of a dump. */
  restore({ rows, columns, own }: PageDump): void {
    assert(this.#size % PAGE_SIZE === 0, 'a page was restored behind one that is not full');
    const page = newPage(this.#pages.length);
    for (const name of NAMES) restoreColumn(page[name], columns[name], rows);
    if (own) Object.assign(ownOf(page), own);
    this.#pages.push(page);
    this.#size += rows;
    for (let row = 0; row < rows; row++) {
      const state = page.state[row] as number;
      this.counts[state] = (this.counts[state] as number) + 1;
    }
  }
}

function ownOf(page: UnitPage): (string | null)[] {
  page.own ??= new Array<string | null>(PAGE_SIZE).fill(null);
  return page.own;
}

function readOwn(page: UnitPage, unread: NonNullable<UnitPage['unread']>): void {
  const own = ownOf(page);
  for (const { row, text } of unread) {
    const lines = text.split('\n');
    const end = Math.min(PAGE_SIZE, row + lines.length);
    for (let to = Math.max(0, row); to < end; to++) own[to] = lines[to - row] || null;
  }
  delete page.unread;
}

function dumpColumn(column: Columns[keyof Columns]): Columns[keyof Columns] | number {
  // By its bytes: a loop over arrays of many types takes ten times as long.
  const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  const size = column.BYTES_PER_ELEMENT;
  for (let i = size; i < bytes.length; i++) if (bytes[i] !== bytes[i - size]) return column.slice();
  return column[0] ?? 0;
}

function restoreColumn(
  into: Columns[keyof Columns],
  from: Columns[keyof Columns] | number,
  rows: number,
): void {
  if (typeof from !== 'number') into.set(from);
  // Zeros are there mostly, and take no memory before they are written.
  else if (from !== into[0]) into.fill(from, 0, rows);
}

/**
 * All columns in one buffer: the system gives memory to a large one only where it is written to, so
 * what tells of ends costs nothing before the first of them. What all new units have in common is there:
 * they are bound nowhere, and each has the one after it as its next. So only their template and state
 * are entered, ten million of them in the same turn.
 */
function newPage(index: number): UnitPage {
  const buffer = new ArrayBuffer(PAGE_SIZE * ROW_BYTES);
  let offset = 0;
  const columns = Object.entries(COLUMNS).map(([name, Type]) => {
    const column = new Type(buffer, offset, PAGE_SIZE);
    offset += column.byteLength;
    return [name, column];
  });
  const page = Object.fromEntries(columns) as Columns;
  page.place.fill(NONE);
  for (let row = 0, next = index * PAGE_SIZE; row < PAGE_SIZE; row++) page.next[row] = ++next;
  return page;
}

/** Whether nothing follows that state. */
export function isFinal(state: number): boolean {
  return state === STATE.Done || state === STATE.Failed || state === STATE.Canceled;
}
