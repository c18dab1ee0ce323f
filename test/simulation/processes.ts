/**
 * The processes of one agent, simulated: they take time to start, run, fail, ignore signals, and die
 * with the agent. What really happened goes into the ledger, whoever is told of it or not.
 */
import type { AgentMachine } from '../../packages/core/src/agent/agent-machine.ts';
import type { Run, RunOutcome } from '../../packages/core/src/agent/service-work.ts';
import { FAILURE_REASONS, type FailureReason } from '../../packages/core/src/model/exit.ts';
import type { ProcessClock } from './clock.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';

interface Live {
  readonly run: Run;
  startedAt: number;
  isTerminated: boolean;
  isOver: boolean;
}

export interface ProcessesParts {
  readonly agentId: string;
  readonly machine: AgentMachine;
  readonly clock: ProcessClock;
  readonly random: Random;
  readonly ledger: Ledger;
  /** Tells the agent, when it runs; it acts on what its machine was told. */
  tell(call: () => void): void;
}

/** Among its arguments: it runs until it is told to end. */
export const ENDLESS = 'endless';

const FIRST_GRACE_MS = 1000;

export class Processes {
  readonly #parts: ProcessesParts;
  readonly #live = new Map<number, Live>();

  constructor(parts: ProcessesParts) {
    this.#parts = parts;
  }

  run(run: Run): void {
    const { clock, random } = this.#parts;
    const live = { run, startedAt: 0, isTerminated: false, isOver: false };
    this.#live.set(run.key, live);
    clock.after(random.between(0, 3), () => this.#start(live));
  }

  terminate(key: number, graceMs = FIRST_GRACE_MS): void {
    const live = this.#live.get(key);
    if (live === undefined || live.isTerminated) return;
    live.isTerminated = true;
    const { clock, random } = this.#parts;
    const heeds = random.chance(0.7);
    const ms = heeds ? random.between(0, Math.min(graceMs, 300)) : graceMs;
    // Some take SIGTERM as a reason to stop half-way in good order.
    const how = heeds && random.chance(0.3) ? { exitCode: 0 } : { signal: heeds ? 15 : 9 };
    clock.after(ms, () => this.#end(live, how));
  }

  /** Ends every process at once; nobody is told. */
  killAll(): void {
    for (const live of this.#live.values()) this.#isGone(live, undefined);
    this.#live.clear();
  }

  #start(live: Live): void {
    if (live.isOver) return;
    const { agentId, clock, random, ledger, machine, tell } = this.#parts;
    if (live.isTerminated) {
      this.#end(live, { signal: 15 });
      return;
    }
    if (random.chance(0.04)) {
      this.#end(live, { reason: random.pick(['SPAWN_FAILED', 'EXECUTABLE_NOT_FOUND']) });
      return;
    }
    live.startedAt = clock.now();
    ledger.started(agentId, live.run);
    tell(() => machine.started(live.run.key, live.startedAt));
    if (!live.run.own?.includes(ENDLESS)) {
      const ms = random.chance(0.1) ? random.between(2000, 9000) : random.between(1, 1500);
      clock.after(ms, () => this.#end(live, random.pick(ENDS)));
    }
  }

  #end(live: Live, how: { exitCode?: number; signal?: number; reason?: FailureReason }): void {
    if (live.isOver) return;
    const { machine, clock, tell } = this.#parts;
    this.#isGone(live, how.exitCode);
    this.#live.delete(live.run.key);
    const reason = how.reason ?? (how.signal ? 'SIGNAL' : how.exitCode ? 'EXIT_CODE' : 'NONE');
    const outcome: RunOutcome = {
      ...(how.exitCode !== undefined && { exitCode: how.exitCode }),
      ...(how.signal !== undefined && { signal: how.signal }),
      reason: FAILURE_REASONS.indexOf(reason),
      terminated: live.isTerminated,
      startedAt: live.startedAt || clock.now(),
      finishedAt: clock.now(),
      userTime: 0,
      systemTime: 0,
      maxRss: 1,
    };
    tell(() => machine.ended(live.run.key, outcome));
  }

  #isGone(live: Live, exitCode: number | undefined): void {
    live.isOver = true;
    if (live.startedAt > 0) this.#parts.ledger.ended(live.run, exitCode, live.isTerminated);
  }
}

const ENDS = [
  ...Array.from({ length: 8 }, () => ({ exitCode: 0 })),
  { exitCode: 1 },
  { signal: 9 },
] as const;
