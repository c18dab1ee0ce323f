/**
 * The inside of a PilotJobService: the pilot machine under its conductor, and what carries out its
 * decisions at resource managers and agents.
 */
import { Subject } from 'rxjs';
import type { Adaptor, AgentLaunch, SecurityPrompt } from '../../adaptor/adaptor.ts';
import type { PilotEffect, PilotEvent, PilotInput, PilotStep } from '../../manager/pilot-events.ts';
import { type PilotDump, PilotMachine } from '../../manager/pilot-machine.ts';
import { isPilotOver, type PilotRecord } from '../../manager/pilot-record.ts';
import { assert, unreachable } from '../../model/assert.ts';
import { PilotError } from '../../model/errors.ts';
import type { Explanation } from '../../model/explanation.ts';
import { messageOf } from '../../model/message-of.ts';
import {
  type ParsedPilotJobDescription,
  readPilotJobDescription,
} from '../../model/pilot-job-description.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { RunningTimers } from '../../runtime/running-timers.ts';
import { LeftFiles } from '../../transport/kept-reports.ts';
import { knownWhere, type Listening } from '../agents/agent-listener.ts';
import { AgentRegistry } from '../agents/agent-registry.ts';
import { KilledAgents } from '../agents/killed-agents.ts';
import { tailOf } from '../agents/log-tail.ts';
import {
  agentLaunch,
  forgetPlace,
  launchName,
  linkTimes,
  logFileOf,
  type PilotPlace,
  pilotPlace,
  publishAddress,
  readContext,
  readSettings,
} from '../agents/pilot-launch.ts';
import { removeRemains } from '../agents/pilot-remains.ts';
import { Conductor, type ConductorJournal } from '../base/conductor.ts';
import type { PilotJobEvent } from '../base/pilot-job.ts';
import { holderOf } from '../resource-managers/native-holder.ts';
import {
  type Connection,
  ResourceManagers,
  type Target,
} from '../resource-managers/resource-managers.ts';
import { Submissions } from '../resource-managers/submissions.ts';
import { NativeReports } from './native-reports.ts';
import { explainPilot } from './pilot-explanation.ts';
import type { PilotJobActions, PilotJobView } from './pilot-job-view.ts';
import { PilotViews } from './pilot-views.ts';

/** What the inside of a service is made of. */
export interface PilotCoreParts {
  readonly id: string;
  readonly directory: string;
  readonly journal: ConductorJournal;
  readonly snapshot: unknown;
  readonly records: Iterable<unknown>;
  readonly adaptors: readonly Adaptor[];
  readonly prompt?: SecurityPrompt | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly actions: PilotJobActions;
}

interface Key {
  readonly pilotId: string;
  readonly key: Uint8Array;
}

/** A PilotJobService without its public face. */
export class PilotCore {
  readonly machine: PilotMachine;
  readonly conductor: Conductor<PilotInput, PilotEvent, PilotEffect, PilotStep>;
  readonly agents: AgentRegistry;
  readonly reports: NativeReports;
  readonly managers: ResourceManagers;
  /** Emits when a pilot has come to be seen, or has changed. */
  readonly changed$ = new Subject<void>();
  /** What went wrong with a pilot's submission, in full: the journal has its sentence alone. */
  readonly problems = new Map<string, unknown>();
  readonly #parts: PilotCoreParts;
  readonly #timers: RunningTimers;
  readonly #views: PilotViews;
  readonly #keys = new Map<string, Key>();
  readonly #submissions: Submissions;
  readonly #killed: KilledAgents;
  readonly #lastOutputs = new Map<string, string>();
  readonly #removals = new Set<Promise<void>>();
  #listening: Listening | undefined;

