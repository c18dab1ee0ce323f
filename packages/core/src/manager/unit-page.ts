/**
 * One page of the unit table: a column for each thing that is known of a unit, all in one buffer, and how
 * a page is copied into a snapshot and made from one.
 */

const PAGE_BITS = 14;
/** How many units are on a page. */
export const PAGE_SIZE = 1 << PAGE_BITS;
/** `unit & PAGE_MASK` is a unit's row on its page. */
export const PAGE_MASK = PAGE_SIZE - 1;

/** Where no unit, place or edge is meant. */
export const NONE = 0xffffffff;

/** Bits of the `flags` column. This one: its agent was asked to cancel it. */
export const CANCEL_ASKED = 1;
/** The present attempt has been reported as started. */
export const STARTED = 2;
/** It is at the agent of its place, while it still waits: says nothing in other states. See promises.ts. */
export const PROMISED = 4;

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
type Column = Columns[keyof Columns];

/** JSON of what each unit has of its own, where its template does not say it; null for nothing. */
type OwnParts = (string | null)[];

/** The columns of up to 16,384 units. */
export interface UnitPage extends Columns {
  /** Absent while no unit has anything of its own. */
  own?: OwnParts;
  /** The same of new units, as it came: lines, and the row of the first, which may be before this page. */
  unread?: { readonly row: number; readonly text: string }[];
  /** Whether `own` and `unread` are nothing but names; absent where nobody has said so. */
  onlyNames?: boolean;
}

/** A page to read in: who writes says so, by `toWrite` of the table. */
export type ReadonlyPage = {
  readonly [K in keyof Columns]: { readonly [row: number]: number };
};

/** One page as it goes into a snapshot. A column that says the same of all units is one number. */
export interface PageDump {
  readonly rows: number;
  readonly columns: { readonly [K in keyof Columns]: Columns[K] | number };
  readonly own: readonly (string | null)[] | null;
}

/** The index of the page that a unit is on. */
export function pageOf(unit: number): number {
  return unit >>> PAGE_BITS;
}

/**
 * An empty page; `index` says which units it is for.
 *
 * The system gives memory to a large buffer only where it is written to, so columns that tell of ends cost
 * nothing before the first of them. What all new units have in common is there already: they are bound
 * nowhere, and each has the one after it as its next. So only template and state are left to be entered,
 * for ten million of them in the same turn.
 */
export function newPage(index: number): UnitPage {
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

/** What the units of a page have of their own, to be changed. */
export function ownToWrite(page: UnitPage): OwnParts {
  page.own ??= new Array<string | null>(PAGE_SIZE).fill(null);
  return page.own;
}

/** What the units of a page have of their own, lines that nobody has read so far included. */
export function ownOn(page: UnitPage): readonly (string | null)[] | undefined {
  if (page.unread !== undefined) readOwn(page, page.unread);
  return page.own;
}

function readOwn(page: UnitPage, unread: NonNullable<UnitPage['unread']>): void {
  const own = ownToWrite(page);
  for (const { row, text } of unread) {
    const lines = text.split('\n');
    const end = Math.min(PAGE_SIZE, row + lines.length);
    for (let to = Math.max(0, row); to < end; to++) own[to] = lines[to - row] || null;
  }
  delete page.unread;
}

/** A copy of the first rows of a page. */
export function dumpPage(page: UnitPage, rows: number): PageDump {
  const own = ownOn(page)?.slice(0, rows) ?? null;
  const columns = NAMES.map((name) => [name, dumpColumn(page[name].subarray(0, rows))]);
  return { rows, columns: Object.fromEntries(columns) as PageDump['columns'], own };
}

/** The page that a dump was made of. */
export function restorePage(index: number, { rows, columns, own }: PageDump): UnitPage {
  const page = newPage(index);
  for (const name of NAMES) restoreColumn(page[name], columns[name], rows);
  if (own) Object.assign(ownToWrite(page), own);
  return page;
}

function dumpColumn(column: Column): Column | number {
  // By its bytes: a loop over arrays of many types takes ten times as long.
  const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  const size = column.BYTES_PER_ELEMENT;
  for (let i = size; i < bytes.length; i++) if (bytes[i] !== bytes[i - size]) return column.slice();
  return column[0] ?? 0;
}

function restoreColumn(into: Column, from: Column | number, rows: number): void {
  if (typeof from !== 'number') into.set(from);
  // Most columns are zeros, as a new page is; what is not written to takes no memory.
  else if (from !== into[0]) into.fill(from, 0, rows);
}
