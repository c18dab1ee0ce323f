/**
 * Everything the manager knows of units, and the one door through which it changes: `apply(event)`.
 *
 * Living and replaying run the same code. A report about another attempt than the present one, or
 * from another place, changes nothing: that is what keeps late and repeated reports harmless.
 */
import { assert, unreachable } from '../model/assert.ts';
import { FAILURE_REASONS } from '../model/exit.ts';
import type { EndedColumns, ReturnedColumns, StartedColumns } from '../protocol/messages.ts';
import { CallValues, saidOf } from './call-values.ts';
import { enterExit, hadProcess } from './exit-rows.ts';
import { deathsIn, SUSPICION, tooManyDeaths } from './pilot-deaths.ts';
import { type AgentPlace, Places } from './places.ts';
import { isFinal, STATE } from './state-numbers.ts';
import { retryDelay, type Template } from './templates.ts';
import { UnitMoves } from './unit-moves.ts';
import { CANCEL_ASKED, PAGE_MASK, STARTED, type UnitPage } from './unit-page.ts';
import type { WorkEvent } from './work-events.ts';

const { Pending, Scheduled, Running, Done, Canceled, Failed, Unknown } = STATE;
const PILOT_LOST = FAILURE_REASONS.indexOf('PILOT_LOST');
const CRASH_LIMIT_REASON = FAILURE_REASONS.indexOf('CRASH_LIMIT');

/** How much the newest run time counts in the mean of its class. */
const MEAN_WEIGHT = 0.05;

export class WorkState {
  readonly #moves = new UnitMoves((unit) => this.#keepPromise(unit));
  readonly units = this.#moves.units;
  readonly promised = this.#moves.promised;
  readonly dependencies = this.#moves.dependencies;
  readonly templates = this.#moves.templates;
  readonly parked = this.#moves.parked;
  /** See {@link UnitMoves.details}. */
  readonly details = this.#moves.details;
  /** Moves since they were last taken. */
  readonly moves = this.#moves.list;
  readonly places = new Places();
  readonly stderrTails = new Map<number, string>();
  readonly values = new CallValues();

  /** The time of the newest event that has one. */
  get at(): number {
    return this.#moves.at;
  }

  set at(at: number) {
    this.#moves.at = at;
  }

  apply(event: WorkEvent): void {
    if ('at' in event) this.at = event.at;
    switch (event.type) {
      case 'part':
        this.#moves.expect(event);
        return;
      case 'accepted':
        this.#moves.accept(event.submission);
        return;
      case 'group':
        this.dependencies.ensureGroup(event.name);
        return;
      case 'place':
        this.places.add(event.place);
        return;
      case 'bound':
        this.#replayBinding(event);
        return;
      case 'promised':
        this.promised.add(event.units, this.places.at(event.place));
        return;
      case 'reported':
        this.#reported(event);
        return;
      case 'held':
        this.#held(event);
        return;
      case 'unheard':
        // From the newest to the oldest, for each goes before all others.
        for (const unit of event.units.toReversed()) {
          if (this.promised.has(unit)) this.#breakPromise(unit);
          else this.#giveBack(unit, 0);
        }
        return;
      case 'due':
        for (const unit of event.units) {
          this.parked.free(unit);
          this.template(unit).requests.push(unit);
        }
        return;
      case 'cancel-asked':
        for (const unit of event.units) this.#askCancel(unit, event.why);
        return;
      case 'out-of-touch':
        this.#doubtAll(this.places.at(event.place), event.why);
        return;
      case 'place-gone':
        this.#placeGone(this.places.at(event.place), event);
        return;
      default:
        unreachable(event);
        return;
    }
  }

  template(unit: number): Template {
    return this.#moves.template(unit);
  }

  /** The number of a unit's newest binding; 0 before the first. */
  attempt(unit: number): number {
    return this.units.page(unit).attempt[unit & PAGE_MASK] as number;
  }

