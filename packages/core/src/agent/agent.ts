/**
 * An agent at work: lets the machine decide, and does what it decided with real processes, a real
 * link and real time.
 */
import type { AgentSettings } from '../protocol/agent-settings.ts';
import { isCallMessage } from '../protocol/call-messages.ts';
import type { EndReason, Hello } from '../protocol/messages.ts';
import { isTransfer } from '../protocol/transfer-messages.ts';
import { type UnitTime, unitTime } from '../protocol/unit-time.ts';
import { PROTOCOL_VERSION, PSTAR_VERSION } from '../protocol/version.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { randomFraction, randomSecret } from '../runtime/random.ts';
import { RunningTime } from '../runtime/running-time.ts';
import { KeptReports } from '../transport/kept-reports.ts';
import type { Link } from '../transport/link.ts';
import { type AgentEffect, AgentMachine } from './agent-machine.ts';
import { ManagerLink, type ManagerLinkEvents } from './manager-link.ts';
import { toldNode } from './node-environment.ts';
import { findNode, type Node, nodeInfo } from './node-info.ts';
import { channelSink, OutputRelay } from './output-relay.ts';
import { ProgressGate, type ProgressLine } from './progress-gate.ts';
import { ReportPace } from './report-pace.ts';
import { Stager } from './stager.ts';
import { UnitHands, type UnitHandsParts, type WorkerParts } from './unit-hands.ts';

/** What an agent cannot make itself. */
export interface AgentParts {
  readonly clock: Clock;
  readonly log: Log;
  dial(): Promise<Link>;
  /** The agent's own: what it is told of its node, and what units inherit below the settings'. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workers?: WorkerParts;
}

/** Why an agent has ended. */
export interface AgentEnd {
  readonly reason: EndReason;
  readonly problem?: string;
}

type Exit = Extract<AgentEffect, { readonly type: 'exit' }>;

/** It looks around so often, unless something is due sooner. */
const TICK_MAX_MS = 1_000;

/** The program on the resource. */
export class Agent {
  readonly #settings: AgentSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Unique for this start of it. */
  readonly #id = `agent-${randomSecret(8).toString('hex')}`;
  readonly #startedAt: number;
  readonly #time: RunningTime;
  readonly #node: Node;
  readonly #machine: AgentMachine;
  readonly #hands: UnitHands;
  readonly #link: ManagerLink;
  readonly #pace: ReportPace;
  readonly #progress: ProgressGate;
  readonly #output: OutputRelay;
  readonly #kept: KeptReports;
  readonly #stager: Stager;
  readonly #timers = new Map<'tick' | 'wall-time', Timer>();
  #resolve: (end: AgentEnd) => void = () => {};
  #isPerforming = false;
  #isEnding = false;

