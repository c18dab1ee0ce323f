/**
 * An agent with the mind and the link of the real one, and hands that are simulated. It can be
 * killed at any moment: then its processes, its reports and its memory are gone.
 */
import { type AgentEffect, AgentMachine } from '../../packages/core/src/agent/agent-machine.ts';
import { ManagerLink } from '../../packages/core/src/agent/manager-link.ts';
import type { NodeInfo } from '../../packages/core/src/model/resources.ts';
import type { AgentMessage, ManagerMessage } from '../../packages/core/src/protocol/messages.ts';
import { PROTOCOL_VERSION, PSTAR_VERSION } from '../../packages/core/src/protocol/version.ts';
import type { Clock } from '../../packages/core/src/runtime/clock.ts';
import { silentLog } from '../../packages/core/src/runtime/log.ts';
import { RunningTime } from '../../packages/core/src/runtime/running-time.ts';
import type { Link } from '../../packages/core/src/transport/link.ts';
import { ProcessClock } from './clock.ts';
import type { Ledger } from './ledger.ts';
import type { ManagerLife } from './manager.ts';
import { gate } from './network.ts';
import type { NodeDisks } from './node-disks.ts';
import { Processes } from './processes.ts';
import type { Random } from './random.ts';
import { GRACE_MS, HEARTBEAT_MS, LEASE_MS, POLICY } from './times.ts';
import { Transfers } from './transfers.ts';
import type { Witness } from './witness.ts';

const TICK_MS = HEARTBEAT_MS / 2;
/** After a standstill: until it is known that a link brings nothing any more. */
const NOTICE_MS = 5 * HEARTBEAT_MS;

export interface SimulatedAgentParts {
  readonly id: string;
  readonly pilotId: string;
  readonly node: NodeInfo;
  /** How long its pilot may last. */
  readonly limitMs: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly witness: Witness;
  readonly disks: NodeDisks;
  /** It sees the files of the manager's machine. */
  readonly sharesFiles: boolean;
  dial(agent: SimulatedAgent): Promise<Link>;
  /** The manager that it has a link to, if something comes through. */
  managerOf(agent: SimulatedAgent): ManagerLife | undefined;
  /** It is over: by itself, or because it was killed. */
  over(agent: SimulatedAgent, how: 'ended' | 'killed'): void;
}

export class SimulatedAgent {
  readonly id: string;
  readonly pilotId: string;
  readonly #parts: SimulatedAgentParts;
  readonly #clock: ProcessClock;
  /** Of the units' processes, which run on while only the agent is stopped. */
  readonly #nodeClock: ProcessClock;
  readonly #time: RunningTime;
  readonly #startedAt: number;
  readonly #machine: AgentMachine;
  readonly #processes: Processes;
  readonly #transfers: Transfers;
  readonly #link: ManagerLink;
  #isPerforming = false;
  #isFlushDue = false;

