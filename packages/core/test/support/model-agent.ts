/**
 * An agent as the manager must expect it, in its simplest form: it starts in order what fits, keeps
 * its reports until they are acknowledged, and takes in each attempt once.
 */
import type { WorkEffect } from '../../src/manager/work-events.ts';
import type { FailureReason } from '../../src/model/exit.ts';
import type { Report } from '../../src/protocol/messages.ts';
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

export class ModelAgent {
  readonly id: string;
  readonly cores: number;
  connected = true;
  /** Counts links as the manager does. */
  link = 1;
  waiting: Row[] = [];
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
    this.#say({ ended: endedRows([row], at) });
  }

  /** The agent is to end: it hands everything back. */
  evict(): void {
    const rows = [
      ...this.waiting.map((row) => ({ ...row, started: false })),
      ...[...this.running.values()].map((row) => ({ ...row, started: true })),
    ];
    this.waiting = [];
    this.running.clear();
    if (rows.length > 0) this.#say({ returned: returnedRows(rows, 'evicted') });
  }

  held() {
    return heldRows([
      ...this.waiting.map((row) => ({ ...row, phase: 0 as const })),
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

  #accept({ units, attempts }: { units: Uint32Array; attempts: Uint16Array }): void {
    units.forEach((unit, i) => {
      const attempt = attempts[i] as number;
      if (attempt <= (this.#attempts.get(unit) ?? 0)) return;
      this.#attempts.set(unit, attempt);
      this.waiting.push({ unit, attempt });
    });
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
      else if ((this.#attempts.get(unit) ?? 0) < attempt) {
        this.#attempts.set(unit, attempt);
        back.push({ unit, attempt });
      }
    });
    if (back.length > 0) this.#say({ returned: returnedRows(back, 'asked') });
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
