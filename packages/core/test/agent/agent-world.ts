/** An agent machine for its tests: its units run until a test ends them. */
import { expect } from 'vitest';
import { AgentMachine, type AgentMachineOptions } from '../../src/agent/agent-machine.ts';
import type { Run, RunOutcome, StagedUnit } from '../../src/agent/service-work.ts';
import type { StagingProblem, UnheardReport, UnitEffect } from '../../src/agent/unit-effects.ts';
import type { Resources } from '../../src/model/resources.ts';
import type {
  AgentMessage,
  ManagerMessage,
  Report,
  UnitColumns,
  UnitCommand,
} from '../../src/protocol/messages.ts';

/** How long an agent goes on without its manager. */
export const LEASE_MS = 10_000;

/** A machine with an executor that does what it is told when the test says so. */
export class AgentWorld {
  readonly machine: AgentMachine;
  now = 0;
  readonly runs = new Map<number, Run>();
  readonly terminated = new Map<number, number | undefined>();
  reports: Report[] = [];
  /** Every message, in order. */
  readonly sent: AgentMessage[] = [];
  /** Map units that were to give way. */
  readonly yielded: number[] = [];
  /** How often it wanted a new link. */
  redials = 0;
  /** What outlives the agent. */
  kept: UnheardReport[] = [];
  exit: { reason: string; problem: string | undefined; isUnheard: boolean } | undefined;
  readonly watched: string[] = [];
  /** By key: what waits for its inputs, and what for its outputs. */
  readonly staging = new Map<number, StagedUnit>();
  readonly collecting = new Map<number, StagedUnit>();
  /** Units whose files were no longer wanted. */
  readonly unstaged: number[] = [];
  readonly #withFiles = new Map<number, StagedUnit>();

  constructor(options: Partial<AgentMachineOptions> = {}) {
    const capacity = { cores: [0, 1, 2, 3], gpus: [], memory: 100, resources: {} };
    this.machine = new AgentMachine({ capacity, leaseMs: LEASE_MS, graceMs: 1000, ...options }, 0);
  }

  /** Performs effects; sends what is to be said. */
  settle(): this {
    this.machine.flush();
    for (const effect of this.machine.takeEffects()) {
      expect(this.exit).toBeUndefined();
      if (effect.type === 'run') this.runs.set(effect.run.key, effect.run);
      else if (effect.type === 'terminate') this.terminated.set(effect.key, effect.graceMs);
      else if (effect.type === 'exit') this.exit = effect;
      else if (effect.type === 'watch') {
        this.watched.push(
          `${effect.unit} ${effect.stream} ${effect.on} ${effect.notKept ? 'not kept' : effect.key === undefined ? 'gone' : 'there'}`,
        );
      } else if (effect.type === 'keep') this.kept.push(effect);
      else if (effect.type === 'redial') this.redials++;
      else if (effect.type === 'yield') this.yielded.push(this.runs.get(effect.key)?.unit ?? -1);
      else if (effect.type === 'forget') {
        this.kept = this.kept.filter(({ service }) => service !== effect.service);
      } else if (effect.type === 'send') {
        this.sent.push(effect.message);
        if (effect.message.type === 'report') this.reports.push(effect.message);
      } else this.#stage(effect);
    }
    return this;
  }

  /** An answer for its files may come for those only that are there. */
  #stage(effect: UnitEffect): void {
    if (effect.type === 'stage') {
      expect(this.staging.has(effect.run.key)).toBe(false);
      expect(this.#withFiles.get(effect.run.key) ?? effect.run).toBe(effect.run);
      this.#withFiles.set(effect.run.key, effect.run);
      this.staging.set(effect.run.key, effect.run);
    } else if (effect.type === 'collect') {
      const staged = this.machine.stagedOf(effect.key);
      expect(staged?.phase).toBe('leaving');
      expect(this.runs.has(effect.key)).toBe(false);
      this.collecting.set(effect.key, staged as StagedUnit);
    } else if (effect.type === 'unstage') {
      expect(this.machine.stagedOf(effect.key)).toBeUndefined();
      const known = this.staging.get(effect.key) ?? this.collecting.get(effect.key);
      if (known) this.unstaged.push(known.unit);
      this.staging.delete(effect.key);
      this.collecting.delete(effect.key);
    }
  }