  /** Whether the agent of a unit was asked to cancel it. */
  isCancelAsked(unit: number): boolean {
    return ((this.units.page(unit).flags[unit & PAGE_MASK] as number) & CANCEL_ASKED) !== 0;
  }

  /** Whether its present attempt is known to run or to have run. */
  hasStarted(unit: number): boolean {
    return ((this.units.page(unit).flags[unit & PAGE_MASK] as number) & STARTED) !== 0;
  }

  /** Of how many pilots it may have been the death so far. */
  deathsBeside(unit: number): number {
    return deathsIn(this.units.page(unit).crashes[unit & PAGE_MASK] as number);
  }

  /** Takes a unit that its class has given up (by `shift`) to a place. */
  bind(unit: number, place: AgentPlace): void {
    this.units.beginAttempt(unit, place.id, 0);
    this.#book(unit, place);
  }

  #book(unit: number, place: AgentPlace): void {
    // Before this unit is in the list: it does not count as bound yet, and would be dropped from it.
    if (place.untidy) this.boundTo(place);
    place.book(unit, this.template(unit).requests);
    this.#moves.move(unit, Scheduled);
  }

  /** Whether that attempt is the present one, and its agent's: promised or bound there, and not over. */
  isHeld(unit: number, attempt: number, place: AgentPlace): boolean {
    if (this.isPresent(unit, attempt, place)) return true;
    return unit < this.units.size && this.promised.isAt(unit, attempt, place);
  }

  /** Whether that attempt is the present one, bound there and not over. */
  isPresent(unit: number, attempt: number, place: AgentPlace): boolean {
    if (unit >= this.units.size) return false;
    const page = this.units.page(unit);
    const row = unit & PAGE_MASK;
    return (
      page.attempt[row] === attempt &&
      page.place[row] === place.id &&
      isBoundState(page.state[row] as number)
    );
  }

  /** Whether a unit is bound to that place and not over. */
  isBound(unit: number, place: AgentPlace): boolean {
    const page = this.units.page(unit);
    const row = unit & PAGE_MASK;
    return page.place[row] === place.id && isBoundState(page.state[row] as number);
  }

  /** The units bound to a place, oldest binding first. */
  boundTo(place: AgentPlace): readonly number[] {
    return place.bound((unit) => this.isBound(unit, place));
  }

  #replayBinding({ runs, units }: WorkEvent & { type: 'bound' }): void {
    let row = 0;
    for (let run = 0; run < runs.length; run += 2) {
      const place = this.places.at(runs[run] as number);
      for (let left = runs[run + 1] as number; left > 0; left--) {
        const unit = units[row++] as number;
        const oldest = this.template(unit).requests.shift();
        assert(oldest === unit, `unit ${unit} was bound, and ${oldest} is the oldest of its class`);
        this.bind(unit, place);
      }
    }
  }

  #reported(event: WorkEvent & { type: 'reported' }): void {
    const place = this.places.at(event.place);
    // Ends first: what was promised may have started after one of them.
    if (event.ended) this.#ended(event.ended, place);
    if (event.started) this.#started(event.started, place);
    if (event.returned) this.#returned(event.returned, place);
  }

  #started({ units, attempts, at }: StartedColumns, place: AgentPlace): void {
    for (let i = 0; i < units.length; i++) {
      const unit = units[i] as number;
      if (!this.isPresent(unit, attempts[i] as number, place)) continue;
      const page = this.units.toWrite(unit);
      const row = unit & PAGE_MASK;
      page.flags[row] = (page.flags[row] as number) | STARTED;
      page.startedAt[row] = at[i] as number;
      if (page.state[row] === Scheduled) this.#moves.move(unit, Running);
    }
  }

  #ended(ended: EndedColumns, place: AgentPlace): void {
    const { units, attempts } = ended;
    const details = new Map(ended.details?.map(([row, ...texts]) => [row, texts]));
    const values = saidOf(ended);
    for (let i = 0; i < units.length; i++) {
      const unit = units[i] as number;
      if (!this.isPresent(unit, attempts[i] as number, place)) continue;
      const page = this.units.toWrite(unit);
      const template = this.templates.at(page.template[unit & PAGE_MASK] as number);
      enterExit(page, unit & PAGE_MASK, ended, i);
      place.unbook(template.requests);
      // A node's clock may have been set back meanwhile.
      const ranMs = Math.max(0, (ended.finishedAt[i] as number) - (ended.startedAt[i] as number));
      const { requests } = template;
      const mean = requests.meanMs ?? ranMs;
      requests.meanMs = mean + (ranMs - mean) * MEAN_WEIGHT;
      const [problem, stderrTail] = details.size > 0 ? (details.get(i) ?? []) : [];
      if (stderrTail) this.stderrTails.set(unit, stderrTail);
      else if (this.stderrTails.size > 0) this.stderrTails.delete(unit);
      if (template.isSingleCall) this.values.ended(unit, ended.reasons[i] === 0, values.get(i));
      this.#settle(unit, page, template, ended.terminated[i] === 1, problem || undefined);
    }
  }

  /** Moves a unit whose attempt is over to where that leads. */
  #settle(
    unit: number,
    page: UnitPage,
    template: Template,
    terminated: boolean,
    problem: string | undefined,
  ): void {
    const row = unit & PAGE_MASK;
    const reason = page.reason[row] as number;
    if (page.state[row] === Scheduled && hadProcess(reason, page.exitCode[row] as number)) {
      this.#moves.move(unit, Running);
    }
    const cancelAsked = this.isCancelAsked(unit);
    // Also with exit code 0: a program may take SIGTERM as a reason to stop half-way in good order.
    if (cancelAsked && terminated) {
      this.#moves.finish(unit, Canceled);
      return;
    }
    if (reason === 0) {
      this.#moves.finish(unit, Done);
      return;
    }
    if (cancelAsked) {
      this.#moves.finish(unit, Failed, problem);
      return;
    }
    const retried = page.retried[row] as number;
    const delay = retryDelay(template.retry, retried, reason);
    if (delay === undefined) {
      this.#moves.finish(unit, Failed, problem);
      return;
    }
    page.retried[row] = retried + 1;
    if (problem === undefined) this.details.delete(unit);
    else this.details.set(unit, problem);
    this.#moves.makePending(unit, this.at + delay);
  }

  #returned({ units, attempts, started, why }: ReturnedColumns, place: AgentPlace): void {
    // More units would be handed back as they come.
    if (why === 'evicted') place.isEnding = true;
    for (let i = units.length - 1; i >= 0; i--) {
      const unit = units[i] as number;
      if (!this.isHeld(unit, attempts[i] as number, place)) continue;
      if (this.promised.has(unit)) {
        this.#breakPromise(unit);
        continue;
      }
      const kept =
        why === 'evicted' && started[i] === 1 ? this.template(unit).restartOnPilotLoss : true;
      this.#giveBack(unit, kept === false ? PILOT_LOST : 0);
    }
  }

  /** A unit comes back without a result: it is free again, canceled if that was asked, or failed for a reason. */
  #giveBack(unit: number, reason: number, problem?: string, isLast = false): void {
    const page = this.units.toWrite(unit);
    const row = unit & PAGE_MASK;
    const { requests } = this.template(unit);
    this.places.at(page.place[row] as number).unbook(requests);
    if (this.isCancelAsked(unit)) {
      this.#moves.finish(unit, Canceled);
      return;
    }
    if (reason !== 0) {
      page.reason[row] = reason;
      page.exitCode[row] = -1;
      page.signal[row] = 0;
      page.finishedAt[row] = this.at;
      this.#moves.finish(
        unit,
        Failed,
        problem ?? 'was running when its pilot ended, and restartOnPilotLoss is false',
      );
      return;
    }
    this.details.delete(unit);
    this.#moves.move(unit, Pending);
    if (isLast) requests.push(unit);
    else requests.pushFront(unit);
  }

  #held({ units, attempts, phases, place }: WorkEvent & { type: 'held' }): void {
    for (let i = 0; i < units.length; i++) {
      const unit = units[i] as number;
      if (!this.isPresent(unit, attempts[i] as number, this.places.at(place))) continue;
      const page = this.units.toWrite(unit);
      const row = unit & PAGE_MASK;
      const flags = page.flags[row] as number;
      const runs = phases[i] === 1 || (flags & STARTED) !== 0;
      if (runs) page.flags[row] = flags | STARTED;
      if ((flags & CANCEL_ASKED) !== 0) continue;
      const state = page.state[row] as number;
      if (state === Unknown) {
        this.details.delete(unit);
        this.#moves.move(unit, runs ? Running : Scheduled);
      } else if (state === Scheduled && runs) this.#moves.move(unit, Running);
    }
  }

  #askCancel(unit: number, why: string): void {
    const page = this.units.toWrite(unit);
    const row = unit & PAGE_MASK;
    const state = page.state[row] as number;
    if (isFinal(state)) return;
    const isPromised = this.promised.has(unit);
    if (!isBoundState(state) && !isPromised) {
      this.#moves.finish(unit, Canceled, why);
      return;
    }
    page.flags[row] = (page.flags[row] as number) | CANCEL_ASKED;
    this.details.set(unit, why);
    // What is promised waits, and only its agent knows whether it still does.
    if (state !== Unknown && !isPromised) this.#moves.move(unit, Unknown);
  }

  /** What a promised unit has waited for is over: its agent has heard so before us. */
  #keepPromise(unit: number): void {
    this.#moves.move(unit, Pending);
    this.#book(unit, this.places.at(this.promised.take(unit)));
    if (this.isCancelAsked(unit)) this.#moves.move(unit, Unknown);
  }

  /** A promised unit is nobody's again, and waits as others do. */
  #breakPromise(unit: number): void {
    this.promised.take(unit);
    if (this.isCancelAsked(unit)) this.#moves.finish(unit, Canceled);
  }

  #doubtAll(place: AgentPlace, why: string): void {
    for (const unit of this.boundTo(place)) {
      if (this.units.state(unit) === Unknown) continue;
      this.details.set(unit, why);
      this.#moves.move(unit, Unknown);
    }
  }

  #placeGone(
    place: AgentPlace,
    { how, detail, unheard, apart }: WorkEvent & { type: 'place-gone' },
  ): void {
    place.status = 'gone';
    for (const unit of this.promised.at(place)) this.#breakPromise(unit);
    const suspects = new Set(unheard);
    const last = new Set(apart);
    for (const unit of this.boundTo(place).toReversed()) {
      const page = this.units.toWrite(unit);
      const row = unit & PAGE_MASK;
      const started = this.hasStarted(unit);
      // An agent that said goodbye has reported all that it started.
      const mayHaveRun = started || how !== 'ended';
      if (this.template(unit).restartOnPilotLoss === false && mayHaveRun) {
        const when = started ? 'while it ran' : 'before it started, as far as is known';
        this.#giveBack(unit, PILOT_LOST, `lost with its pilot ${when}: ${detail}`);
        continue;
      }
      if (how === 'lost' && started) page.crashes[row] = (page.crashes[row] as number) + 1;
      else if (suspects.has(unit)) page.crashes[row] = (page.crashes[row] as number) + SUSPICION;
      const problem = tooManyDeaths(page.crashes[row] as number);
      this.#giveBack(unit, problem === undefined ? 0 : CRASH_LIMIT_REASON, problem, last.has(unit));
    }
  }
}

/** Whether a unit in that state is an agent's, as far as we know. */
function isBoundState(state: number): boolean {
  return state === Scheduled || state === Running || state === Unknown;
}
