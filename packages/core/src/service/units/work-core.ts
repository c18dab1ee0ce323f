/**
 * The inside of a WorkUnitService: the manager under its conductor, the agents that it speaks to,
 * and what may be seen of units. Views and the service itself stand on this.
 */
import { join } from 'node:path';
import { type Observable, Subject } from 'rxjs';
import { ModuleStore } from '../../functions/module-store.ts';
import {
  AttemptFiles,
  filesOfAttempt,
  type LocalFile,
  type NoLocalFile,
} from '../../manager/attempt-files.ts';
import { isFinal, STATE } from '../../manager/state-numbers.ts';
import { NONE, PAGE_MASK } from '../../manager/unit-page.ts';
import type {
  AgentEnding,
  PlaceRecord,
  WorkEffect,
  WorkEvent,
  WorkInput,
  WorkStep,
} from '../../manager/work-events.ts';
import { WorkManager } from '../../manager/work-manager.ts';
import { unreachable } from '../../model/assert.ts';
import { WORK_UNIT_STATES, type WorkUnitState } from '../../model/work-unit-state.ts';
import { isCallMessage } from '../../protocol/call-messages.ts';
import type { HeldUnits } from '../../protocol/messages.ts';
import { isTransfer, valueStamp } from '../../protocol/transfer-messages.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Scheduler } from '../../scheduler/scheduler.ts';
import { Conductor, type ConductorJournal } from '../base/conductor.ts';
import { guarded, type Report } from '../base/guarded-observable.ts';
import { subscriberErrors } from '../base/subscriber-errors.ts';
import type { AgentPort, WorkClient, WorkMessage } from '../base/work-client.ts';
import { MapDesk } from '../calls/map-desk.ts';
import { AppendedOutputs } from '../staging/appended-outputs.ts';
import { StagingDesk } from '../staging/staging-desk.ts';
import { ValueFiles } from '../staging/value-files.ts';
import { hasRun, lostOutput } from './lost-output.ts';
import { MoveFeed } from './move-feed.ts';
import { type AskedOutput, OutputStreams } from './output-streams.ts';
import type { FindPilot } from './over-pilot.ts';
import { VisibleUnits } from './visible-units.ts';

/** Within so long after its service was opened, whoever has an agent of an earlier life is to have shown it. */
const PRESENTED_MS = 5000;

export interface WorkCoreParts {
  readonly id: string;
  /** The service's own, for what is not in the journal. */
  readonly directory: string;
  readonly scheduler: Scheduler;
  readonly journal: ConductorJournal;
  readonly clock: Clock;
  readonly log: Log;
}

export class WorkCore implements WorkClient {
  readonly id: string;
  readonly manager: WorkManager;
  readonly visible = new VisibleUnits();
  readonly outputs: OutputStreams;
  readonly staging: StagingDesk;
  readonly maps: MapDesk;
  /** The service's own, for what is not in the journal. */
  readonly directory: string;
  /** The code of functions. */
  readonly modules: ModuleStore;
  readonly values: ValueFiles;
  readonly moves = new MoveFeed();
  /** Emits after every step that moved units. */
  readonly changed$ = new Subject<void>();
  readonly conductor: Conductor<WorkInput, WorkEvent, WorkEffect, WorkStep>;
  readonly clock: Clock;
  readonly log: Log;
  /** A pilot that is known here; whoever knows of pilots says how it is found. */
  pilotJob: FindPilot = () => undefined;
  readonly #subscriberThrew: Report;
  readonly #ports = new Map<string, AgentPort>();
  #wake: Timer | undefined;
  #leftBehind: Timer | undefined;

  constructor({ id, directory, scheduler, journal, clock, log }: WorkCoreParts) {
    this.id = id;
    this.directory = directory;
    this.modules = new ModuleStore(join(directory, 'modules'));
    this.values = new ValueFiles(join(directory, 'values'), id);
    this.clock = clock;
    this.log = log;
    this.#subscriberThrew = subscriberErrors((words) => log.error({ service: id }, words));
    this.manager = new WorkManager(scheduler);
    this.conductor = new Conductor({
      service: id,
      machine: {
        handle: (input) => this.manager.handle(input),
        dump: () => this.manager.dumpInTurn(),
      },
      journal,
      log,
      publish: (step) => this.#publish(step),
      perform: (effect) => this.#perform(effect),
      failed: (error) => {
        log.error({ err: error }, `${id} can go no further`);
        this.release(error);
      },
    });
    this.outputs = new OutputStreams({
      isFinal: (unit) => this.visible.isFinal(unit),
      attemptOf: (unit) => this.manager.state.attempt(unit),
      watch: (unit, asked) => this.#watch(unit, asked),
      hasRun: (unit) => hasRun(this.manager.state, unit),
      lost: (unit, stream, why) => {
        const isAway = why === 'gone' && this.#portOf(unit) !== undefined;
        return lostOutput(this.manager.state, { service: id, unit, stream }, isAway ? 'away' : why);
      },
    });
    this.staging = new StagingDesk({
      service: id,
      find: (...asked) => this.#find(...asked),
      appended: new AppendedOutputs(join(directory, 'appended'), (unit, attempt) => {
        const { units } = this.manager.state;
        const isPresent = unit < units.size && this.manager.state.attempt(unit) === attempt;
        return isPresent && !isFinal(units.state(unit));
      }),
    });
    this.maps = new MapDesk({
      service: id,
      has: (agentId, { unit, attempt }) => {
        const { state } = this.manager;
        if (unit >= state.units.size || state.attempt(unit) !== attempt) return false;
        return this.placeOf(unit)?.agentId === agentId;
      },
      agentOf: (unit) => this.placeOf(unit)?.agentId,
      isOfNamed: (unit) => this.manager.state.template(unit).description.call?.map !== undefined,
      module: (hash) => this.modules.bytes(hash),
    });
  }