  constructor(parts: PilotCoreParts) {
    const { id, journal, clock, log } = parts;
    this.#parts = parts;
    const records = parts.records as Iterable<PilotEvent>;
    this.machine = PilotMachine.replay(records, (parts.snapshot ?? []) as PilotDump);
    this.#timers = new RunningTimers(clock, undefined, (ms) => this.agents.stoodStill(ms));
    this.#views = new PilotViews({
      actions: parts.actions,
      log,
      contextOf: (pilot) => readContext(this.#place(pilot)),
    });
    this.conductor = new Conductor({
      service: id,
      machine: this.machine,
      journal,
      log,
      publish: (step) => this.#publish(step.events),
      perform: (effect) => this.#perform(effect),
      failed: (error) => {
        log.error({ service: id, err: error }, 'the service can go no further');
        this.release(error);
      },
    });
    const leftOf = (pilot: string) => new LeftFiles(this.#place(pilot).keptDirectory);
    const pilotOf = (pilot: string) => this.machine.pilots.get(pilot);
    const tell = (input: PilotInput) => this.tell(input);
    this.agents = new AgentRegistry({
      clock,
      timers: this.#timers,
      log,
      dispatch: tell,
      pilotOf: (identity) => this.#keys.get(identity)?.pilotId,
      timesOf: (pilotId) => linkTimes(this.#description(pilotId)),
      leftOf,
    });
    this.reports = new NativeReports({
      ...{ agents: this.agents, clock, log, pilotOf, leftOf, tell },
      bring: (id, all) => this.managers.bring(this.#target(id), this.#launchName(id), all),
    });
    this.#killed = new KilledAgents({
      ...{ clock, timers: this.#timers, log, pilotOf, tell },
      killedOf: (pilot) => leftOf(pilot).killed(),
    });
    this.managers = new ResourceManagers({
      adaptors: parts.adaptors,
      directory: `${parts.directory}/adaptors`,
      listening: () => knownWhere(this.#listening),
      prompt: parts.prompt,
      troubled: (target, words) => this.#views.outOfReach(target, words),
      clock,
      log,
      report: (...heard) => this.reports.report(...heard),
    });
    this.#submissions = new Submissions({
      clock,
      log,
      connect: (pilot) => this.managers.connect(this.#target(pilot)),
      reconnect: (pilot) => this.managers.reconnect(this.#target(pilot)),
      place: (pilot) => this.#place(pilot),
      launch: (pilot, round) => this.#launch(pilot, round),
      socketFile: () => knownWhere(this.#listening).socketFile,
      isWanted: (pilot) => this.#pilot(pilot).ending === undefined,
      prepared: (pilot, round, { identity, key }) => {
        this.#keys.delete(launchName(pilot, round - 1));
        this.#keep(identity, pilot, key);
      },
      holderOf: (...asked) =>
        holderOf(this.machine.pilots.values(), (of) => this.#target(of), ...asked),
      accepted: (pilot, round, nativeId) =>
        this.tell({ type: 'accepted', pilot, round, nativeId, at: clock.now() }),
      refused: (pilot, round, error) => this.#refused(pilot, round, error),
    });
    for (const pilot of this.machine.pilots.values()) this.#restore(pilot);
  }

  /** The pilots that their resource managers have accepted, in order of creation. */
  get pilotJobs(): readonly PilotJobView[] {
    return this.#views.accepted;
  }

  /** Every move of every pilot that is journalled. */
  get events$(): Subject<PilotJobEvent> {
    return this.#views.events$;
  }

  keyFor(identity: string): Uint8Array | undefined {
    return this.#keys.get(identity)?.key;
  }

  view(pilotId: string): PilotJobView {
    return this.#views.of(pilotId);
  }

  /** Takes up at once what an earlier process has left, then tells agents where to call. */
  async begin(listening: Listening): Promise<void> {
    this.#listening = listening;
    const { address } = listening;
    this.conductor.dispatch({ type: 'reopened', at: this.#parts.clock.now() });
    for (const pilot of this.machine.pilots.values()) {
      if (isPilotOver(pilot)) {
        this.#cleanUp(pilot);
        continue;
      }
      this.#killed.watch(pilot.id);
      // A pilot without a directory has no agent that could look there.
      await publishAddress(this.#place(pilot.id), address).catch(() => {});
    }
    await this.conductor.settled();
    void this.conductor.compact();
  }

  /** Dispatches what nobody waits for: after the end it is dropped, as the next process asks anew. */
  tell(input: PilotInput): void {
    try {
      this.conductor.dispatch(input);
    } catch (error) {
      if (!(error instanceof PilotError)) throw error;
      this.#parts.log.debug({ input: input.type, err: error }, 'not taken any more');
    }
  }

  /** Gives a submission up, if the adaptor can. */
  abortSubmission(pilotId: string): void {
    this.#submissions.abort(pilotId);
  }

  /** Why the resource manager of a pilot does not answer, as far as somebody has asked. */
  troubleOf(pilotId: string): string | undefined {
    if (!this.#views.has(pilotId)) return undefined;
    const doubt = this.#submissions.troubleOf(this.#launchName(pilotId));
    return doubt ?? this.managers.troubleOf(this.#target(pilotId));
  }

  explain(pilotId: string): Explanation {
    const pilot = this.#pilot(pilotId);
    const { state, stateDetail: detail } = this.view(pilotId);
    const file = logFileOf(this.#place(pilotId), this.#description(pilotId));
    const tail = this.#lastOutputs.get(pilotId) ?? tailOf(file);
    const trouble = this.troubleOf(pilotId);
    return explainPilot({ ...pilot, state, detail }, { file, tail }, trouble);
  }

  async render(pilotId: string): Promise<string> {
    const { round } = this.#pilot(pilotId);
    const { jobs } = await this.managers.connect(this.#target(pilotId));
    return jobs.manager.render(this.#launch(pilotId, round));
  }

  /** Ends what users watch. */
  release(error: unknown): void {
    this.changed$.complete();
    this.#views.release(error);
  }

  /** Detaches from everything; waits for what is under way at resource managers and on disk. */
  async close(why: string): Promise<void> {
    await this.#submissions.close();
    this.agents.close(why);
    this.#timers.close();
    // Adaptors forget what they have of pilots whose settings are gone.
    await this.conductor.settled().catch(() => {});
    await Promise.all(this.#removals);
    await this.managers.close();
    await this.conductor.close();
    await Promise.all(this.#removals);
  }

  #restore(pilot: Readonly<PilotRecord>): void {
    this.#views.restore(pilot);
    this.agents.restore(pilot);
    const settings = readSettings(this.#place(pilot.id));
    if (settings !== undefined) this.#keep(settings.identity, pilot.id, settings.key);
  }

  #keep(identity: string, pilotId: string, key: string): void {
    this.#keys.set(identity, { pilotId, key: Buffer.from(key, 'base64') });
  }

  #publish(events: readonly PilotEvent[]): void {
    for (const event of events) this.#show(event);
    if (events.length === 0) return;
    this.changed$.next();
    this.agents.pilotsChanged();
  }

  #show(event: PilotEvent): void {
    if (event.type === 'pilot-created') {
      this.#views.create(this.#pilot(event.pilot));
      return;
    }
    if (event.type === 'pilot-forgotten') {
      this.#views.forget(event.pilot);
      forgetPlace(this.#place(event.pilot));
      return;
    }
    const pilot = this.machine.pilots.get(event.pilot);
    if (event.type === 'agent-silent') this.#killed.watch(event.pilot);
    this.#views.follow(event);
    if (pilot !== undefined && isPilotOver(pilot)) this.#cleanUp(pilot);
  }

  #perform(effect: PilotEffect): void {
    const { clock } = this.#parts;
    switch (effect.type) {
      case 'submit':
        this.#submissions.begin(effect.pilot, effect.round, false);
        return;
      case 'settle-submission':
        this.#submissions.begin(effect.pilot, effect.round, true);
        return;
      case 'watch-native':
        this.#withNative(effect.pilot, ({ jobs }, id) => jobs.watch(effect.pilot, id));
        return;
      case 'cancel-native':
        this.#withNative(effect.pilot, ({ jobs }, id) => {
          if (id === effect.nativeId) jobs.cancel(id);
        });
        return;
      case 'unwatch-native':
        void this.managers
          .reconnect(this.#target(effect.pilot))
          .then((connection) => connection?.jobs.unwatch(effect.pilot, effect.nativeId));
        return;
      case 'end-agent':
        this.agents.end(effect.agent, effect.graceMs, effect.why);
        return;
      case 'refuse-agent':
        this.agents.refuse(effect.agent, effect.why);
        return;
      case 'agent-joined':
        this.agents.joined(effect.agent);
        return;
      case 'agent-silent':
        this.agents.silent(effect.agent, effect.why);
        return;
      case 'agent-gone':
        this.agents.gone(effect.agent, effect.how, effect.detail);
        return;
      case 'remind':
        this.#timers.after(effect.ms, () => this.tell({ ...effect.input, at: clock.now() }));
        return;
      default:
        unreachable(effect);
    }
  }

  /** Does something with a pilot's native job, once there is a connection. */
  #withNative(pilotId: string, act: (connection: Connection, nativeId: string) => void): void {
    void this.managers.reconnect(this.#target(pilotId)).then((connection) => {
      const native = this.machine.pilots.get(pilotId)?.native;
      if (connection !== undefined && native?.phase === 'live') act(connection, native.report.id);
    });
  }

  #refused(pilot: string, round: number, error: unknown): void {
    this.problems.set(pilot, error);
    const problem = messageOf(error);
    this.tell({ type: 'refused', pilot, round, problem, at: this.#parts.clock.now() });
  }

  #launch(pilotId: string, round: number): AgentLaunch {
    const { address } = knownWhere(this.#listening);
    return agentLaunch(this.#place(pilotId), round, this.#description(pilotId), address);
  }

  #cleanUp(pilot: Readonly<PilotRecord>): void {
    const { log } = this.#parts;
    if (!this.#keys.delete(this.#launchName(pilot.id))) return;
    const place = this.#place(pilot.id);
    const description = this.#description(pilot.id);
    this.#lastOutputs.set(pilot.id, tailOf(logFileOf(place, description)));
    const removal = removeRemains(pilot, place, description)
      .catch((error: unknown) =>
        log.warn({ pilot: pilot.id, err: error }, 'its directory cannot be cleaned up'),
      )
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  #launchName(pilotId: string): string {
    return launchName(pilotId, this.#pilot(pilotId).round);
  }

  #target(pilotId: string): Target {
    const { rm, type } = this.#pilot(pilotId).plan;
    return { rm, type, context: this.view(pilotId).context };
  }

  #pilot(pilotId: string): Readonly<PilotRecord> {
    const pilot = this.machine.pilots.get(pilotId);
    assert(pilot !== undefined, `${pilotId} is not there`);
    return pilot;
  }

  #description(pilotId: string): ParsedPilotJobDescription {
    return readPilotJobDescription(this.#pilot(pilotId).plan.description);
  }

  #place(pilotId: string): PilotPlace {
    return pilotPlace(this.#parts.directory, pilotId);
  }
}
