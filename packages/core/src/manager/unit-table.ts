/**
 * All units of a service as a struct of arrays, in pages.
 *
 * A unit costs 51 bytes here against 392 as an object with its own description, and the garbage
 * collector never walks it (measured: a full collection of 2 ms against 314 for a million). Pages
 * because growing one array would copy it and hold it twice.
 */
import { assert } from '../model/assert.ts';
import { WORK_UNIT_STATES } from '../model/work-unit-state.ts';
import { MAY_MOVE, STATE } from './state-numbers.ts';
import {
  dumpPage,
  newPage,
  ownOn,
  ownToWrite,
  PAGE_MASK,
  PAGE_SIZE,
  type PageDump,
  pageOf,
  type ReadonlyPage,
  restorePage,
  type UnitPage,
} from './unit-page.ts';

/** Items that are made one at a time. `return()` ends it even before the first, which a generator's does not. */
export interface InTurn<T> extends IterableIterator<T, undefined> {
  return(): IteratorReturnResult<undefined>;
}

/** A dump that is being taken page by page. */
interface Dumping {
  /** Units that there were when it began. */
  readonly size: number;
  /** How many pages it has had. */
  taken: number;
  /** Copies of pages that were about to change before it came to them, by index. */
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
    return this.#pages[pageOf(unit)] as UnitPage;
  }

  /** The same page, to be changed: a dump under way that has yet to come to it is given a copy first. */
  toWrite(unit: number): UnitPage {
    const index = pageOf(unit);
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
    ownToWrite(page)[unit & PAGE_MASK] = json;
    page.onlyNames = false;
  }

  /** Whether a unit is known to have a name and no more of its own, without reading that. */
  hasOnlyName(unit: number): boolean {
    return this.#pages[pageOf(unit)]?.onlyNames === true;
  }

  /**
   * Says what so many new units in a row have of their own, a line each, empty for nothing. They are read
   * when somebody asks: a million in the turn that enters them would be 0.1 s of it, and names that
   * nobody asks for are not read at all.
   */
  setOwnLines(first: number, count: number, text: string, onlyNames = false): void {
    const { length } = this.#pages;
    for (let index = pageOf(first); index < length && index * PAGE_SIZE < first + count; index++) {
      const page = this.toWrite(index * PAGE_SIZE);
      page.onlyNames = onlyNames && (page.onlyNames ?? page.own === undefined);
      page.unread ??= [];
      page.unread.push({ row: first - index * PAGE_SIZE, text });
    }
  }

  state(unit: number): number {
    return this.page(unit).state[unit & PAGE_MASK] as number;
  }

  /** The number of the place that a unit is bound or promised to, or was last; NONE before the first. */
  place(unit: number): number {
    return this.page(unit).place[unit & PAGE_MASK] as number;
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
    return ownOn(this.#pages[pageOf(unit)] as UnitPage)?.[unit & PAGE_MASK] ?? null;
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

  /** Whether a dump is being taken: pages are copied before they change. */
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
    const rows = Math.min(PAGE_SIZE, size - index * PAGE_SIZE);
    return dumpPage(this.#pages[index] as UnitPage, rows);
  }

  /** Adds the next page of a dump. */
  restore(dump: PageDump): void {
    assert(this.#size % PAGE_SIZE === 0, 'a page was restored behind one that is not full');
    const page = restorePage(this.#pages.length, dump);
    const { rows } = dump;
    this.#pages.push(page);
    this.#size += rows;
    for (let row = 0; row < rows; row++) {
      const state = page.state[row] as number;
      this.counts[state] = (this.counts[state] as number) + 1;
    }
  }
}
