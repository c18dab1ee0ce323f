/**
 * Brings the instances of units to their start, a few at a time and in order, by whatever detour
 * that takes. What a start means for the unit is the executor's business.
 */
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { FAILURE_REASONS } from '../model/exit.ts';
import type { Clock } from '../runtime/clock.ts';
import { diagnose, refusedFile } from './diagnose.ts';
import type { Launch, Launcher } from './launcher.ts';
import type { LiveUnit } from './live-unit.ts';
import { NodeTrouble } from './node-trouble.ts';
import {
  DEFAULT_PATH,
  ExecutableFinder,
  executableNotFound,
  nodeProblem,
  type StartProblem,
  startProblem,
} from './resolve.ts';
import { launchOf } from './unit-launch.ts';

const { ENOENT, ENOEXEC } = constants.errno;
const SHELL = '/bin/sh';
/** More at once gain nothing: measured on two cores, and libuv's threads are few. */
const MOST_STARTING = 8;

const NO_DIRECTORY = FAILURE_REASONS.indexOf('WORKING_DIRECTORY_NOT_FOUND');

/** What the executor does about it. */
export interface StartEvents {
  /** Gives a unit its place before its first instance, where it has none; says why it cannot be had. */
  begin(unit: LiveUnit): StartProblem | undefined;
  started(unit: LiveUnit, rank: number, pid: number): void;
  failed(unit: LiveUnit, problem: StartProblem): void;
  /** The unit is being ended: this instance of it will not come. */
  dropped(unit: LiveUnit): void;
}

/** The queue before the launcher. */
export class Starter {
  readonly #launcher: Launcher;
  readonly #path: string;
  readonly #events: StartEvents;
  readonly #finder = new ExecutableFinder();
  readonly #devNull = openSync('/dev/null', 'r');
  readonly #queue: { readonly unit: LiveUnit; readonly rank: number }[] = [];
  readonly #trouble: NodeTrouble;
  #starting = 0;

  constructor(options: {
    readonly launcher: Launcher;
    readonly path?: string | undefined;
    readonly events: StartEvents;
    readonly clock: Clock;
    readonly patienceMs?: number | undefined;
  }) {
    const { launcher, path = DEFAULT_PATH, events, clock, patienceMs } = options;
    this.#launcher = launcher;
    this.#path = path;
    this.#events = events;
    this.#trouble = new NodeTrouble(clock, () => this.#startNext(), patienceMs);
  }

  /** Not started at once: nothing is to be reported from within the caller's call. */
  enqueue(unit: LiveUnit, rank: number): void {
    unit.coming += 1;
    if (this.#queue.push({ unit, rank }) === 1) queueMicrotask(() => this.#startNext());
  }

  #startNext(): void {
    while (this.#starting < MOST_STARTING && !this.#trouble.isResting) {
      const next = this.#queue.shift();
      if (!next) return;
      const { unit, rank } = next;
      unit.coming -= 1;
      if (unit.isEnding) this.#events.dropped(unit);
      else this.#start(unit, rank);
    }
  }

  /** What is being ended must not wait for a node that starts nothing. */
  dropEnding(): void {
    if (!this.#trouble.isResting) return;
    for (const next of this.#queue.splice(0)) {
      if (next.unit.isEnding) {
        next.unit.coming -= 1;
        this.#events.dropped(next.unit);
      } else this.#queue.push(next);
    }
  }

  #start(unit: LiveUnit, rank: number): void {
    const placeless = rank === 0 ? this.#events.begin(unit) : undefined;
    if (placeless !== undefined) {
      this.#failed(unit, rank, placeless);
      return;
    }
    const file = this.#find(unit);
    if (file === undefined) {
      this.#events.failed(unit, executableNotFound(unit.run.executable, this.#pathOf(unit)));
      return;
    }
    const launch = launchOf(unit, rank, file, this.#devNull);
    const problem = refusedFile(launch);
    if (problem === undefined) this.#launch(unit, rank, launch);
    else this.#events.failed(unit, problem);
  }

  #pathOf({ run }: LiveUnit): string {
    return run.environment['PATH'] ?? this.#path;
  }

  #find(unit: LiveUnit): string | undefined {
    return this.#finder.find(unit.run.executable, this.#pathOf(unit), unit.cwd);
  }

  #launch(unit: LiveUnit, rank: number, launch: Launch): void {
    this.#starting += 1;
    unit.coming += 1;
    const started = (errno: number, pid: number): void => {
      this.#starting -= 1;
      unit.coming -= 1;
      if (errno === 0) {
        this.#trouble.over();
        this.#events.started(unit, rank, pid);
      } else this.#tryAgain(unit, rank, launch, errno);
      this.#startNext();
    };
    this.#launcher.start(launch, started, this.#queue.length === 0);
  }

  #tryAgain(unit: LiveUnit, rank: number, launch: Launch, errno: number): void {
    const { executable } = unit.run;
    const other = this.#detour(unit, launch, errno);
    if (other) this.#launch(unit, rank, other);
    else this.#failed(unit, rank, ofSandbox(unit, diagnose(errno, launch, executable)));
  }

  /** What is the node's fault is tried again: after a rest, and before all else. */
  #failed(unit: LiveUnit, rank: number, problem: StartProblem): void {
    const mayWait = problem.isOfNode && rank === 0 && !unit.isEnding;
    if (!mayWait || !this.#trouble.met()) {
      this.#events.failed(unit, problem);
      return;
    }
    unit.coming += 1;
    this.#queue.unshift({ unit, rank });
  }

  /** What else to start; undefined if there is nothing. */
  #detour(unit: LiveUnit, launch: Launch, errno: number): Launch | undefined {
    if (errno === ENOEXEC && launch.file !== SHELL) {
      // A script without a first line that names its interpreter is the shell's, as for execvp.
      const argv = [SHELL, launch.file, ...launch.argv.slice(1)];
      return { ...launch, file: SHELL, argv };
    }
    if (errno !== ENOENT || unit.run.executable.includes('/')) return undefined;
    // It may have moved since it was found.
    this.#finder.forget();
    const file = this.#find(unit);
    return file === undefined || file === launch.file ? undefined : { ...launch, file };
  }

  close(): void {
    this.#trouble.close();
    closeSync(this.#devNull);
  }
}

/** A sandbox was removed before its unit was in it: that is no fault of the unit's, which gets another. */
function ofSandbox(unit: LiveUnit, problem: StartProblem): StartProblem {
  const { workingDirectory, place } = unit.run;
  if (problem.reason !== NO_DIRECTORY || workingDirectory !== undefined) return problem;
  // What was brought for it is gone with it.
  if (place) return startProblem('STAGING_INTERRUPTED', problem.problem);
  unit.hasPlace = false;
  return nodeProblem(problem.problem);
}
