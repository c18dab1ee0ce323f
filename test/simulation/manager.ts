/**
 * One life of the manager: both services as a program would have them, over journals that outlive
 * it. It may die at every point between journal, publication, effect and acknowledgement.
 */
import { isDeepStrictEqual } from 'node:util';
import type {
  NativeReport,
  PilotEffect,
  PilotEvent,
  PilotInput,
  PilotStep,
} from '../../packages/core/src/manager/pilot-events.ts';
import { assertPilotInvariants } from '../../packages/core/src/manager/pilot-invariants.ts';
import { type PilotDump, PilotMachine } from '../../packages/core/src/manager/pilot-machine.ts';
import { saidOf } from '../../packages/core/src/manager/pilot-record.ts';
import { TemplateIndex } from '../../packages/core/src/manager/template-index.ts';
import type { WorkDump } from '../../packages/core/src/manager/work-dump.ts';
import type { WorkEvent } from '../../packages/core/src/manager/work-events.ts';
import { assertWorkInvariants } from '../../packages/core/src/manager/work-invariants.ts';
import { WorkManager } from '../../packages/core/src/manager/work-manager.ts';
import type { PilotError } from '../../packages/core/src/model/errors.ts';
import type { WorkUnitDescription } from '../../packages/core/src/model/work-unit-description.ts';
import type { ManagerMessage } from '../../packages/core/src/protocol/messages.ts';
import { silentLog } from '../../packages/core/src/runtime/log.ts';
import { RunningTimers } from '../../packages/core/src/runtime/running-timers.ts';
import { type SchedulerName, schedulerOf } from '../../packages/core/src/scheduler/schedulers.ts';
import { AgentRegistry } from '../../packages/core/src/service/agents/agent-registry.ts';
import { Conductor } from '../../packages/core/src/service/base/conductor.ts';
import { NativeReports } from '../../packages/core/src/service/pilots/native-reports.ts';
import { type SubmitPace, submitAll } from '../../packages/core/src/service/units/submit.ts';
import { WorkCore } from '../../packages/core/src/service/units/work-core.ts';
import type { LeftReports } from '../../packages/core/src/transport/kept-reports.ts';
import type { Link } from '../../packages/core/src/transport/link.ts';
import type { SimulatedAgent } from './agent.ts';
import type { ProcessClock } from './clock.ts';
import { type SimulatedDisk, SimulatedJournal } from './disk.ts';
import { gate } from './network.ts';
import type { Random } from './random.ts';
import { HEARTBEAT_MS, LEASE_MS, POLICY } from './times.ts';
import type { Witness } from './witness.ts';

/** The service's id in every life. */
const SERVICE = 'work';
const TICK_MS = 250;

export interface ManagerParts {
  readonly clock: ProcessClock;
  readonly random: Random;
  readonly scheduler: SchedulerName;
  readonly workDisk: SimulatedDisk;
  readonly pilotDisk: SimulatedDisk;
  readonly witness: Witness;
  /** What agents have left on their nodes. */
  readonly left: LeftReports;
  /** After how many points it dies, unless it is killed before. */
  readonly points: number;
  /** What concerns resource managers. */
  native(effect: NativeEffect): void;
  died(): void;
}

export type NativeEffect = Extract<
  PilotEffect,
  { type: 'submit' | 'settle-submission' | 'watch-native' | 'cancel-native' }
>;

export class ManagerLife {
  readonly core: WorkCore;
  readonly #parts: ManagerParts;
  readonly #clock: ProcessClock;
  readonly #timers: RunningTimers;
  readonly #journals: readonly [work: SimulatedJournal, pilots: SimulatedJournal];
  readonly #found: readonly [work: Found, pilots: Found];
  readonly #index: TemplateIndex;
  /** Most submits are of a few units: they come in parts all the same, and other things in between. */
  readonly #pace: SubmitPace = {
    partRows: 2,
    turn: () => new Promise((resolve) => this.#clock.after(1, resolve)),
  };
  readonly #pilots: PilotMachine;
  readonly #conductor: Conductor<PilotInput, PilotEvent, PilotEffect, PilotStep>;
  readonly #registry: AgentRegistry;
  readonly #reports: NativeReports;
  #pointsLeft: number;

