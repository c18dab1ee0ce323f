/**
 * What has happened to one service's units, until the manager has written it down: collected row by
 * row, sealed into numbered reports, sent, and sent again on the next link while not acknowledged.
 */
import { type CallProblem, PROBLEM_CHARACTERS, problemSize } from '../model/call-problem.ts';
import type {
  EndedColumns,
  Report,
  ReturnedColumns,
  SealedReport,
  StartedColumns,
} from '../protocol/messages.ts';
import { eachRow, rowOf } from './unit-columns.ts';

/** An attempt as reports name it. */
export interface ReportedRun {
  readonly unit: number;
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** One whose start is to be reported. */
export interface StartedRun extends ReportedRun {
  /** Its row among the starts that are to be reported; -1 when it has none. For the box alone. */
  startedRow: number;
}

/** How an attempt ended: the part of the executor's outcome that travels. */
export interface ReportedOutcome {
  readonly exitCode?: number;
  readonly signal?: number;
  /** Index into FAILURE_REASONS. */
  readonly reason: number;
  readonly problem?: string;
  readonly stderrTail?: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly userTime: number;
  readonly systemTime: number;
  readonly maxRss: number;
  /** Of a single call: the list with its value alone, or why it has none. */
  readonly value?: Uint8Array | CallProblem;
}

type Why = ReturnedColumns['why'];

/** A report of that many rows stays well below the size of a frame. */
const MAX_ROWS = 2_000;
/** So does one with that many characters of problems and standard error, and bytes of values. */
const MAX_DETAIL = 64 * 1024;
/** How many reports on disk may be acknowledged already before what is there is written anew. */
const MAX_STALE = 500;

/** Told of each attempt that is over, and whether it has ended well: that it is Done, as its manager will say. */
export type WhenOver = (unit: number, attempt: number, well: boolean) => void;

/** The reports of one service. */
export class ReportBox {
  #seq = 0;
  /** Those whose start is to be reported, and who are not over. */
  #started: StartedRun[] = [];
  readonly #ended = new EndedRows();
  #returned: [unit: number, attempt: number, started: boolean][] = [];
  #why: Why = 'asked';
  /** Numbered and not acknowledged, oldest first. */
  #sealed: SealedReport[] = [];
  #sent = 0;
  /** The last number that was kept on disk; 0 while nothing kept is unacknowledged. */
  #kept = 0;
  /** How many are on disk, with those that are acknowledged by now. */
  #onDisk = 0;
  /** The last number at the last look for what is overdue. */
  #looked = 0;
  /** Mostly nobody: to call a function that does nothing would cost 33 bytes for each unit that ends. */
  #whenOver: WhenOver | undefined;

  /** Who is told of what is over from now on, if anybody. */
  tell(whenOver: WhenOver | undefined): void {
    this.#whenOver = whenOver;
  }

  /** Whether everything was reported and acknowledged. */
  get empty(): boolean {
    return this.#sealed.length === 0 && this.#rows === 0;
  }

  started(run: StartedRun): void {
    run.startedRow = this.#started.push(run) - 1;
    this.#sealWhenFull();
  }

  /** Its end comes next, and says when it started, too. */
  over(run: StartedRun): void {
    const { startedRow } = run;
    if (startedRow < 0) return;
    const last = this.#started.pop() as StartedRun;
    if (last === run) return;
    this.#started[startedRow] = last;
    last.startedRow = startedRow;
  }

  /** @param canceled whether the manager's cancel ended it */
  ended(run: ReportedRun, outcome: ReportedOutcome, canceled: boolean): void {
    this.#ended.add(run, outcome, canceled);
    this.#sealWhenFull();
    this.#whenOver?.(run.unit, run.attempt, outcome.reason === 0 && !canceled);
  }

