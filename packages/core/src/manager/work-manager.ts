/**
 * P*'s Pilot-Manager for work: decides what happens to units, and says what is to be done for it.
 *
 * Pure: `handle(input)` takes in what has happened, with the time, and returns events to journal,
 * moves to publish and effects to perform, in this order; `replay(event)` rebuilds the same state
 * from the journal. It knows no clock, no socket and no disk.
 */
import { assert, unreachable } from '../model/assert.ts';
import type { HeldUnits } from '../protocol/messages.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { Ahead } from './ahead.ts';
import { BindingRound } from './binding-round.ts';
import { allAt, NOTHING_HELD, strangersAt, unheardAt } from './held-units.ts';
import { withoutLarge } from './large-units.ts';
import type { AgentPlace } from './places.ts';
import { handBack, outranked } from './precedence.ts';
import { promises } from './promises.ts';
import { recalls } from './recall.ts';
import { startEffect } from './start-messages.ts';
import { isFinal, STATE } from './state-numbers.ts';
import { mayHaveStarted, suspectsBut } from './suspects.ts';
import { columnsOf } from './unit-columns.ts';
import type { InTurn } from './unit-table.ts';
import {
  dumpWork,
  dumpWorkInTurn,
  restoreWork,
  type WorkDump,
  type WorkPart,
} from './work-dump.ts';
import type { WorkEffect, WorkEvent, WorkInput, WorkStep } from './work-events.ts';
import { WorkState } from './work-state.ts';

/** How long an agent may be out of touch before its units say so. */
const SILENCE_MS = 5000;

export class WorkManager {
  readonly state = new WorkState();
  readonly #scheduler: Scheduler;
  readonly #ahead = new Ahead();
  /** Live places that were not full when they were last looked at, or have changed since. */
  readonly #open = new Set<AgentPlace>();
  readonly #live = new Set<AgentPlace>();
  readonly #silent = new Set<AgentPlace>();
  /** Places at which units have ended, or that were given some, since promises were last made. */
  readonly #changed = new Set<AgentPlace>();
  /** When to look again whether a recall has become worth while. */
  #recallAt = Number.POSITIVE_INFINITY;
  /** The time that the newest wake effect has asked for. */
  #wakeAt = Number.POSITIVE_INFINITY;
  #events: WorkEvent[] = [];
  #effects: WorkEffect[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Takes one input in. What it returns is to be journalled, then published, then performed. */
  handle(input: WorkInput): WorkStep {
    const first = input.type === 'submit' ? this.state.units.size : undefined;
    this.#decide(input);
    this.#wakeDue(input.now);
    this.#openOutranked(input.now);
    this.#schedule(input.now);
    this.#promise(input.now);
    this.#askToBeWoken();
    const step = {
      events: this.#events,
      effects: this.#effects,
      moves: this.state.moves.take(),
      ...(first !== undefined && { first }),
    };
    this.#events = [];
    this.#effects = [];
    return step;
  }

  /** Takes in what an earlier life has journalled. Nothing is published or performed for it. */
  replay(event: WorkEvent): void {
    this.state.apply(event);
    this.state.moves.take();
  }

  /** All of the state as plain data, copied at once, to be compared. Nothing in it changes afterwards. */
  dump(): WorkDump {
    return dumpWork(this.state);
  }

  /** The same for a snapshot, copied page by page while the service goes on. */
  dumpInTurn(): InTurn<WorkPart> {
    return dumpWorkInTurn(this.state);
  }

  /** Takes in what {@link dump} has returned, before anything else. */
  restore(dump: Iterable<WorkPart>): void {
    for (const _ of this.restoreInTurn(dump));
  }

  /** The same, step by step. */
  restoreInTurn(dump: Iterable<WorkPart>): Iterable<void> {
    return restoreWork(this.state, dump);
  }