  constructor(parts: ManagerParts) {
    const { random, workDisk, pilotDisk, scheduler } = parts;
    this.#parts = parts;
    this.#pointsLeft = parts.points;
    this.#clock = parts.clock;
    this.#timers = new RunningTimers(this.#clock, TICK_MS);
    this.#found = [workDisk.recover(), pilotDisk.recover()];
    const journal = (disk: SimulatedDisk) =>
      new SimulatedJournal({ disk, clock: this.#clock, random, point: () => this.point() });
    this.#journals = [journal(workDisk), journal(pilotDisk)];
    this.core = new WorkCore({
      id: SERVICE,
      directory: '/nowhere',
      scheduler: schedulerOf(scheduler),
      journal: this.#journals[0],
      clock: this.#clock,
      log: silentLog,
    });
    this.#index = new TemplateIndex(this.core.manager.state);
    this.#pilots = replayPilots(this.#found[1], []);
    this.#conductor = new Conductor({
      service: 'pilots',
      machine: this.#pilots,
      journal: this.#journals[1],
      log: silentLog,
      publish: () => this.point(),
      perform: (effect) => this.#perform(effect),
      report: throwLater,
    });
    this.#registry = new AgentRegistry({
      clock: this.#clock,
      timers: this.#timers,
      log: silentLog,
      dispatch: (input) => this.tell(input),
      pilotOf: (identity) => identity,
      timesOf: () => ({ heartbeatMs: HEARTBEAT_MS, leaseMs: LEASE_MS }),
      leftOf: () => parts.left,
    });
    this.#reports = new NativeReports({
      agents: this.#registry,
      clock: this.#clock,
      log: silentLog,
      pilotOf: (pilot) => this.#pilots.pilots.get(pilot),
      leftOf: () => parts.left,
      tell: (input) => this.tell(input),
    });
    this.#open();
  }

  get isOver(): boolean {
    return this.#clock.isOver;
  }

  get isRunning(): boolean {
    return this.#clock.isRunning;
  }

  /** By the wall clock of its machine. */
  get now(): number {
    return this.#clock.now();
  }

  /** Stands still for so long: its machine sleeps, or its user's code computes. */
  stop(ms: number): void {
    this.#clock.stop(ms);
  }

  whenRunning(call: () => void): void {
    this.#clock.whenRunning(call);
  }

  /** Here the process may die. */
  point(): void {
    if (!this.isOver && --this.#pointsLeft === 0) this.die();
  }

  /** As SIGKILL has it: nothing of it does anything any more. */
  die(): void {
    if (this.isOver) return;
    for (const journal of this.#journals) journal.die();
    this.#clock.end();
    this.#parts.died();
  }

  accept(link: Link, identity: string): void {
    gate(link, this.#clock);
    const send = link.send.bind(link);
    link.send = (message) => {
      this.point();
      if (!this.isOver && isStart(message)) this.#parts.witness.sent(message);
      send(message);
    };
    this.#registry.accept(link, identity);
  }

  tell(input: PilotInput): void {
    if (!this.isOver) this.#conductor.dispatch(input);
  }

  /** The resource manager says how a native job was at that time or later. */
  tellNative(pilot: string, report: NativeReport, asOf: number): void {
    this.#reports.report(pilot, report, false, asOf);
  }

  /** Whether it holds an agent for connected. */
  isInTouch({ id, pilotId }: SimulatedAgent): boolean {
    return this.#pilots.pilots.get(pilotId)?.agents.get(id)?.at.link === 'connected';
  }

  /** Whether it has found out that a pilot's native job was called over too soon. */
  hasFoundOut(pilotId: string): boolean {
    const pilot = this.#pilots.pilots.get(pilotId);
    return pilot !== undefined && saidOf(pilot) !== undefined;
  }

  /** Calls back with the number of the first unit, or that the disk is full, if it lives to hear of it. */
  submit(
    descriptions: readonly WorkUnitDescription[],
    { accepted, refused }: { accepted(first: number): void; refused(): void },
  ): void {
    if (this.isOver) return;
    const [journal] = this.#journals;
    void submitAll(this.core, this.#index, journal, descriptions, undefined, this.#pace).then(
      ({ first }) => {
        if (!this.isOver) accepted(first);
      },
      (error: PilotError) => {
        if (this.isOver) return;
        if (error.code !== 'STORE_FULL') throw error;
        refused();
      },
    );
  }

  cancel(units: readonly number[], accepted: () => void): void {
    if (this.isOver) return;
    this.core.dispatch({ type: 'cancel', now: this.#clock.now(), units, why: '' });
    const done = () => {
      if (!this.isOver) accepted();
    };
    this.core.conductor.settled().then(done, done);
  }

  /** What is kept twice must agree, and what was appended must lead to what is there. */
  assertReplays(): void {
    const { manager } = this.core;
    const [work, pilots] = this.#journals;
    assertWorkInvariants(manager.state);
    assertPilotInvariants(this.#pilots);
    const twin = replayWork(this.#found[0], work.appended());
    if (!isDeepStrictEqual(twin.dump(), manager.dump())) {
      throw new Error('the replayed manager differs from the living one');
    }
    const other = replayPilots(this.#found[1], pilots.appended());
    if (!isDeepStrictEqual(other.dump(), this.#pilots.dump())) {
      throw new Error('the replayed pilots differ from the living ones');
    }
  }

  #open(): void {
    const { witness } = this.#parts;
    const { manager } = this.core;
    restoreWork(manager, this.#found[0]);
    this.core.restored();
    witness.reopened(this.core);
    const moves$ = this.core.moves.as((unit, from, to) => [unit, from, to] as const);
    moves$.subscribe((move) => {
      this.point();
      if (!this.isOver) witness.moved(...move);
    });
    for (const pilot of this.#pilots.pilots.values()) this.#registry.restore(pilot);
    this.#conductor.dispatch({ type: 'reopened', at: this.#clock.now() });
    this.#registry.attach(this.core);
  }

  #perform(effect: PilotEffect): void {
    this.point();
    if (this.isOver) return;
    switch (effect.type) {
      case 'end-agent':
        this.#registry.end(effect.agent, effect.graceMs, effect.why);
        return;
      case 'refuse-agent':
        this.#registry.refuse(effect.agent, effect.why);
        return;
      case 'agent-joined':
        this.#registry.joined(effect.agent);
        return;
      case 'agent-silent':
        this.#registry.silent(effect.agent, effect.why);
        return;
      case 'agent-gone':
        this.#registry.gone(effect.agent, effect.how, effect.detail);
        return;
      case 'remind':
        this.#timers.after(effect.ms, () => this.tell({ ...effect.input, at: this.#clock.now() }));
        return;
      case 'unwatch-native':
        // The simulated resource manager forgets nothing.
        return;
      default:
        this.#parts.native(effect);
    }
  }
}

function isStart(message: object): message is Extract<ManagerMessage, { type: 'start' }> {
  return (message as ManagerMessage).type === 'start';
}

interface Found {
  readonly snapshot: unknown;
  readonly records: readonly unknown[];
}

/** What a pilot is made from; how patient the manager is with it. */
export const PLAN = { rm: 'simulated://', type: 'simulated', description: {}, policy: POLICY };

function replayWork(found: Found, more: readonly unknown[]): WorkManager {
  const manager = new WorkManager(schedulerOf('fifo'));
  restoreWork(manager, found);
  for (const event of more) manager.replay(event as WorkEvent);
  return manager;
}

function restoreWork(manager: WorkManager, { snapshot, records }: Found): void {
  if (snapshot !== undefined) manager.restore(structuredClone(snapshot) as WorkDump);
  for (const event of records) manager.replay(event as WorkEvent);
}

function replayPilots({ snapshot, records }: Found, more: readonly unknown[]): PilotMachine {
  const events = [...records, ...more] as PilotEvent[];
  return PilotMachine.replay(events, structuredClone(snapshot ?? []) as PilotDump);
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
