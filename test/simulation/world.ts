/**
 * A whole cluster on one thread: a manager that dies and comes back, a resource manager, agents, a
 * network and a user, with everything that may happen to them, and those who check.
 */
import type { NativeReport } from '../../packages/core/src/manager/pilot-events.ts';
import type { NodeInfo } from '../../packages/core/src/model/resources.ts';
import type { SchedulerName } from '../../packages/core/src/scheduler/schedulers.ts';
import { SimulatedAgent } from './agent.ts';
import { ProcessClock, SimulatedClock } from './clock.ts';
import { SimulatedDisk } from './disk.ts';
import { Ledger } from './ledger.ts';
import { ManagerLife, type NativeEffect, PLAN } from './manager.ts';
import { Network } from './network.ts';
import { NodeDisks } from './node-disks.ts';
import { Problems } from './problems.ts';
import type { Random } from './random.ts';
import { Requests } from './requests.ts';
import { ResourceManager } from './resource-manager.ts';
import { User } from './user.ts';
import { Witness } from './witness.ts';

const GIB = 2 ** 30;

export class World {
  readonly clock = new SimulatedClock();
  readonly random: Random;
  readonly problems = new Problems();
  readonly requests = new Requests();
  readonly witness: Witness;
  readonly ledger: Ledger;
  readonly disks: NodeDisks;
  readonly network: Network;
  readonly resourceManager: ResourceManager;
  readonly user: User;
  readonly scheduler: SchedulerName;
  /** How often the manager has died. */
  deaths = 0;
  /** Nothing bad happens any more. */
  isCalm = false;
  readonly #workDisk = new SimulatedDisk();
  readonly #pilotDisk = new SimulatedDisk();
  /** When the last report of a pilot arrives. */
  readonly #lastTold = new Map<string, number>();
  readonly #nodes = new Map<string, readonly NodeInfo[]>();
  #manager: ManagerLife | undefined;
  #managerClock: ProcessClock;