  returned(unit: number, attempt: number, started: boolean, why: Why): void {
    if (why !== this.#why && this.#returned.length > 0) this.#seal();
    this.#why = why;
    this.#returned.push([unit, attempt, started]);
    this.#sealWhenFull();
    this.#whenOver?.(unit, attempt, false);
  }

  /** Whether an attempt has ended well whose end was not acknowledged; undefined when no such end is here. */
  hasEndedWell(unit: number, attempt: number): boolean | undefined {
    this.#seal();
    for (const { ended, returned } of this.#sealed) {
      const row = ended === undefined ? -1 : rowOf(ended, unit, attempt);
      if (row >= 0) return ended?.reasons[row] === 0 && ended.terminated[row] === 0;
      if (returned !== undefined && rowOf(returned, unit, attempt) >= 0) return false;
    }
    return undefined;
  }

  /** Whether there is anything to say but what has started. */
  get hasNews(): boolean {
    return this.#ended.length > 0 || this.#returned.length > 0 || this.hasUnsent;
  }

  /** Whether a report is full, or was sent on an earlier link only. */
  get hasUnsent(): boolean {
    return this.#sent < this.#sealed.length;
  }

  /** What has not been sent on the present link. */
  takeUnsent(channel: number): Report[] {
    this.#seal();
    const unsent = this.#sealed.slice(this.#sent);
    this.#sent = this.#sealed.length;
    return unsent.map((report) => ({ type: 'report', channel, ...report }));
  }

  /** There is a new link: everything is to be sent again. */
  rewind(): void {
    this.#sent = 0;
  }

  /** What is not acknowledged, and not kept on disk yet. */
  takeUnkept(): readonly SealedReport[] {
    this.#seal();
    const unkept = this.#sealed.filter(({ seq }) => seq > this.#kept);
    if (unkept.length > 0) this.#kept = this.#seq;
    this.#onDisk += unkept.length;
    return unkept;
  }

  /**
   * Whether so much of what is on disk is acknowledged that it is to be forgotten, and the rest kept
   * anew: with a manager that is always a little late, not all of it ever is. Says so once.
   */
  takeStale(): boolean {
    if (this.#onDisk - this.#sealed.length <= MAX_STALE) return false;
    this.#kept = this.#onDisk = 0;
    return true;
  }

  /** The same, but nothing unless some of it was here already at the last call of this. */
  takeOverdue(): readonly SealedReport[] {
    const oldest = this.#sealed[0]?.seq ?? Number.POSITIVE_INFINITY;
    const isOverdue = oldest <= this.#looked;
    this.#looked = this.#seq;
    return isOverdue ? this.takeUnkept() : [];
  }

  /**
   * Forgets the reports up to that number.
   *
   * @returns whether with them all that was kept on disk has become needless
   */
  acknowledge(seq: number): boolean {
    const left = this.#sealed.findIndex((report) => report.seq > seq);
    const gone = left < 0 ? this.#sealed.length : left;
    this.#sealed.splice(0, gone);
    this.#sent = Math.max(0, this.#sent - gone);
    if (this.#kept === 0 || seq < this.#kept) return false;
    this.#kept = this.#onDisk = 0;
    return true;
  }

  /** Calls for each attempt that is over and not acknowledged. */
  each(call: (unit: number, attempt: number) => void): void {
    this.#seal();
    for (const { ended, returned } of this.#sealed) {
      for (const columns of [ended, returned]) if (columns) eachRow(columns, call);
    }
  }

  get #rows(): number {
    return this.#started.length + this.#ended.length + this.#returned.length;
  }

  #sealWhenFull(): void {
    if (this.#rows >= MAX_ROWS || this.#ended.detail >= MAX_DETAIL) this.#seal();
  }

  #seal(): void {
    if (this.#rows === 0) return;
    this.#sealed.push({
      seq: ++this.#seq,
      ...(this.#started.length > 0 && { started: startedColumns(this.#started) }),
      ...(this.#ended.length > 0 && { ended: this.#ended.take() }),
      ...(this.#returned.length > 0 && { returned: returnedColumns(this.#returned, this.#why) }),
    });
    for (const run of this.#started) run.startedRow = -1;
    this.#started = [];
    this.#returned = [];
  }
}

/**
 * Ends that are being gathered, in columns that every report uses anew. Kept as the objects that
 * they come in, they lived just long enough for the collector to move each of them twice: that was
 * a third of a null agent's time.
 */
class EndedRows {
  readonly #columns = {
    units: new Uint32Array(MAX_ROWS),
    attempts: new Uint16Array(MAX_ROWS),
    exitCodes: new Int16Array(MAX_ROWS),
    signals: new Uint8Array(MAX_ROWS),
    reasons: new Uint8Array(MAX_ROWS),
    terminated: new Uint8Array(MAX_ROWS),
    startedAt: new Float64Array(MAX_ROWS),
    finishedAt: new Float64Array(MAX_ROWS),
    userTime: new Float32Array(MAX_ROWS),
    systemTime: new Float32Array(MAX_ROWS),
    maxRss: new Uint32Array(MAX_ROWS),
  };
  #details: [row: number, problem: string, stderrTail: string][] = [];
  #values: [row: number, value: Uint8Array | CallProblem][] = [];
  length = 0;
  /** Characters of problems and standard error, and bytes of values. */
  detail = 0;

  add({ unit, attempt }: ReportedRun, outcome: ReportedOutcome, canceled: boolean): void {
    const columns = this.#columns;
    const row = this.length++;
    const { stderrTail = '', value } = outcome;
    // It may name what the user has named.
    const problem = outcome.problem?.slice(0, PROBLEM_CHARACTERS) ?? '';
    columns.units[row] = unit;
    columns.attempts[row] = attempt;
    columns.exitCodes[row] = outcome.exitCode ?? -1;
    columns.signals[row] = outcome.signal ?? 0;
    columns.reasons[row] = outcome.reason;
    columns.terminated[row] = canceled ? 1 : 0;
    columns.startedAt[row] = outcome.startedAt;
    columns.finishedAt[row] = outcome.finishedAt;
    columns.userTime[row] = outcome.userTime;
    columns.systemTime[row] = outcome.systemTime;
    columns.maxRss[row] = outcome.maxRss;
    if (problem || stderrTail) this.#details.push([row, problem, stderrTail]);
    this.detail += problem.length + stderrTail.length;
    if (value === undefined) return;
    this.#values.push([row, value]);
    this.detail += value instanceof Uint8Array ? value.length : problemSize(value);
  }

  /** Gives all of them away. */
  take(): EndedColumns {
    const columns = Object.entries(this.#columns);
    const cut = columns.map(([name, column]) => [name, column.slice(0, this.length)]);
    const details = this.#details;
    const values = this.#values;
    this.length = this.detail = 0;
    this.#details = [];
    this.#values = [];
    return {
      ...Object.fromEntries(cut),
      ...(details.length > 0 && { details }),
      ...(values.length > 0 && { values }),
    };
  }
}

function startedColumns(runs: readonly ReportedRun[]): StartedColumns {
  return {
    units: Uint32Array.from(runs, ({ unit }) => unit),
    attempts: Uint16Array.from(runs, ({ attempt }) => attempt),
    at: Float64Array.from(runs, ({ startedAt }) => startedAt),
  };
}

function returnedColumns(
  rows: readonly (readonly [unit: number, attempt: number, started: boolean])[],
  why: Why,
): ReturnedColumns {
  return {
    units: Uint32Array.from(rows, ([unit]) => unit),
    attempts: Uint16Array.from(rows, ([, attempt]) => attempt),
    started: Uint8Array.from(rows, ([, , started]) => (started ? 1 : 0)),
    why,
  };
}
