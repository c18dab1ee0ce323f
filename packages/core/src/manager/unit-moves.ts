/**
 * How units move from state to state: they are accepted, become free to run, and end, each with
 * whoever waits for them. Knows nothing of pilots.
 */
import { assert } from '../model/assert.ts';
import { Dependencies, type Group } from './dependencies.ts';
import { TO_GROUP, TO_UNIT } from './edge-targets.ts';
import { GrowingUint32 } from './growing.ts';
import { packMove, pushRange } from './packed-moves.ts';
import { ParkedUnits } from './parked-units.ts';
import { PromisedUnits } from './promised-units.ts';
import { isFinal, STATE } from './state-numbers.ts';
import { type Template, Templates } from './templates.ts';
import { NONE, PAGE_MASK } from './unit-page.ts';
import { UnitTable } from './unit-table.ts';
import type { Submission, SubmissionPart } from './work-events.ts';

const { New, Waiting, Pending, Done, Canceled } = STATE;

/** From so many units in a row on, those that come to one state are told as one move: see packed-moves.ts. */
const MANY = 1024;

export class UnitMoves {
  readonly units = new UnitTable();
  readonly dependencies = new Dependencies();
  readonly templates = new Templates(this.units, (name) => this.dependencies.ensureGroup(name));
  readonly promised = new PromisedUnits(this.units);
  readonly parked = new ParkedUnits();
  /**
   * Why a unit ended as it did, or is in doubt: in words, or by the number of the unit that did not
   * succeed, for a dependent that was canceled because of it.
   */
  readonly details = new Map<number, string | number>();
  /** Moves since they were last taken. */
  readonly list = new GrowingUint32();
  /** Parts that have come of a submission that has not. */
  readonly #parts: SubmissionPart[] = [];
  readonly #keepPromise: (unit: number) => void;
  /** The time of the newest event that has one. */
  at = 0;

  /** @param keepPromise takes a unit that is free to run now, and that was promised to an agent before */
  constructor(keepPromise: (unit: number) => void) {
    this.#keepPromise = keepPromise;
  }

  template(unit: number): Template {
    return this.templates.at(this.units.page(unit).template[unit & PAGE_MASK] as number);
  }

  /** Takes a part of the submission that follows. */
  expect(part: SubmissionPart): void {
    this.#parts.push(part);
  }

  /** Adds the units of a submission, with its templates. */
  accept({ first, count, templates, runs, own, edges, groups = [] }: Submission): void {
    assert(first === this.units.size, `a submission of unit ${first} came at ${this.units.size}`);
    for (const { id, description } of templates) {
      const added = this.templates.add(description);
      assert(added.id === id, `template ${id} came as the ${added.id}th`);
    }
    for (let run = 0; run < runs.length; run += 2) {
      const { id, group } = this.templates.at(runs[run] as number);
      const alike = runs[run + 1] as number;
      this.units.addAlike(id, alike);
      if (group === undefined) continue;
      group.members += alike;
      group.unfinished += alike;
    }
    assert(this.units.size === first + count, `${count} units were to come`);
    own?.forEach((json, row) => {
      if (json !== null) this.units.setOwn(first + row, json);
    });
    const parts = this.#parts.splice(0);
    for (const { row, count: lines, own: text, onlyNames } of parts) {
      if (text !== undefined) this.units.setOwnLines(first + row, lines, text, onlyNames);
    }
    const linked = [edges, ...parts.map((part) => part.edges)].filter((list) => list !== undefined);
    const doomed = this.#link(first, linked, groups);
    if (doomed.size > 0) this.#leaveNewSingly(first, doomed);
    else this.#leaveNew(first, runs, linked.length > 0);
  }

