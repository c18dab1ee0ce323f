/**
 * What can be known from outside of the manager: what it shows, what is on its disk, and what it has
 * acknowledged to users and agents. Checks that these never contradict one another, in one life of
 * the manager or from one to the next.
 */
import type { WorkEvent } from '../../packages/core/src/manager/work-events.ts';
import { WorkState } from '../../packages/core/src/manager/work-state.ts';
import {
  isFinalWorkUnitState,
  mayMove,
  WORK_UNIT_STATES,
  type WorkUnitState,
} from '../../packages/core/src/model/work-unit-state.ts';
import type { ManagerMessage, Report } from '../../packages/core/src/protocol/messages.ts';
import type { WorkCore } from '../../packages/core/src/service/units/work-core.ts';
import type { SimulatedDisk } from './disk.ts';
import type { Problems } from './problems.ts';

type StartMessage = Extract<ManagerMessage, { readonly type: 'start' }>;

export class Witness {
  readonly #problems: Problems;
  readonly #disk: SimulatedDisk;
  /** What the disk alone leads to, and every move on the way. */
  readonly #durable = new WorkState();
  readonly #moves: number[] = [];
  #frames = 0;
  /** How many of those moves were to be seen. */
  #shown = 0;
  readonly #seen: WorkUnitState[] = [];
  readonly #reports = new Map<string, Report[]>();
  /** How many units were sent ahead of what they wait for. */
  promised = 0;
  /** Called when a unit is to be seen as done. */
  whenDone: (unit: number) => void = () => {};

  constructor(problems: Problems, disk: SimulatedDisk) {
    this.#problems = problems;
    this.#disk = disk;
  }

  stateOf(unit: number): WorkUnitState {
    return this.#seen[unit] ?? 'New';
  }

  isFinal(unit: number): boolean {
    return isFinalWorkUnitState(this.stateOf(unit));
  }

  isDone(unit: number): boolean {
    return this.stateOf(unit) === 'Done';
  }

  /** Units that do not end, in words. */
  get unfinished(): string[] {
    return this.#seen.flatMap((state, unit) =>
      isFinalWorkUnitState(state) ? [] : [`unit ${unit} is ${state}`],
    );
  }

  /** A manager has come back, and shows this. */
  reopened({ visible }: WorkCore): void {
    this.#readDisk();
    this.#shown = this.#moves.length;
    if (visible.size < this.#seen.length) {
      this.#problems.add('units are lost', `${visible.size} of ${this.#seen.length} are left`);
    }
    for (let unit = 0; unit < visible.size; unit++) {
      const state = visible.state(unit);
      const durable = WORK_UNIT_STATES[this.#durable.units.state(unit)];
      if (state !== durable) {
        this.#problems.add('a replay differs', `unit ${unit}: ${state}, on disk ${durable}`);
      }
      if (this.isFinal(unit) && state !== this.stateOf(unit)) {
        this.#problems.add(
          'a final state changes',
          `unit ${unit}: ${this.stateOf(unit)}, ${state}`,
        );
      }
      this.#seen[unit] = state;
    }
  }

  /** A move is to be seen: it must be on disk, and follow from what was to be seen before. */
  moved(unit: number, fromNumber: number, toNumber: number): void {
    this.#readDisk();
    const from = WORK_UNIT_STATES[fromNumber] as WorkUnitState;
    const to = WORK_UNIT_STATES[toNumber] as WorkUnitState;
    const known = this.stateOf(unit);
    const what = `unit ${unit} from ${from} to ${to}`;
    if (from !== known) this.#problems.add('a move is missing', `${what}, and was ${known}`);
    if (!mayMove(known, to)) this.#problems.add('no such move', `${what}, and was ${known}`);
    const next = this.#moves[this.#shown++];
    if (next !== unit * 16 + toNumber) this.#problems.add('shown and not durable', what);
    this.#seen[unit] = to;
    if (to === 'Done') this.whenDone(unit);
  }

  /** A user was told that these units are there. */
  accepted(first: number, count: number): void {
    this.#readDisk();
    if (this.#durable.units.size >= first + count) return;
    this.#problems.add('accepted and not durable', `${count} units from ${first} on`);
  }

  /** A user was told that these units are canceled, or will be. */
  canceled(units: readonly number[]): void {
    this.#readDisk();
    for (const unit of units) {
      if (this.#durable.isCancelAsked(unit) || this.isFinal(unit)) continue;
      this.#problems.add('canceled and not durable', `unit ${unit}`);
    }
  }

  /** A manager sends units to an agent: whoever looks must be able to see that, or still see them wait. */
  sent({ runs }: StartMessage): void {
    this.#readDisk();
    for (const { units, attempts, after } of runs) {
      units.forEach((unit, row) => {
        if (this.#durable.attempt(unit) < (attempts[row] as number)) {
          this.#problems.add('sent and not durable', `unit ${unit} attempt ${attempts[row]}`);
        }
        if (this.stateOf(unit) === (after === undefined ? 'Scheduled' : 'Waiting')) return;
        this.#problems.add('sent and not shown', `unit ${unit} is ${this.stateOf(unit)}`);
      });
      if (after !== undefined) this.promised += units.length;
    }
  }

  /** An agent has sent a report. */
  reported(agentId: string, report: Report): void {
    const reports = this.#reports.get(agentId) ?? [];
    this.#reports.set(agentId, [...reports.filter(({ seq }) => seq !== report.seq), report]);
  }

  /** An agent was told that it may forget its reports: nothing on disk may still wait for them. */
  acknowledged(agentId: string, upTo: number): void {
    this.#readDisk();
    const reports = this.#reports.get(agentId) ?? [];
    this.#reports.set(
      agentId,
      reports.filter(({ seq }) => seq > upTo),
    );
    const place = this.#durable.places.ofAgent(agentId);
    if (place === undefined) return;
    for (const { seq, ended, returned } of reports) {
      if (seq > upTo) continue;
      for (const columns of [ended, returned]) {
        columns?.units.forEach((unit, row) => {
          if (!this.#durable.isHeld(unit, columns.attempts[row] as number, place)) return;
          this.#problems.add('acknowledged and not durable', `unit ${unit} at ${agentId}`);
        });
      }
    }
  }

  #readDisk(): void {
    if (this.#frames === this.#disk.frameCount) return;
    const records = this.#disk.records(this.#frames) as WorkEvent[];
    this.#frames = this.#disk.frameCount;
    for (const event of records) {
      this.#durable.apply(event);
      this.#moves.push(...this.#durable.moves.take());
    }
  }
}
