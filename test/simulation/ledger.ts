/**
 * What the processes themselves would say: which ran when and where. Checks what may never happen on
 * any node, whatever manager and agents believe.
 */
import type { Run, StagedUnit } from '../../packages/core/src/agent/service-work.ts';
import type { NodeInfo } from '../../packages/core/src/model/resources.ts';
import type { NodeDisks } from './node-disks.ts';
import type { Problems } from './problems.ts';
import type { Asked, Requests } from './requests.ts';
import type { Witness } from './witness.ts';

interface Process {
  readonly run: Run;
  readonly agentId: string;
}

interface Usage {
  readonly node: NodeInfo;
  cores: number;
  memory: number;
  gpus: number;
}

/** What users write for files that are brought, and for such as are fetched. */
export const INPUT = '/home/data > in';
export const OUTPUT = '/home/result < out';

export class Ledger {
  readonly #problems: Problems;
  readonly #requests: Requests;
  readonly #witness: Witness;
  readonly #disks: NodeDisks;
  /** By unit; more than one only where the node of the earlier one stands still. */
  readonly #running = new Map<number, Process[]>();
  /** Agents whose nodes stand still. */
  readonly #stopped = new Set<string>();
  readonly #attempts = new Set<string>();
  readonly #starts = new Map<number, number>();
  /** Where each unit's process has ended by itself with exit code 0. */
  readonly #successes = new Map<number, string>();
  /** Agents that are over, with what they knew. */
  readonly #over = new Set<string>();
  readonly #succeeded = new Set<number>();
  readonly #usage = new Map<string, Usage>();
  /** Agents whose nodes see the user's files. */
  readonly #sharing = new Set<string>();
  /** By unit: the newest attempt that has started. */
  readonly #newest = new Map<number, number>();
  /** Attempts that have all of their inputs. */
  readonly #brought = new Set<string>();
  /** By unit: the newest attempt, if it leaves files that are to come home. */
  readonly #leaving = new Map<number, number>();
  readonly #home = new Set<string>();

  constructor(problems: Problems, requests: Requests, witness: Witness, disks: NodeDisks) {
    this.#problems = problems;
    this.#requests = requests;
    this.#witness = witness;
    this.#disks = disks;
  }

  /** How many processes run now. */
  get running(): number {
    return this.#running.size;
  }

  /** Nothing of an agent's node runs; for so long that others may have its units afterwards, or not. */
  stopped(agentId: string, isGivenUp: boolean): void {
    this.#stopped.add(agentId);
    if (isGivenUp) this.#over.add(agentId);
  }

  goesOn(agentId: string): void {
    this.#stopped.delete(agentId);
  }