  /** Has new units wait, or frees them to run: in ranges, as they differ in that and in their templates alone. */
  #leaveNew(first: number, runs: readonly number[], mayWait: boolean): void {
    let from = first;
    for (let run = 0; run < runs.length; run += 2) {
      const template = this.templates.at(runs[run] as number);
      const end = from + (runs[run + 1] as number);
      while (from < end) {
        const waits = mayWait && this.dependencies.waitingOn(from) > 0;
        const to = mayWait ? this.dependencies.endOfAlike(from, end) : end;
        this.#enter(from, to - from, waits ? Waiting : Pending);
        if (!waits) this.#queue(template, from, to);
        from = to;
      }
    }
  }

  #enter(first: number, count: number, state: number): void {
    this.units.leaveNew(first, count, state);
    if (count >= MANY) pushRange(this.list, first, count, state);
    else for (let unit = first; unit < first + count; unit++) this.list.push(packMove(unit, state));
  }

  #queue({ requests, startTime = 0 }: Template, from: number, to: number): void {
    if (startTime <= this.at) requests.pushAll(from, to - from);
    else for (let unit = from; unit < to; unit++) this.parked.park(unit, startTime);
  }

  /** The same unit by unit, where some will never run, nor those that wait for them. */
  #leaveNewSingly(first: number, doomed: ReadonlyMap<number, number>): void {
    for (let unit = first; unit < this.units.size; unit++) {
      if (this.units.state(unit) !== New) continue;
      const cause = doomed.get(unit);
      if (cause !== undefined) this.finish(unit, Canceled, cause);
      else if (this.dependencies.waitingOn(unit) > 0) this.move(unit, Waiting);
      else this.makePending(unit);
    }
  }

  /** Frees a unit to run, from that time on. */
  makePending(unit: number, notBefore = this.template(unit).startTime ?? 0): void {
    this.move(unit, Pending);
    if (notBefore > this.at) this.parked.park(unit, notBefore);
    else this.template(unit).requests.push(unit);
  }

  /** Moves a unit to its final state, and with it whoever waits for it. */
  finish(unit: number, state: number, detail?: string | number): void {
    if (detail !== undefined) this.details.set(unit, detail);
    // What was said while it was in doubt holds no longer; why it was canceled does.
    else if (state !== Canceled) this.details.delete(unit);
    this.#leaveQueue(unit);
    this.move(unit, state);
    const { group } = this.template(unit);
    if (group === undefined && !this.dependencies.hasDependents(unit)) return;
    const settled = [unit];
    for (let next = settled.pop(); next !== undefined; next = settled.pop()) {
      this.#leaveGroup(next, settled);
      const succeeded = this.units.state(next) === Done;
      for (const packed of this.dependencies.takeDependentsOf(next)) {
        this.#resolve(packed >>> 1, succeeded || (packed & 1) === 0, next, settled);
      }
    }
  }

  move(unit: number, to: number): void {
    this.units.move(unit, to);
    this.list.push(packMove(unit, to));
  }

  /** Enters edges; returns units whose dependency has failed already, each with its cause. */
  #link(
    first: number,
    lists: readonly (Uint32Array | readonly number[])[],
    groups: readonly string[],
  ): Map<number, number> {
    const doomed = new Map<number, number>();
    if (lists.length === 0) return doomed;
    const count = lists.reduce((sum, { length }) => sum + length / 3, 0);
    this.dependencies.reserve(this.units.size, count);
    const named = groups.map((name) => this.dependencies.ensureGroup(name));
    for (const edges of lists) this.#linkAll(first, edges, named, doomed);
    return doomed;
  }

  #linkAll(
    first: number,
    edges: Uint32Array | readonly number[],
    named: readonly Group[],
    doomed: Map<number, number>,
  ): void {
    const { dependencies } = this;
    for (let i = 0; i < edges.length; i += 3) {
      i = dependencies.waitForRows(first, edges, i);
      if (i === edges.length) return;
      const unit = first + (edges[i] as number);
      const packed = edges[i + 1] as number;
      const target = Math.floor(packed / 2);
      const onSuccess = packed % 2 === 1;
      if (edges[i + 2] === TO_UNIT) this.#linkUnit(unit, target, onSuccess, doomed);
      else {
        const group = edges[i + 2] === TO_GROUP ? dependencies.groups[target] : named[target];
        this.#linkGroup(unit, group as Group, onSuccess, doomed);
      }
    }
  }

  #linkUnit(unit: number, target: number, onSuccess: boolean, doomed: Map<number, number>): void {
    const state = this.units.state(target);
    if (!isFinal(state)) this.dependencies.waitForUnit(unit, target, onSuccess);
    else if (onSuccess && state !== Done) doomed.set(unit, this.#rootOf(target));
  }

  #linkGroup(unit: number, group: Group, onSuccess: boolean, doomed: Map<number, number>): void {
    if (group.unfinished > 0) this.dependencies.waitForGroup(unit, group, onSuccess);
    else if (onSuccess && group.failed !== NONE) doomed.set(unit, this.#rootOf(group.failed));
  }

  #leaveGroup(unit: number, settled: number[]): void {
    const { group } = this.template(unit);
    if (group === undefined) return;
    group.unfinished--;
    if (group.failed === NONE && this.units.state(unit) !== Done) group.failed = unit;
    if (group.unfinished > 0) return;
    for (const packed of this.dependencies.takeDependentsOfGroup(group)) {
      const satisfied = group.failed === NONE || (packed & 1) === 0;
      this.#resolve(packed >>> 1, satisfied, group.failed, settled);
    }
  }

  /** One thing that a unit waited for is over: it is a step nearer, or will never run. */
  #resolve(dependent: number, satisfied: boolean, cause: number, settled: number[]): void {
    const state = this.units.state(dependent);
    if (isFinal(state)) return;
    if (!satisfied) this.#doom(dependent, cause, settled);
    else if (this.dependencies.countOff(dependent) === 0 && state === Waiting) {
      if (this.promised.has(dependent)) this.#keepPromise(dependent);
      else this.makePending(dependent);
    }
  }

  // A method of its own: within #resolve it would use up what the compiler inlines there, and it is rare.
  #doom(dependent: number, cause: number, settled: number[]): void {
    if (this.promised.has(dependent)) this.promised.take(dependent);
    this.details.set(dependent, this.#rootOf(cause));
    this.move(dependent, Canceled);
    settled.push(dependent);
  }

  /** Where the trouble of a unit that did not succeed began: the unit that people look for. */
  #rootOf(unit: number): number {
    const detail = this.details.get(unit);
    return typeof detail === 'number' ? detail : unit;
  }

  #leaveQueue(unit: number): void {
    if (this.units.state(unit) !== Pending) return;
    if (!this.parked.free(unit)) this.template(unit).requests.forgetOne();
  }
}