  #find(agentId: string, unit: number, attempt: number, item: number): LocalFile | NoLocalFile {
    const { state } = this.manager;
    const files = filesOfAttempt(state, agentId, unit, attempt);
    if (!(files instanceof AttemptFiles)) return files;
    const found = files.at(item);
    if ('sha256' in found) return this.values.find(found, `sha256-${found.sha256}`);
    if (!('unit' in found)) return found;
    const value = found.direction === 'in' ? state.values.of(found.unit) : undefined;
    const stamp = valueStamp(this.id, found.unit, state.attempt(found.unit));
    return this.values.find(found, stamp, value instanceof Uint8Array ? value : undefined);
  }

  /** Makes what an earlier life has journalled visible, before anything is dispatched. */
  restored(): void {
    const { units } = this.manager.state;
    this.visible.grow(units.size);
    for (let unit = 0; unit < units.size; unit++) this.visible.restore(unit, units.state(unit));
    const { all: places } = this.manager.state.places;
    if (!places.some(({ isLeftBehind, boundCount }) => isLeftBehind && boundCount > 0)) return;
    const look = () => this.#take({ type: 'left-behind', now: this.clock.now() });
    this.#leftBehind = this.clock.after(PRESENTED_MS, look, { unref: true });
  }

  /** A stream as users get it. */
  guard<T>(stream: Observable<T>): Observable<T> {
    return guarded(stream, this.#subscriberThrew);
  }

  dispatch(input: WorkInput): WorkStep {
    return this.conductor.dispatch(input);
  }

  /** The agent that has or had the unit, if it has been bound: not one that it is promised to. */
  placeOf(unit: number): PlaceRecord | undefined {
    const { units } = this.manager.state;
    return units.state(unit) === STATE.Waiting ? undefined : this.#recordOf(unit);
  }

  #recordOf(unit: number): PlaceRecord | undefined {
    const { units, places } = this.manager.state;
    const place = units.page(unit).place[unit & PAGE_MASK] as number;
    return place === NONE ? undefined : places.at(place).record;
  }

  /** Has an agent be given no more units. */
  retire(agentId: string): void {
    this.#take({ type: 'agent-retired', now: this.clock.now(), agentId });
    this.maps.capacityChanged();
  }

  /** How many units an agent has, as far as is known. */
  boundTo(agentId: string): number {
    return this.manager.state.places.ofAgent(agentId)?.boundCount ?? 0;
  }

  /** Resolves once all that was taken in so far is on disk. */
  settled(): Promise<void> {
    return this.conductor.settled();
  }

  /** `from`: the service that presents it, and whether that is to be used no more. */
  agentJoined(
    agent: AgentPort,
    { units, attempts, phases }: HeldUnits,
    { serviceId, isRetired }: { readonly serviceId?: string; readonly isRetired?: boolean } = {},
  ): void {
    this.#ports.set(agent.agentId, agent);
    this.#disconnected(agent.agentId);
    const { agentId, pilotId, node, endsAt } = agent;
    this.#take({
      type: 'agent-joined',
      now: this.clock.now(),
      place: { agentId, pilotId, ...(serviceId !== undefined && { serviceId }), node },
      endsAt,
      held: { units, attempts, phases },
      ...(isRetired && { isRetired }),
    });
    this.outputs.joined((unit) => this.#portOf(unit) === agent);
    this.maps.capacityChanged();
  }

  agentMessage(agent: AgentPort, message: WorkMessage): void {
    if (isTransfer(message)) {
      this.staging.receive(agent, message);
      return;
    }
    if (isCallMessage(message)) {
      this.maps.receive(agent, message);
      return;
    }
    switch (message.type) {
      case 'report': {
        const { started, ended, returned, seq } = message;
        this.#take({
          type: 'report',
          now: this.clock.now(),
          agentId: agent.agentId,
          seq,
          ...(started && { started }),
          ...(ended && { ended }),
          ...(returned && { returned }),
        });
        return;
      }
      case 'progress':
        this.outputs.progressed(message);
        return;
      case 'output':
        this.outputs.wrote(message);
        return;
      default:
        unreachable(message);
    }
  }

  agentDrained({ agentId }: AgentPort): void {
    this.staging.drained(agentId);
    this.maps.drained(agentId);
  }

  agentEndsAt({ agentId, endsAt }: AgentPort): void {
    this.#take({ type: 'agent-ends', now: this.clock.now(), agentId, endsAt });
  }

  agentSilent(agent: AgentPort, why: string): void {
    this.#disconnected(agent.agentId);
    this.#take({ type: 'agent-silent', now: this.clock.now(), agentId: agent.agentId, why });
    this.maps.capacityChanged();
  }

  agentGone(agent: AgentPort, how: AgentEnding, detail: string): void {
    this.#ports.delete(agent.agentId);
    this.#disconnected(agent.agentId);
    this.#take({ type: 'agent-gone', now: this.clock.now(), agentId: agent.agentId, how, detail });
    this.outputs.lost((unit) => this.#portOf(unit) === undefined);
  }

  stoodStill(ms: number): void {
    this.#take({ type: 'stood-still', now: this.clock.now(), ms });
  }

  pilotsChanged(): void {
    this.maps.capacityChanged();
    this.changed$.next();
  }

  /** Ends timers and streams, and tells whoever waits why; units live on in the journal. */
  release(error: unknown): void {
    this.#wake?.cancel();
    this.#leftBehind?.cancel();
    this.staging.close();
    this.maps.close(error);
    this.visible.release(error);
    this.outputs.release(error);
    this.moves.complete();
    this.changed$.complete();
    this.#ports.clear();
  }

  /** What was on its way by a link is not any more. */
  #disconnected(agentId: string): void {
    this.staging.disconnected(agentId);
    this.maps.disconnected(agentId);
  }

  /** What comes from agents must never throw into the transport; after a failure it is dropped, said once. */
  #take(input: WorkInput): void {
    if (this.conductor.failure !== undefined) return;
    try {
      this.dispatch(input);
    } catch (error) {
      this.log.error(
        { err: error, input: input.type },
        `${this.id} could not take in what an agent said`,
      );
    }
  }

  #publish({ moves, events }: WorkStep): void {
    if (moves.length === 0) return;
    for (const event of events) {
      if (event.type !== 'accepted') continue;
      this.visible.grow(event.submission.first + event.submission.count);
    }
    const { moves: feed, outputs, maps } = this;
    const { arguments: args } = this.values;
    const at = this.clock.now();
    this.visible.show(moves, {
      looks: () => feed.isHeard || outputs.active || maps.isActive || args.areThere,
      moved: (unit, from, to) => {
        feed.tell(unit, from, to, at);
        if (outputs.active) this.#endOutputs(unit);
        if (isFinal(to)) args.ended(unit);
        if (maps.isActive) maps.moved(unit, WORK_UNIT_STATES[to] as WorkUnitState);
      },
    });
    this.changed$.next();
  }

  #endOutputs(unit: number): void {
    if (this.visible.isFinal(unit)) this.outputs.final(unit, this.#portOf(unit) !== undefined);
  }

  #perform(effect: WorkEffect): void {
    if (effect.type === 'wake') {
      this.#wake?.cancel();
      const ms = Math.max(0, effect.at - this.clock.now());
      this.#wake = this.clock.after(ms, () => this.#take({ type: 'time', now: this.clock.now() }));
      return;
    }
    const port = this.#ports.get(effect.agentId);
    // Not connected: what matters is settled when it comes back, or is gone.
    if (port === undefined || !port.connected) return;
    const channel = port.channelOf(this.id);
    switch (effect.type) {
      case 'start':
        if (!this.#isForPresentLink(effect)) return;
        // A message each, because a message must fit into a frame.
        for (const template of effect.templates) {
          port.send({ type: 'templates', channel, templates: [template] });
        }
        for (const run of effect.runs) {
          port.send({ type: 'start', channel, runs: [run] });
          if (this.outputs.active) for (const unit of run.units) this.outputs.bound(unit);
        }
        return;
      case 'ack':
        port.send({ type: 'ack', channel, seq: effect.seq });
        return;
      case 'cancel':
      case 'recall':
        port.send({ type: effect.type, channel, units: effect.units, attempts: effect.attempts });
        return;
      default:
        unreachable(effect);
    }
  }

  /**
   * Not when it was decided for a link that is gone: the agent has then said on the next one, or is
   * about to, that it never heard of these units, and they are given to others.
   */
  #isForPresentLink({ agentId, link }: Extract<WorkEffect, { type: 'start' }>): boolean {
    const place = this.manager.state.places.ofAgent(agentId);
    return place?.status === 'live' && place.links === link;
  }

  #watch(unit: number, asked: AskedOutput): boolean {
    const port = this.#portOf(unit);
    if (port === undefined || !port.connected) return false;
    const attempt = this.manager.state.attempt(unit);
    port.send({ type: 'watch', channel: port.channelOf(this.id), unit, attempt, ...asked });
    return true;
  }

  #portOf(unit: number): AgentPort | undefined {
    const place = this.#recordOf(unit);
    return place && this.#ports.get(place.agentId);
  }
}
