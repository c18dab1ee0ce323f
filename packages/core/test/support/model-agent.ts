/**
 * An agent as the manager must expect it, in its simplest form: it starts in order what fits, keeps
 * its reports until they are acknowledged, and takes in each attempt once.
 */
import type { WorkEffect } from '../../src/manager/work-events.ts';
import type { FailureReason } from '../../src/model/exit.ts';
import type { Report, StartRun } from '../../src/protocol/messages.ts';
import { type EndedRow, endedRows, heldRows, type Row, returnedRows, startedRows } from './rows.ts';

type ReportBody = Pick<Report, 'started' | 'ended' | 'returned'>;

/** How an attempt ends. */
export interface Outcome {
  readonly exitCode?: number;
  readonly signal?: number;
  readonly reason?: FailureReason;
}

interface Running extends Row {
  readonly startedAt: number;
  /** The manager has asked to cancel it. */
  canceled: boolean;
}

/** What is to start after another one has ended well here. */
interface Promised extends Row {
  readonly after: Row;
}

export class ModelAgent {
  readonly id: string;
  readonly cores: number;
  connected = true;
  /** Counts links as the manager does. */
  link = 1;
  waiting: Row[] = [];
  promised: Promised[] = [];
  readonly running = new Map<number, Running>();
  readonly #coresOf: (unit: number) => number;
  readonly #attempts = new Map<number, number>();
  #box: (ReportBody & { readonly seq: number })[] = [];
  #unsent = 0;
  #seq = 0;

  constructor(id: string, cores: number, coresOf: (unit: number) => number) {
    this.id = id;
    this.cores = cores;
    this.#coresOf = coresOf;
  }

  /** What the manager sends, unless there is no link, or another than it was meant for. */
  take(effect: WorkEffect): void {
    if (!this.connected || effect.type === 'wake') return;
    if (effect.type === 'ack') {
      const kept = this.#box.filter(({ seq }) => seq > effect.seq);
      this.#unsent = Math.max(0, this.#unsent - (this.#box.length - kept.length));
      this.#box = kept;
    } else if (effect.type === 'start') {
      if (effect.link === this.link) for (const run of effect.runs) this.#accept(run);
    } else this.#takeBack(effect, effect.type === 'cancel');
  }

  /** Starts in order what fits; whether that was anything. */
  start(at: number): boolean {
    const started: Row[] = [];
    for (let [row] = this.waiting; row && this.#fits(row); [row] = this.waiting) {
      this.waiting.shift();
      this.running.set(row.unit, { ...row, startedAt: at, canceled: false });
      started.push(row);
    }
    if (started.length > 0) this.#say({ started: startedRows(started, at) });
    return started.length > 0;
  }

  /** Ends a running unit; one that is being canceled dies of that. */
  end(unit: number, outcome: Outcome, at: number): void {
    const { attempt, startedAt, canceled } = this.running.get(unit) as Running;
    this.running.delete(unit);
    const how = canceled ? { signal: 15, terminated: true } : outcome;
    const row: EndedRow = { unit, attempt, startedAt, ...how };
    const ended = endedRows([row], at);
    this.#say({ ended });
    this.#settle(row, ended.reasons[0] === 0 && !canceled);
  }

  /** The agent is to end: it hands everything back. */
  evict(): void {
    const rows = [
      ...[...this.waiting, ...this.promised].map((row) => ({ ...row, started: false })),
      ...[...this.running.values()].map((row) => ({ ...row, started: true })),
    ];
    this.waiting = [];
    this.promised = [];
    this.running.clear();
    if (rows.length > 0) this.#say({ returned: returnedRows(rows, 'evicted') });
  }

  held() {
    return heldRows([
      ...[...this.waiting, ...this.promised].map((row) => ({ ...row, phase: 0 as const })),
      ...[...this.running.values()].map((row) => ({ ...row, phase: 1 as const })),
      ...this.#box.flatMap(({ ended, returned }) =>
        [ended, returned].flatMap((part) =>
          Array.from(part?.units ?? [], (unit, i) => ({
            unit,
            attempt: part?.attempts[i] as number,
            phase: 2 as const,
          })),
        ),
      ),
    ]);
  }

  /** A new link: all that is not acknowledged is said again. */
  reconnect(): void {
    this.connected = true;
    this.link++;
    this.#unsent = 0;
  }

  /** What was not said on this link. */
  takeReports(): readonly (ReportBody & { readonly seq: number })[] {
    const reports = this.#box.slice(this.#unsent);
    this.#unsent = this.#box.length;
    return reports;
  }

  #accept({ units, attempts, after }: StartRun): void {
    units.forEach((unit, i) => {
      const attempt = attempts[i] as number;
      if (attempt <= (this.#attempts.get(unit) ?? 0)) return;
      this.#attempts.set(unit, attempt);
      if (after === undefined) this.waiting.push({ unit, attempt });
      else {
        const first = { unit: after.units[i] as number, attempt: after.attempts[i] as number };
        this.promised.push({ unit, attempt, after: first });
        const well = this.#hasEndedWell(first);
        if (well !== undefined) this.#settle(first, well);
      }
    });
  }

  /** Undefined while it is here. */
  #hasEndedWell({ unit, attempt }: Row): boolean | undefined {
    const isIt = (row: Row) => row.unit === unit && row.attempt === attempt;
    const running = this.running.get(unit);
    if (running !== undefined && isIt(running)) return undefined;
    if ([...this.waiting, ...this.promised].some(isIt)) return undefined;
    return this.#box.some(({ ended }) =>
      ended?.units.some(
        (each, i) =>
          isIt({ unit: each, attempt: ended.attempts[i] as number }) && ended.reasons[i] === 0,
      ),
    );
  }

  /** Those after it may start, or are handed back. */
  #settle({ unit, attempt }: Row, well: boolean): void {
    const next = this.promised.filter(
      ({ after }) => after.unit === unit && after.attempt === attempt,
    );
    if (next.length === 0) return;
    this.promised = this.promised.filter((each) => !next.includes(each));
    if (well) this.waiting.push(...next);
    else this.#handBack(next);
  }

  #handBack(rows: readonly Row[]): void {
    this.#say({ returned: returnedRows(rows, 'asked') });
    for (const row of rows) this.#settle(row, false);
  }

  #takeBack(
    { units, attempts }: { units: Uint32Array; attempts: Uint16Array },
    evenRunning: boolean,
  ): void {
    const back: Row[] = [];
    units.forEach((unit, i) => {
      const attempt = attempts[i] as number;
      const runs = this.running.get(unit);
      const waits = this.waiting.findIndex((row) => row.unit === unit && row.attempt === attempt);
      if (runs?.attempt === attempt) runs.canceled ||= evenRunning;
      else if (waits >= 0) back.push(...this.waiting.splice(waits, 1));
      else if (this.promised.some((row) => row.unit === unit && row.attempt === attempt)) {
        this.promised = this.promised.filter((row) => row.unit !== unit);
        back.push({ unit, attempt });
      } else if ((this.#attempts.get(unit) ?? 0) < attempt) {
        this.#attempts.set(unit, attempt);
        back.push({ unit, attempt });
      }
    });
    if (back.length > 0) this.#handBack(back);
  }

  #fits({ unit }: Row): boolean {
    let used = this.#coresOf(unit);
    for (const running of this.running.keys()) used += this.#coresOf(running);
    return used <= this.cores && !this.running.has(unit);
  }

  #say(body: ReportBody): void {
    this.#box.push({ seq: ++this.#seq, ...body });
  }
}