  /** An agent has gone on for a while: what it was given up for it must have ended. */
  checkAlone(agentId: string): void {
    if (this.#stopped.has(agentId)) return;
    for (const [unit, processes] of this.#running) {
      if (processes.length < 2 || !processes.some((each) => each.agentId === agentId)) continue;
      this.#problems.add('two attempts at once', `unit ${unit}, since ${agentId} goes on`);
    }
  }

  /** How many were ever started. */
  get startedCount(): number {
    return this.#attempts.size;
  }

  newNode(agentId: string, node: NodeInfo, sharesFiles: boolean): void {
    if (sharesFiles) this.#sharing.add(agentId);
    this.#usage.set(agentId, { node, cores: 0, memory: 0, gpus: 0 });
  }

  started(agentId: string, run: Run): void {
    const { unit, attempt } = run;
    const name = `unit ${unit} attempt ${attempt} at ${agentId}`;
    const others = this.#running.get(unit) ?? [];
    for (const { run: other, agentId: where } of others) {
      if (this.#stopped.has(where)) continue;
      this.#problems.add('two attempts at once', `${name}, and ${other.attempt} at ${where}`);
    }
    if (this.#attempts.has(`${unit}#${attempt}`)) this.#problems.add('an attempt runs twice', name);
    this.#attempts.add(`${unit}#${attempt}`);
    this.#running.set(unit, [...others, { run, agentId }]);
    this.#use(agentId, run, 1);
    this.#checkAsked(agentId, run, name);
    this.#checkFiles(agentId, run, name);
    this.#starts.set(unit, (this.#starts.get(unit) ?? 0) + 1);
  }

  nodeOver(agentId: string): void {
    this.#over.add(agentId);
  }

  /** A process is gone; without an exit code it was killed. */
  ended(run: Run, exitCode: number | undefined, wasTerminated: boolean): void {
    const processes = this.#running.get(run.unit) ?? [];
    const process = processes.find((each) => each.run === run);
    if (process === undefined) return;
    if (processes.length === 1) this.#running.delete(run.unit);
    else
      this.#running.set(
        run.unit,
        processes.filter((each) => each !== process),
      );
    this.#use(process.agentId, run, -1);
    if (exitCode !== 0) return;
    this.#succeeded.add(run.unit);
    // What leaves files has not succeeded before they are home.
    if (!wasTerminated && !this.#leaving.has(run.unit)) {
      this.#successes.set(run.unit, process.agentId);
    }
  }

  /** All inputs of an attempt are on its node. */
  brought({ unit, attempt }: StagedUnit): void {
    this.#brought.add(`${unit}#${attempt}`);
  }

  /** The outputs of an attempt were accepted by a manager. */
  isHome(agentId: string, { unit, attempt }: StagedUnit): void {
    const name = `unit ${unit} attempt ${attempt} at ${agentId}`;
    if (this.#witness.isFinal(unit)) this.#problems.add('a final unit writes', name);
    if ((this.#newest.get(unit) ?? 0) > attempt) this.#problems.add('an old attempt writes', name);
    this.#home.add(`${unit}#${attempt}`);
  }

  /** An agent has heard that they were. */
  hasCollected(agentId: string, { unit, end }: StagedUnit): void {
    if (end?.outcome.exitCode === 0) this.#successes.set(unit, agentId);
  }

  /** Everybody may see that a unit is done. */
  checkDone(unit: number): void {
    const attempt = this.#leaving.get(unit);
    if (attempt === undefined || this.#home.has(`${unit}#${attempt}`)) return;
    this.#problems.add('done without its outputs', `unit ${unit} attempt ${attempt}`);
  }

  /** Whether some process of a unit has ended with exit code 0. */
  hasSucceeded(unit: number): boolean {
    return this.#succeeded.has(unit);
  }

  /** What the user wants of a unit allows it to start now. */
  #checkAsked(agentId: string, run: Run, name: string): void {
    const { unit, attempt } = run;
    if (this.#witness.isFinal(unit)) this.#problems.add('a final unit starts', name);
    const asked = this.#requests.ofRun(run);
    if (asked === undefined) {
      this.#problems.add('something else runs', name);
      return;
    }
    if (asked.isRefused) this.#problems.add('what was refused runs', name);
    if (attempt > (asked.lastAttempt ?? Number.POSITIVE_INFINITY)) {
      this.#problems.add('a canceled unit starts', name);
    }
    for (const { unit: target, on } of this.#requests.dependenciesOf(asked, unit)) {
      const seen = on === 'done' ? this.#witness.isDone(target) : this.#witness.isFinal(target);
      // Its agent knows before everybody else does.
      const allows = seen || this.#successes.get(target) === agentId;
      if (!allows) this.#problems.add('a dependency is passed over', `${name} waits for ${target}`);
    }
    this.#checkRepeat(asked, run, name);
  }

  /** What is to be there before it starts, and what it will leave, by the user's own record. */
  #checkFiles(agentId: string, run: Run, name: string): void {
    const { unit, attempt } = run;
    const { fileTransfer = [], input, output } = this.#requests.ofRun(run)?.description ?? {};
    const isFar = !this.#sharing.has(agentId);
    const needs = fileTransfer.includes(INPUT) || (isFar && input !== undefined);
    if (needs && !this.#brought.has(`${unit}#${attempt}`)) {
      this.#problems.add('a unit starts without its inputs', name);
    }
    const leaves = fileTransfer.includes(OUTPUT) || (isFar && output !== undefined);
    if (leaves) this.#leaving.set(unit, attempt);
    else this.#leaving.delete(unit);
    this.#newest.set(unit, Math.max(attempt, this.#newest.get(unit) ?? 0));
  }

  #checkRepeat({ description }: Asked, run: Run, name: string): void {
    const { unit } = run;
    const success = this.#successes.get(unit);
    if (success !== undefined && !this.#over.has(success)) {
      this.#problems.add('what has succeeded runs again', `${name}, and ended well at ${success}`);
    }
    if (success !== undefined && this.#disks.holdsSuccess(success, run.service.id, unit)) {
      this.#problems.add('what was kept runs again', `${name}, and ended well at ${success}`);
    }
    if (description.restartOnPilotLoss !== false || description.retries !== undefined) return;
    if ((this.#starts.get(unit) ?? 0) > 0) this.#problems.add('what may not run again does', name);
  }

  #use(agentId: string, { template }: Run, sign: 1 | -1): void {
    const usage = this.#usage.get(agentId) as Usage;
    const { cores, memory, gpus } = template.request;
    usage.cores += sign * cores;
    usage.memory += sign * memory;
    usage.gpus += sign * gpus;
    const { node } = usage;
    if (usage.cores > node.cores || usage.memory > node.memory || usage.gpus > node.gpus) {
      this.#problems.add('oversubscribed', `${agentId}: ${usage.cores} of ${node.cores} cores`);
    }
  }
}