  /** The inputs of a unit have come, or there is a problem. */
  stage(unit: number, problem?: StagingProblem): this {
    const key = keyOf(this.staging, unit);
    this.staging.delete(key);
    if (problem) this.machine.stagingFailed(key, problem, 1200);
    else this.machine.staged(key);
    return this.settle();
  }

  /** The outputs of a unit are home, or there is a problem. */
  collect(unit: number, problem?: StagingProblem): this {
    const key = keyOf(this.collecting, unit);
    this.collecting.delete(key);
    if (problem) this.machine.collectingFailed(key, problem);
    else this.machine.collected(key);
    return this.settle();
  }

  receive(...messages: ManagerMessage[]): this {
    for (const message of messages) this.machine.receive(message, this.now, 1000);
    return this.settle();
  }

  connect(channels: Record<string, number> = { work: 1 }): this {
    this.machine.connected(LEASE_MS, this.now);
    for (const [service, channel] of Object.entries(channels)) {
      this.receive({ type: 'attach', channel, service });
    }
    return this;
  }

  template(
    id = 1,
    request: Partial<Resources> = {},
    channel = 1,
    more: Partial<UnitCommand> = {},
  ): this {
    const all = { cores: 1, memory: 0, gpus: 0, resources: {}, ...request };
    return this.receive({
      type: 'templates',
      channel,
      templates: [{ id, request: all, command: { executable: '/x', ...more } }],
    });
  }

  start(units: number[], how: StartOptions = {}): this {
    const { template = 1, attempt = 1, priority = 0, channel = 1, own, after } = how;
    return this.receive({
      type: 'start',
      channel,
      runs: [
        {
          template,
          priority,
          ...rows(units, attempt),
          ...(own && { own }),
          ...(after !== undefined && { after: rows(units.map(() => after)) }),
        },
      ],
    });
  }

  /** The units that run, in order of their start. */
  get running(): number[] {
    return [...this.runs.values()].map(({ unit }) => unit);
  }

  begin(unit: number): this {
    this.machine.started(this.#key(unit), 1500);
    return this;
  }

  end(unit: number, terminated = false, outcome: Partial<RunOutcome> = {}): this {
    const key = this.#key(unit);
    this.runs.delete(key);
    this.machine.ended(key, { ...SUCCESS, terminated, ...outcome });
    return this.settle();
  }

  tick(ms: number): this {
    this.now += ms;
    this.machine.tick(this.now);
    return this.settle();
  }

  takeReports(): Report[] {
    const { reports } = this;
    this.reports = [];
    return reports;
  }

  #key(unit: number): number {
    return keyOf(this.runs, unit);
  }
}

/** How units are handed over. */
interface StartOptions {
  readonly template?: number;
  readonly attempt?: number;
  readonly priority?: number;
  readonly channel?: number;
  readonly own?: readonly (string | null)[];
  /** Unit whose first attempt they wait for. */
  readonly after?: number;
}

function keyOf(among: ReadonlyMap<number, Run | StagedUnit>, unit: number): number {
  const found = [...among.values()].find((each) => each.unit === unit);
  if (found === undefined) throw new Error(`unit ${unit} is not there`);
  return found.key;
}

/** How a unit ends that nothing went wrong with. */
export const SUCCESS = {
  exitCode: 0,
  reason: 0,
  terminated: false,
  startedAt: 1500,
  finishedAt: 2500,
  userTime: 0.5,
  systemTime: 0.25,
  maxRss: 2048,
};

/** Units and their attempts in columns. */
export function rows(units: readonly number[], attempt = 1): UnitColumns {
  return { units: Uint32Array.from(units), attempts: Uint16Array.from(units, () => attempt) };
}

/** The rows of reports in words: `ended 3.1`. */
export function told(reports: readonly Report[]): string[] {
  return reports.flatMap(({ started, ended, returned }) => [
    ...named('started', started),
    ...named('ended', ended),
    ...named(`returned ${returned?.why}`, returned),
  ]);
}

/** Rows in words, each after what became of it. */
export function named(what: string, columns: UnitColumns | undefined): string[] {
  return Array.from(columns?.units ?? [], (unit, i) => `${what} ${unit}.${columns?.attempts[i]}`);
}