  constructor(parts: SimulatedAgentParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.pilotId = parts.pilotId;
    this.#clock = new ProcessClock(parts.clock);
    this.#nodeClock = new ProcessClock(parts.clock);
    this.#startedAt = parts.clock.monotonic();
    this.#time = new RunningTime(this.#startedAt);
    const { cores, gpus, memory, resources } = parts.node;
    const range = (count: number) => Array.from({ length: count }, (_, i) => i);
    this.#machine = new AgentMachine(
      {
        capacity: { cores: range(cores), gpus: range(gpus), memory, resources },
        leaseMs: LEASE_MS,
        graceMs: GRACE_MS,
        sharesFiles: parts.sharesFiles,
      },
      this.#now,
    );
    this.#processes = new Processes({
      agentId: this.id,
      machine: this.#machine,
      clock: this.#nodeClock,
      random: parts.random,
      ledger: parts.ledger,
      tell: (call) => this.#clock.whenRunning(() => this.#hear(call)),
    });
    this.#transfers = new Transfers({
      agentId: this.id,
      machine: this.#machine,
      clock: this.#clock,
      random: parts.random.fork(),
      ledger: parts.ledger,
      manager: () => parts.managerOf(this),
      tell: (call) => this.#hear(call),
    });
    this.#link = this.#newLink();
    this.#link.open();
    this.#tickLater();
    const { unitsMs } = this;
    if (unitsMs === undefined) return;
    this.#clock.after(unitsMs, () => this.#hear(() => this.#machine.end('time-limit', this.#now)));
  }

  /** How long its units may run: as under a short limit of a resource manager that kills. */
  get unitsMs(): number | undefined {
    return this.#parts.limitMs === undefined ? undefined : this.#parts.limitMs / 2;
  }

  get isOver(): boolean {
    return this.#clock.isOver;
  }

  /** Neither dead nor stopped. */
  get isRunning(): boolean {
    return this.#clock.isRunning;
  }

  /** Dies as SIGKILL has it, with everything that it had. */
  kill(): void {
    if (this.isOver) return;
    this.#parts.disks.kill(this.id);
    this.#leave('killed');
  }

  /** The resource manager wants it gone. */
  evict(): void {
    this.#clock.whenRunning(() => this.#hear(() => this.#machine.end('signal', this.#now)));
  }

  /** Stands still for so long, while the processes of its units run on. */
  stop(ms: number): void {
    this.#clock.stop(ms);
  }

  /** Stands still for so long, with all that runs on its node, as a machine that is suspended. */
  stopNode(ms: number): void {
    const { ledger, clock } = this.#parts;
    this.#clock.stop(ms);
    this.#nodeClock.stop(ms);
    ledger.stopped(this.id, ms > POLICY.fenceMs);
    clock.after(ms, () => {
      if (this.#nodeClock.isRunning) ledger.goesOn(this.id);
    });
    // By then it has noticed that it was given up.
    clock.after(ms + NOTICE_MS, () => ledger.checkAlone(this.id));
  }

  /** Its node's wall clock is set. */
  setClock(byMs: number): void {
    this.#clock.set(byMs);
    this.#nodeClock.set(byMs);
  }

  /** By its own running time. */
  get #now(): number {
    return this.#time.now;
  }

  get #remainingMs(): number | undefined {
    const { unitsMs } = this;
    if (unitsMs === undefined) return undefined;
    return Math.max(0, unitsMs - (this.#clock.monotonic() - this.#startedAt));
  }

  #noticeStandstill(): void {
    const before = this.#time.standstill;
    this.#time.advance(this.#clock.monotonic(), TICK_MS);
    const { now, standstill } = this.#time;
    if (standstill > before) this.#machine.tick(now, standstill - before);
  }

  #hear(call: () => void): void {
    if (this.isOver) return;
    this.#noticeStandstill();
    call();
    this.#touch();
  }

  #newLink(): ManagerLink {
    const { id: agent, pilotId: pilot, node, random } = this.#parts;
    const version = { protocol: PROTOCOL_VERSION, version: PSTAR_VERSION };
    return new ManagerLink({
      dial: async () => {
        const link = await this.#parts.dial(this);
        gate(link, this.#clock);
        return link;
      },
      hello: () => {
        const remainingMs = this.#remainingMs;
        const limit = remainingMs === undefined ? {} : { remainingMs };
        return { type: 'hello', ...version, pilot, agent, node, ...limit };
      },
      remainingMs: () => this.#remainingMs,
      heartbeatMs: HEARTBEAT_MS,
      clock: this.#clock,
      random: random.fraction,
      log: silentLog,
      events: {
        welcomed: ({ leaseMs }) => {
          this.#machine.connected(leaseMs, this.#now);
          this.#touch();
        },
        // Files travel by other means here.
        message: (message) => this.#receive(message as ManagerMessage),
        lost: () => {
          this.#machine.disconnected();
          this.#touch();
        },
        refused: (problem) => {
          this.#machine.disconnected();
          this.#machine.end('failed', this.#now, { problem });
          this.#touch();
        },
        drain: () => {},
      },
    });
  }

  #receive(message: ManagerMessage): void {
    if (this.isOver) return;
    this.#noticeStandstill();
    if (this.#machine.isInDoubt) return;
    if (message.type === 'ack') this.#parts.witness.acknowledged(this.id, message.seq);
    this.#machine.receive(message, this.#now, this.#clock.now());
    this.#touch();
  }

  /** Does at once what follows, and says what has happened a little later. */
  #touch(): void {
    this.#perform();
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#clock.after(this.#machine.hasPlenty ? 5 : 0, () => {
      this.#isFlushDue = false;
      this.#machine.flush();
      this.#perform();
    });
  }

  #perform(): void {
    if (this.#isPerforming || this.isOver) return;
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
        this.#processes.run(effect.run);
        break;
      case 'terminate':
        this.#processes.terminate(effect.key, effect.graceMs);
        break;
      case 'send':
        this.#send(effect.message);
        break;
      case 'exit': {
        const { reason, problem, isUnheard } = effect;
        const bye = { reason, ...(problem !== undefined && { problem }) };
        this.#parts.disks.end(this.id, isUnheard ? bye : undefined);
        this.#send({ type: 'bye', ...bye });
        this.#leave('ended');
        break;
      }
      case 'keep':
        this.#parts.disks.keep(this.id, effect.service, effect.report);
        break;
      case 'forget':
        this.#parts.disks.forget(this.id, effect.service);
        break;
      case 'redial':
        this.#link.redial('stood still');
        break;
      case 'stage':
        this.#transfers.stage(effect.run);
        break;
      case 'collect':
        this.#transfers.collect(effect.key);
        break;
      case 'unstage':
        this.#transfers.drop(effect.key);
        break;
      case 'watch':
      // Nothing here calls functions.
      case 'yield':
        break;
    }
  }

  #send(message: AgentMessage): void {
    if (message.type === 'report') this.#parts.witness.reported(this.id, message);
    this.#link.send(message);
  }

  #leave(how: 'ended' | 'killed'): void {
    this.#processes.killAll();
    void this.#link.close();
    this.#clock.end();
    this.#nodeClock.end();
    this.#parts.ledger.nodeOver(this.id);
    this.#parts.over(this, how);
  }

  #tickLater(): void {
    this.#clock.after(TICK_MS, () => {
      this.#noticeStandstill();
      this.#link.tick(this.#now);
      this.#machine.tick(this.#now);
      this.#touch();
      this.#tickLater();
    });
  }
}