  #decide(input: WorkInput): void {
    switch (input.type) {
      case 'submit':
        this.#accept(input);
        return;
      case 'group':
        if (!this.state.dependencies.group(input.name)) this.#record(input);
        return;
      case 'cancel':
        this.#cancel(input);
        return;
      case 'agent-joined':
        this.#joined(input);
        return;
      case 'agent-ends':
        this.#endsAt(input);
        return;
      case 'agent-silent':
        this.#fellSilent(input);
        return;
      case 'left-behind':
        this.#leftBehind();
        return;
      case 'agent-retired':
        this.#retired(input);
        return;
      case 'agent-gone':
        this.#gone(input);
        return;
      case 'report':
        this.#reported(input);
        return;
      case 'stood-still':
        this.#stoodStill(input);
        return;
      case 'time':
        // A timer may ring a little early: then it is to be set again.
        this.#wakeAt = Number.POSITIVE_INFINITY;
        return;
      default:
        unreachable(input);
        return;
    }
  }

  #accept({
    submission: { parts = [], ...submission },
    now,
  }: WorkInput & { type: 'submit' }): void {
    for (const part of parts) this.#record(part);
    this.#record({ type: 'accepted', at: now, submission });
  }

  #cancel({ units, why, now }: WorkInput & { type: 'cancel' }): void {
    const open = units.filter((unit) => this.#mayCancel(unit));
    if (open.length === 0) return;
    this.#record({ type: 'cancel-asked', at: now, units: Uint32Array.from(open), why });
    const byPlace = new Map<AgentPlace, number[]>();
    for (const unit of open) {
      // Those that no agent has are canceled by now.
      if (isFinal(this.state.units.state(unit))) continue;
      const place = this.state.places.at(this.state.units.place(unit));
      const known = byPlace.get(place);
      if (known) known.push(unit);
      else byPlace.set(place, [unit]);
    }
    for (const [place, bound] of byPlace) this.#sendCancel(place, bound);
  }

  #mayCancel(unit: number): boolean {
    assert(unit < this.state.units.size, `unit ${unit} was canceled and does not exist`);
    return !this.state.isCancelAsked(unit) && !isFinal(this.state.units.state(unit));
  }

  #sendCancel({ record }: AgentPlace, units: readonly number[]): void {
    this.#effects.push({
      type: 'cancel',
      agentId: record.agentId,
      ...columnsOf(this.state, units),
    });
  }

  #joined(input: WorkInput & { type: 'agent-joined' }): void {
    const { place: record, endsAt, held, isRetired = false, now } = input;
    const known = this.state.places.ofAgent(record.agentId);
    if (known?.status === 'gone') {
      // What it ran is others' now, or over. Whoever speaks to agents ends it.
      this.#endStrangers(known, held ?? NOTHING_HELD);
      return;
    }
    if (known === undefined) this.#record({ type: 'place', place: record });
    const place = this.state.places.ofAgent(record.agentId) as AgentPlace;
    place.status = 'live';
    place.isPresented = true;
    place.endsAt = endsAt;
    place.isRetired = isRetired;
    place.links++;
    place.recalled = undefined;
    place.templatesSent.clear();
    this.#silent.delete(place);
    this.#live.add(place);
    if (place.isOpen) this.#open.add(place);
    if (known !== undefined) this.#compare(place, held ?? NOTHING_HELD, now);
  }

  /** What an agent that came back says it holds, against what is bound to it. */
  #compare(place: AgentPlace, held: HeldUnits, now: number): void {
    this.#endStrangers(place, held);
    const unheard = unheardAt(this.state, place, held);
    if (held.units.length > 0) {
      const { units, attempts, phases } = held;
      this.#record({ type: 'held', place: place.id, at: now, units, attempts, phases });
    }
    if (unheard.length > 0) {
      const gone = Uint32Array.from(unheard);
      this.#record({ type: 'unheard', place: place.id, at: now, units: gone });
    }
    // A cancel that was lost with the link is asked for again.
    const asked = allAt(this.state, place).filter((unit) => this.state.isCancelAsked(unit));
    if (asked.length > 0) this.#sendCancel(place, asked);
  }

  #endStrangers(place: AgentPlace, held: HeldUnits): void {
    const strangers = strangersAt(this.state, place, held);
    if (strangers.units.length === 0) return;
    this.#effects.push({ type: 'cancel', agentId: place.record.agentId, ...strangers });
  }

  #endsAt({ agentId, endsAt }: WorkInput & { type: 'agent-ends' }): void {
    const place = this.state.places.ofAgent(agentId);
    if (place?.status !== 'live') return;
    place.endsAt = endsAt;
    if (place.isOpen) this.#open.add(place);
  }

  #fellSilent({ agentId, why, now }: WorkInput & { type: 'agent-silent' }): void {
    const place = this.state.places.ofAgent(agentId);
    if (place !== undefined) place.isPresented = true;
    if (place?.status !== 'live') return;
    place.status = 'silent';
    place.silentSince = now;
    place.silentWhy = why;
    this.#leave(place);
    this.#silent.add(place);
  }

  #leftBehind(): void {
    for (const { isLeftBehind, boundCount, id } of this.state.places.all) {
      if (!isLeftBehind || boundCount === 0) continue;
      this.#record({ type: 'out-of-touch', place: id, why: 'no open service has its pilot' });
    }
  }

  #gone({ agentId, how, detail, now }: WorkInput & { type: 'agent-gone' }): void {
    const place = this.state.places.ofAgent(agentId);
    if (place === undefined || place.status === 'gone') return;
    this.#leave(place);
    const unheard = how === 'lost' ? mayHaveStarted(this.state, place) : [];
    const apart = how === 'lost' ? suspectsBut(this.state, place, unheard) : [];
    this.#record({
      type: 'place-gone',
      place: place.id,
      at: now,
      how,
      detail,
      ...(unheard.length > 0 && { unheard: Uint32Array.from(unheard) }),
      ...(apart.length > 0 && { apart: Uint32Array.from(apart) }),
    });
  }

  #retired({ agentId }: WorkInput & { type: 'agent-retired' }): void {
    const place = this.state.places.ofAgent(agentId);
    if (place === undefined) return;
    place.isRetired = true;
    this.#open.delete(place);
    const promised = columnsOf(this.state, this.state.promised.at(place));
    if (promised.units.length > 0) this.#effects.push({ type: 'recall', agentId, ...promised });
  }

  #leave(place: AgentPlace): void {
    this.#open.delete(place);
    this.#live.delete(place);
    this.#silent.delete(place);
  }

  #reported(input: WorkInput & { type: 'report' }): void {
    const place = this.state.places.ofAgent(input.agentId);
    if (place === undefined) return;
    const { started, ended, returned, now, seq } = input;
    this.#effects.push({ type: 'ack', agentId: input.agentId, seq });
    this.#record({
      type: 'reported',
      place: place.id,
      at: now,
      ...(started && { started }),
      ...(ended && { ended }),
      ...(returned && { returned }),
    });
    if (ended) place.progressAt = now;
    this.#changed.add(place);
    if (place.isOpen) this.#open.add(place);
  }

  /** From now on agents are to hold more ahead: also those that were found full are looked at again. */
  #stoodStill({ ms, now }: WorkInput & { type: 'stood-still' }): void {
    this.#ahead.stoodStill(ms, now);
    for (const place of this.#live) if (place.isOpen) this.#open.add(place);
  }

  #wakeDue(now: number): void {
    const due = this.state.parked.takeDue(now);
    if (due.length > 0) this.#record({ type: 'due', units: Uint32Array.from(due) });
    for (const place of this.#silent) {
      if (place.silentSince + SILENCE_MS > now) continue;
      this.#silent.delete(place);
      this.#record({ type: 'out-of-touch', place: place.id, why: place.silentWhy });
    }
  }

  /** What has come may go before what full places hold ahead. */
  #openOutranked(now: number): void {
    for (const { place } of outranked(this.state, this.#live, now)) this.#open.add(place);
  }

  #schedule(now: number): void {
    this.#recallAt = Number.POSITIVE_INFINITY;
    if (this.#open.size === 0) return;
    // Once more where units have ended in the round itself: others may have their slots.
    for (let ended = true; ended && this.state.units.counts[STATE.Pending] !== 0; ) {
      const round = new BindingRound(this.state, [...this.#open], now, this.#ahead.ms(now));
      if (round.classes.length > 0) this.#scheduler.schedule(round);
      ended = this.#startBound(round, now);
    }
    const { effects, lookAgainAt } = recalls(this.state, this.#open, this.#live, now);
    this.#effects.push(...effects);
    this.#effects.push(...handBack(this.state, this.#live, now));
    this.#recallAt = lookAgainAt;
  }

  /** Has what a round has bound started. Returns whether units have ended by that. */
  #startBound(round: BindingRound, now: number): boolean {
    const { runs, units } = round.bound;
    if (units.length > 0) {
      const columns = { runs: Uint32Array.from(runs), units: Uint32Array.from(units) };
      // Not through apply(): the round has bound them already.
      this.#events.push({ type: 'bound', ...columns });
    }
    let hasEnded = false;
    for (const bound of round.bindings.values()) {
      this.#changed.add(bound.place);
      const { binding, ended } = withoutLarge(this.state, bound, now);
      if (binding.units.length > 0) this.#effects.push(startEffect(this.state, binding));
      if (ended) this.#record(ended);
      hasEnded ||= ended !== undefined;
    }
    const hasMore = round.classes.some((requests) => requests.pending > 0);
    if (hasMore && !hasEnded) this.#closeFull(round);
    return hasEnded;
  }

  /** Tells agents that would be idle in between what to start next, before it is free to run. */
  #promise(now: number): void {
    if (this.#changed.size === 0) return;
    for (const { place, units, after } of promises(this.state, this.#changed, now)) {
      this.#record({ type: 'promised', place: place.id, units: Uint32Array.from(units) });
      this.#effects.push(startEffect(this.state, { place, units, after }));
    }
    this.#changed.clear();
  }

  /** Leaves full places out of further rounds until something changes there. */
  #closeFull(round: BindingRound): void {
    for (const place of round.places) {
      const { bookedCores, capacity } = round.free(place);
      if (bookedCores >= capacity.cores && place.boundCount > 0) this.#open.delete(place);
    }
  }

  #askToBeWoken(): void {
    let at = Math.min(this.#recallAt, this.state.parked.next ?? Number.POSITIVE_INFINITY);
    for (const place of this.#silent) at = Math.min(at, place.silentSince + SILENCE_MS);
    if (at === this.#wakeAt) return;
    this.#wakeAt = at;
    if (at !== Number.POSITIVE_INFINITY) this.#effects.push({ type: 'wake', at });
  }

  #record(event: WorkEvent): void {
    this.state.apply(event);
    this.#events.push(event);
  }
}