  constructor(settings: AgentSettings, parts: AgentParts) {
    const { clock, log, dial, environment, workers = {} } = parts;
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#startedAt = clock.monotonic();
    this.#time = new RunningTime(this.#startedAt);
    this.#node = findNode(settings, toldNode(environment));
    const { capacity } = this.#node;
    const machine = new AgentMachine({ ...settings, capacity }, this.#time.now);
    this.#machine = machine;
    this.#link = new ManagerLink({
      dial,
      hello: () => this.#hello(),
      remainingMs: () => this.#remainingMs,
      heartbeatMs: settings.heartbeatMs,
      clock,
      random: randomFraction,
      log,
      events: this.#linkEvents(),
    });
    const link = this.#link;
    this.#hands = new UnitHands({
      settings,
      agent: this.#id,
      node: this.#node,
      environment,
      workers,
      link,
      files: { place: (...placing) => this.#stager.place(...placing) },
      clock,
      log,
      events: this.#unitEvents(),
    });
    this.#stager = new Stager({
      root: settings.root,
      link,
      executor: this.#hands.executor,
      machine,
      clock,
      told: () => this.#touch(),
      progress: (key, line) => this.#progress.put(key, line),
    });
    this.#kept = new KeptReports(settings.keptDirectory, this.#id, log);
    this.#pace = new ReportPace(clock, () => this.#flush());
    this.#progress = new ProgressGate(clock, (key, line) => this.#sendProgress(key, line));
    this.#output = new OutputRelay(
      (key, stream, on) => this.#hands.watch(key, stream, on),
      channelSink(link),
    );
  }

  /** Works until there is a reason to end, and says it once no process of a unit is left. */
  run(): Promise<AgentEnd> {
    if (this.#unitTime !== undefined) {
      const { untilMs, graceMs } = this.#unitTime;
      const leave = (): void => this.#leave('time-limit', graceMs);
      this.#timers.set('wall-time', this.#clock.after(untilMs, leave));
    }
    this.#tickLater();
    this.#link.open();
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Somebody outside wants the agent gone: units get their grace, and are handed back. */
  evict(): void {
    this.#leave('signal', this.#settings.graceMs);
    this.#hands.wereTold();
  }

  /** A defect: nothing here can be trusted any more, but no process may be left behind. */
  async fail(error: unknown): Promise<void> {
    const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
    this.#log.error(stack);
    try {
      this.#machine.abandon();
      for (const effect of this.#machine.takeEffects()) {
        if (effect.type === 'keep') this.#kept.keep(effect.service, effect.report);
      }
    } catch {
      // Then it is with what was kept before.
    }
    await this.#finish({ reason: 'failed', problem: message, isUnheard: true });
  }

  #leave(reason: EndReason, graceMs: number): void {
    this.#log.info({ reason }, 'ending');
    this.#machine.end(reason, this.#time.now, { graceMs });
    this.#touch();
  }

  #hello(): Hello {
    const remainingMs = this.#remainingMs;
    return {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      version: PSTAR_VERSION,
      pilot: this.#settings.pilot,
      agent: this.#id,
      node: nodeInfo(this.#node, this.#hands.executor),
      ...(remainingMs !== undefined && { remainingMs }),
    };
  }

  get #unitTime(): UnitTime | undefined {
    const { wallTimeLimitMs, graceMs, isKilledAtLimit = true } = this.#settings;
    if (wallTimeLimitMs === undefined) return undefined;
    return unitTime(wallTimeLimitMs, graceMs, isKilledAtLimit);
  }

  get #remainingMs(): number | undefined {
    if (this.#unitTime === undefined) return undefined;
    return Math.max(0, this.#unitTime.untilMs - (this.#clock.monotonic() - this.#startedAt));
  }

  #linkEvents(): ManagerLinkEvents {
    const machine = this.#machine;
    return {
      welcomed: ({ leaseMs }) => {
        machine.connected(leaseMs, this.#time.now);
        this.#touch();
      },
      message: (message) => {
        this.#noticeStandstill();
        if (machine.isInDoubt) return;
        if (isTransfer(message)) this.#stager.receive(message);
        else if (isCallMessage(message)) this.#hands.calls.receive(message);
        else machine.receive(message, this.#time.now, this.#clock.now());
        this.#perform();
        if (machine.hasNews) this.#pace.happened(machine.hasPlenty);
        if (message.type === 'attach') this.#attached(message.channel);
      },
      lost: () => {
        machine.disconnected();
        this.#stager.disconnected();
        this.#hands.calls.disconnected();
        this.#output.clear();
        this.#touch();
      },
      refused: (problem) => {
        machine.disconnected();
        machine.end('failed', this.#time.now, { problem: `refused by the manager: ${problem}` });
        this.#touch();
      },
      drain: () => {
        this.#output.drain();
        this.#stager.drained();
        this.#hands.calls.drained();
      },
    };
  }

  /** What is here was said; now what belongs to it. */
  #attached(channel: number): void {
    this.#stager.attached(channel);
    this.#hands.calls.attached(channel);
  }

  #unitEvents(): UnitHandsParts['events'] {
    return {
      started: (key, at) => {
        this.#machine.started(key, at);
        this.#perform();
        this.#pace.started(this.#machine.hasPlenty);
      },
      ended: (key, outcome) => {
        // Before something is started in its place. Where nothing really runs it would cost too much.
        if (this.#settings.executor === 'process') this.#noticeStandstill();
        this.#progress.finish(key);
        this.#machine.ended(key, outcome);
        this.#touch();
      },
      progress: (key, fraction, message, at) => this.#progress.put(key, { fraction, message, at }),
      output: (key, stream, chunk) => this.#output.put(key, stream, chunk),
      idle: (key, isIdle) => {
        this.#machine.idle(key, isIdle);
        this.#perform();
      },
    };
  }

  #sendProgress(key: number, { fraction, message, at }: ProgressLine): void {
    const { service, unit, attempt } =
      this.#machine.runOf(key) ?? this.#machine.stagedOf(key) ?? {};
    if (service?.channel === undefined || unit === undefined || attempt === undefined) return;
    const line = { channel: service.channel, unit, attempt, message, at };
    this.#link.send({ type: 'progress', ...line, ...(fraction !== undefined && { fraction }) });
  }

  /** Something has happened: does at once what follows, and has it reported. */
  #touch(): void {
    this.#perform();
    this.#pace.happened(this.#machine.hasPlenty);
  }

  #flush(): void {
    this.#machine.flush();
    this.#perform();
  }

  /** An effect may lead to others before it is over: they are done after those that are already there. */
  #perform(): void {
    // Once it ends, it ends the units itself: that is its own doing, and not to be reported as theirs.
    if (this.#isPerforming || this.#isEnding) return;
    this.#isPerforming = true;
    for (;;) {
      const effects = this.#machine.takeEffects();
      if (effects.length === 0) break;
      for (const effect of effects) this.#do(effect);
    }
    this.#isPerforming = false;
  }

  #do(effect: AgentEffect): void {
    switch (effect.type) {
      case 'run':
        this.#hands.run(effect.run);
        break;
      case 'terminate':
        this.#hands.terminate(effect.key, effect.graceMs);
        break;
      case 'yield':
        this.#hands.calls.yield(effect.key);
        break;
      case 'watch':
        this.#output.watch(effect.key, effect, effect.stream, effect.on);
        break;
      case 'send':
        this.#link.send(effect.message);
        break;
      case 'keep':
        this.#kept.keep(effect.service, effect.report);
        break;
      case 'forget':
        this.#kept.forget(effect.service);
        break;
      case 'stage':
      case 'unstage':
      case 'collect':
        this.#stager.perform(effect);
        break;
      case 'redial':
        this.#link.redial('the agent stood still for as long as its lease');
        break;
      case 'exit':
        void this.#finish(effect);
        break;
    }
  }

  /** Whatever wakes the agent after a standstill: before it acts on that it is to know. */
  #noticeStandstill(): void {
    const before = this.#time.standstill;
    this.#time.advance(this.#clock.monotonic(), this.#tickMs);
    const { now, standstill } = this.#time;
    if (standstill > before) this.#machine.tick(now, standstill - before);
  }

  get #tickMs(): number {
    const { leaseMs, idleTimeoutMs = Number.POSITIVE_INFINITY } = this.#settings;
    const soonest = Math.min(this.#link.heartbeatMs / 2, leaseMs / 4, idleTimeoutMs / 4);
    return Math.max(1, Math.min(TICK_MAX_MS, soonest));
  }

  #tickLater(): void {
    const tick = (): void => {
      this.#noticeStandstill();
      const { now } = this.#time;
      this.#tickLater();
      this.#link.tick(now);
      this.#machine.tick(now);
      this.#touch();
    };
    this.#timers.set('tick', this.#clock.after(this.#tickMs, tick));
  }

  async #finish({ reason, problem, isUnheard }: Omit<Exit, 'type'>): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#pace.close();
    this.#progress.close();
    this.#stager.close();
    // Its last words are to be said whatever is left behind.
    await this.#hands.close().catch((error) => this.#log.error({ error }, 'not all is cleared up'));
    this.#output.clear();
    const end: AgentEnd = problem === undefined ? { reason } : { reason, problem };
    this.#link.send({ type: 'bye', ...end });
    // Whoever told it to end knows. Any other goodbye may reach a manager that is just going away.
    const mayBeUnheard = isUnheard || reason !== 'ordered';
    await Promise.all([this.#link.close(), mayBeUnheard && this.#keepBye(end)]);
    await this.#kept.close();
    this.#resolve(end);
  }

  /** A last word says that there is nothing more to know; so there is none if something could not be kept. */
  async #keepBye(end: AgentEnd): Promise<void> {
    if (!(await this.#kept.settled())) return;
    this.#kept.bye(end);
    await this.#kept.settled();
  }
}