  constructor(random: Random) {
    const { clock, problems, requests } = this;
    this.random = random;
    this.#managerClock = new ProcessClock(clock);
    this.scheduler = random.pick(['backfill', 'backfill', 'round-robin', 'fifo']);
    this.witness = new Witness(problems, this.#workDisk);
    this.disks = new NodeDisks(clock, random.fork());
    this.ledger = new Ledger(problems, requests, this.witness, this.disks);
    this.witness.whenDone = (unit) => this.ledger.checkDone(unit);
    this.network = new Network(clock, random.fork());
    this.user = new User({ requests, witness: this.witness });
    this.resourceManager = new ResourceManager({
      clock,
      random: random.fork(),
      startAgent: (id, pilotId, node) => this.#startAgent(id, pilotId, node),
      changed: (pilotId, report) => this.#tellNative(pilotId, report),
    });
    this.openManager();
  }

  /** The manager, while one lives. */
  get manager(): ManagerLife | undefined {
    return this.#manager;
  }

  /** A program opens the services by their ids. */
  openManager(): void {
    const { random, witness, scheduler } = this;
    const willDie = !this.isCalm && random.chance(0.7);
    const life = new ManagerLife({
      clock: this.#managerClock,
      random: random.fork(),
      scheduler,
      workDisk: this.#workDisk,
      pilotDisk: this.#pilotDisk,
      witness,
      left: this.disks,
      points: willDie ? random.between(1, random.pick([40, 400, 1500])) : Number.POSITIVE_INFINITY,
      native: (effect) => this.#performNative(effect),
      died: () => this.#managerDied(),
    });
    if (life.isOver) return;
    this.#manager = life;
    this.network.listener = life;
    this.disturb();
  }

  /**
   * Calls a native job over whose agents are all in touch with the manager. That is the promise: whoever
   * is out of touch when it is called over is taken for dead.
   */
  callOver(random: Random): void {
    const inTouch = this.resourceManager.running.filter(({ agents }) => this.#areInTouch(agents));
    if (inTouch.length === 0) return;
    const { pilotId } = random.pick(inTouch);
    this.resourceManager.callOver(pilotId, random.pick(['Done', 'Failed', 'Canceled']));
  }

  /**
   * Something comes between the manager and an agent, or all of them. What was called over too soon is
   * over by then, unless the manager has found out that it was not.
   */
  disturb(agent?: SimulatedAgent): void {
    for (const { pilotId } of this.resourceManager.calledOver) {
      const isConcerned = agent === undefined || agent.pilotId === pilotId;
      if (isConcerned && this.#manager?.hasFoundOut(pilotId) !== true) {
        this.resourceManager.kill(pilotId, 'Failed');
      }
    }
  }

  #areInTouch(agents: readonly SimulatedAgent[]): boolean {
    const { manager, network } = this;
    if (manager?.isRunning !== true) return false;
    return agents.every(
      (agent) => agent.isRunning && manager.isInTouch(agent) && network.reaches(agent),
    );
  }

  /** The wall clock of the manager's machine is set. */
  setClock(byMs: number): void {
    this.#managerClock.set(byMs);
  }

  /** For so long there is no room for what is submitted. */
  fillDisk(ms: number): void {
    this.#workDisk.isFull = true;
    this.clock.after(ms, () => {
      this.#workDisk.isFull = false;
    });
  }

  /** Asks for a pilot with those nodes. */
  createPilot(nodes: readonly NodeInfo[]): void {
    const pilot = `p${this.#nodes.size}`;
    this.#nodes.set(pilot, nodes);
    this.#manager?.tell({ type: 'create', pilot, plan: PLAN, at: this.clock.now() });
  }

  get pilots(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  #managerDied(): void {
    this.deaths++;
    this.#manager = undefined;
    // Its machine's clock stays as it is.
    this.#managerClock = new ProcessClock(this.clock, this.#managerClock.now() - this.clock.now());
    this.network.managerDied();
    // Sometimes longer than any lease.
    const ms = this.random.chance(0.15) ? 12_000 : this.random.between(1, 2500);
    this.clock.after(ms, () => this.openManager());
  }

  #startAgent(id: string, pilotId: string, node: NodeInfo): SimulatedAgent {
    const { clock, random, ledger, witness, disks } = this;
    const sharesFiles = random.chance(0.5);
    ledger.newNode(id, node, sharesFiles);
    return new SimulatedAgent({
      id,
      pilotId,
      node,
      limitMs: random.chance(0.2) ? random.between(2000, 40_000) : undefined,
      clock,
      random: random.fork(),
      ledger,
      witness,
      disks,
      sharesFiles,
      dial: (agent) => this.network.dial(agent),
      managerOf: (agent) => (this.network.reaches(agent) ? this.#manager : undefined),
      over: (agent, how) => this.resourceManager.agentOver(agent, how),
    });
  }

  #performNative(effect: NativeEffect): void {
    const { pilot } = effect;
    const later = (act: () => void) => this.clock.after(this.random.between(1, 300), act);
    switch (effect.type) {
      case 'submit':
      case 'settle-submission':
        later(() => this.#submitNative(pilot, effect.round));
        return;
      case 'watch-native':
        later(() => {
          const report = this.resourceManager.reportOf(pilot);
          if (report !== undefined) this.#tellNative(pilot, report);
        });
        return;
      case 'cancel-native':
        later(() => this.resourceManager.kill(pilot, 'Canceled'));
    }
  }

  #submitNative(pilot: string, round: number): void {
    this.resourceManager.submit(pilot, this.#nodes.get(pilot) ?? []);
    const nativeId = `native-${pilot}`;
    const { manager } = this;
    const at = this.clock.now();
    const accepted = { type: 'accepted', pilot, round, nativeId, at } as const;
    manager?.whenRunning(() => manager.tell(accepted));
  }

  /** Where a word that came too soon finds nobody who would speak against it. */
  #comesTrue(pilot: string): void {
    const early = this.resourceManager.calledOver.find(({ pilotId }) => pilotId === pilot);
    const alive = early?.agents.filter(({ isOver }) => !isOver) ?? [];
    const [someone] = alive;
    if (someone !== undefined && !this.#areInTouch(alive)) this.disturb(someone);
  }

  /** However late, in order: of two reports the second is never older than the first. */
  #tellNative(pilot: string, report: NativeReport): void {
    const now = this.clock.monotonic();
    const at = Math.max(now + this.random.between(1, 500), this.#lastTold.get(pilot) ?? 0);
    this.#lastTold.set(pilot, at);
    this.clock.after(at - now, () => {
      this.#comesTrue(pilot);
      this.#manager?.whenRunning(() => this.#manager?.tellNative(pilot, report, now));
    });
  }
}

export function nodeOf(cores: number, gpus = 0): NodeInfo {
  return {
    host: 'node',
    cores,
    memory: 4 * GIB,
    gpus,
    resources: {},
    cpuArchitecture: 'x86_64',
    operatingSystemType: 'LINUX',
    nodeVersion: 'v20.20.0',
    pstarVersion: '0.0.0',
    launcher: 'null',
  };
}
