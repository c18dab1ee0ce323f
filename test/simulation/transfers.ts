/**
 * The files of one agent's units, simulated: they take time, fail, stand still while no manager can be
 * reached, and are begun again then. Whether one may be written at home the real manager says.
 */
import type { AgentMachine } from '../../packages/core/src/agent/agent-machine.ts';
import type { StagedUnit } from '../../packages/core/src/agent/service-work.ts';
import { AttemptFiles, filesOfAttempt } from '../../packages/core/src/manager/attempt-files.ts';
import type { ProcessClock } from './clock.ts';
import type { Ledger } from './ledger.ts';
import type { ManagerLife } from './manager.ts';
import type { Random } from './random.ts';

export interface TransfersParts {
  readonly agentId: string;
  readonly machine: AgentMachine;
  readonly clock: ProcessClock;
  readonly random: Random;
  readonly ledger: Ledger;
  /** The manager at the other end of the agent's link, if something comes through. */
  manager(): ManagerLife | undefined;
  /** Tells the agent, which acts on what its machine was told. */
  tell(call: () => void): void;
}

/** After which it is tried again whether somebody is there. */
const PAUSE_MS = 300;

export class Transfers {
  readonly #parts: TransfersParts;
  /** By key; what is not there any more is not wanted any more. */
  readonly #open = new Map<number, StagedUnit>();

  constructor(parts: TransfersParts) {
    this.#parts = parts;
  }

  stage(staged: StagedUnit): void {
    this.#open.set(staged.key, staged);
    this.#later(staged, () => this.#bring(staged));
  }

  collect(key: number): void {
    const staged = this.#parts.machine.stagedOf(key);
    if (staged === undefined) throw new Error(`nothing is known of ${key}`);
    this.#open.set(key, staged);
    this.#later(staged, () => this.#fetch(staged));
  }

  /** Nothing more is wanted of it. */
  drop(key: number): void {
    this.#open.delete(key);
  }

  #bring(staged: StagedUnit): void {
    const { ledger, machine, clock, random, tell } = this.#parts;
    const isMine = this.#areFiles(staged, staged.inputs);
    this.#open.delete(staged.key);
    if (!isMine || random.chance(0.05)) {
      const problem = {
        problem: 'no such file',
        transient: random.chance(0.5),
        isOfMachine: isMine && random.chance(0.5),
      };
      tell(() => machine.stagingFailed(staged.key, problem, clock.now()));
      return;
    }
    ledger.brought(staged);
    tell(() => machine.staged(staged.key));
  }

  #fetch(staged: StagedUnit): void {
    const { agentId, ledger, machine, random, tell } = this.#parts;
    const isMine = this.#areFiles(staged, staged.outputs);
    const fails = random.chance(0.05);
    if (isMine && !fails) ledger.isHome(agentId, staged);
    // That it is there is heard a little later, or not at all: then it is fetched once more.
    if (isMine && random.chance(0.1)) {
      this.#later(staged, () => this.#fetch(staged));
      return;
    }
    this.#later(staged, () => {
      this.#open.delete(staged.key);
      tell(() => {
        if (machine.stagedOf(staged.key)?.phase !== 'leaving') return;
        if (isMine && !fails) {
          ledger.hasCollected(agentId, staged);
          machine.collected(staged.key);
        } else {
          const problem = { problem: 'no such file', transient: random.chance(0.5) };
          machine.collectingFailed(staged.key, problem);
        }
      });
    });
  }

  /** Whether the manager lets the agent have all of these. */
  #areFiles({ unit, attempt }: StagedUnit, files: StagedUnit['inputs']): boolean {
    const { agentId, manager } = this.#parts;
    const { state } = (manager() as ManagerLife).core.manager;
    const found = filesOfAttempt(state, agentId, unit, attempt);
    return found instanceof AttemptFiles && files.every(({ item }) => 'path' in found.at(item));
  }

  /** When it has travelled, which it does only while there is somebody to travel to. */
  #later(staged: StagedUnit, then: () => void): void {
    const { clock, random } = this.#parts;
    const ms = random.chance(0.1) ? random.between(1000, 6000) : random.between(1, 300);
    clock.after(ms, () => this.#when(staged, then));
  }

  #when(staged: StagedUnit, then: () => void): void {
    const { clock, machine, manager } = this.#parts;
    if (this.#open.get(staged.key) !== staged) return;
    if (!machine.isInDoubt && manager()?.isRunning === true) then();
    else clock.after(PAUSE_MS, () => this.#when(staged, then));
  }
}
