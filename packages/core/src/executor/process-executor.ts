/**
 * The executor that runs units as processes: it takes each through lane, sandbox, start, tick and
 * end, and leaves how these are done to its parts.
 */
import { constants as system } from 'node:os';
import { resolve } from 'node:path';
import { messageOf } from '../model/message-of.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { createLauncher } from './create-launcher.ts';
import { describeFullDisk } from './full-disk.ts';
import { Lanes } from './lanes.ts';
import type { Launcher, ProcessEnd } from './launcher.ts';
import { LiveUnit } from './live-unit.ts';
import { Output } from './output.ts';
import { LATEST_BYTES } from './progress.ts';
import { nodeProblem, type StartProblem, startProblem } from './resolve.ts';
import { Sandboxes } from './sandbox.ts';
import { Starter } from './starter.ts';
import { Strays } from './strays.ts';
import type { Executor, ExecutorEvents, OutputStream, UnitRun } from './unit-run.ts';
import { type DeathNote, Warden } from './warden.ts';

const { SIGTERM, SIGKILL, SIGCONT } = system.signals;

const TICK_MS = 100;
/** How often close() looks whether everybody is gone, and when it gives up on the unkillable. */
const LOOK_MS = 20;
const GIVE_UP_MS = 10_000;

/** What an executor of processes is made with. */
export interface ProcessExecutorOptions {
  /** Directory for sandboxes and lanes; relative working directories begin here. */
  readonly root: string;
  /** What every process inherits: nothing else of the agent's own environment is. */
  readonly baseEnvironment: Readonly<Record<string, string>>;
  readonly events: ExecutorEvents;
  readonly clock: Clock;
  readonly log: Log;
  /** Path of the koffi module. */
  readonly koffi?: string;
  /** Where it is written that this program was killed, and no process of a unit is left. */
  readonly deathNote?: DeathNote;
  /** How long a node may refuse to start anything before its units are given up. Default: half a minute. */
  readonly patienceMs?: number;
}

/** Runs units as processes of this machine. */
export class ProcessExecutor implements Executor {
  readonly launcher: Launcher['kind'];
  readonly launcherNote?: string;
  readonly #root: string;
  readonly #events: ExecutorEvents;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #warden: Warden;
  readonly #launcher: Launcher;
  readonly #starter: Starter;
  readonly #lanes: Lanes;
  readonly #sandboxes: Sandboxes;
  readonly #strays: Strays;
  readonly #output: Output;
  readonly #units = new Map<number, LiveUnit>();
  readonly #byPid = new Map<number, LiveUnit>();
  /** Units whose descendants are due to be looked for, all together: it takes a walk over /proc. */
  #beginEnding: LiveUnit[] = [];
  #finishEnding: LiveUnit[] = [];
  #timer: Timer | undefined;
  #closing: Promise<void> | undefined;
  /** When close() loses its patience. */
  #killAllAt = Number.POSITIVE_INFINITY;

  constructor(options: ProcessExecutorOptions) {
    const { root, baseEnvironment, events, clock, log, koffi, deathNote, patienceMs } = options;
    this.#root = root;
    this.#events = events;
    this.#clock = clock;
    this.#log = log;
    this.#lanes = new Lanes(root, (fd, from, to) => this.#launcher.freeRange(fd, from, to));
    // Before the launcher, which would take it for a stray.
    this.#warden = new Warden(this.#lanes.directory, deathNote);
    const onEnd = (pid: number, end: ProcessEnd): void => this.#processEnded(pid, end);
    this.#launcher = createLauncher({ baseEnvironment, koffi, clock, log, onEnd });
    const starting = {
      begin: (unit: LiveUnit) => this.#begin(unit),
      started: (unit: LiveUnit, rank: number, pid: number) =>
        this.#instanceStarted(unit, rank, pid),
      failed: (unit: LiveUnit, problem: StartProblem) => this.#fail(unit, problem),
      dropped: (unit: LiveUnit) => this.#checkOver(unit),
    };
    const [launcher, path] = [this.#launcher, baseEnvironment['PATH']];
    this.#starter = new Starter({ launcher, path, events: starting, clock, patienceMs });
    this.launcher = this.#launcher.kind;
    if (this.#launcher.note) this.launcherNote = this.#launcher.note;
    this.#sandboxes = new Sandboxes(
      () => this.#units.size === 0,
      () => this.#lanes.dropRemoved(),
    );
    this.#strays = new Strays({
      lanes: this.#lanes.directory,
      adoptsOrphans: this.#launcher.kind === 'posix_spawn',
    });
    this.#output = new Output(events);
  }

  run(run: UnitRun): void {
    const unit = new LiveUnit(run);
    this.#output.forget(run.key);
    this.#units.set(run.key, unit);
    this.#starter.enqueue(unit, 0);
    if (this.#closing !== undefined) this.terminate(run.key);
  }

  /** Gives the unit its place, unless it has it; says why that cannot be had. */
  #begin(unit: LiveUnit): StartProblem | undefined {
    if (unit.hasPlace) return undefined;
    const { run } = unit;
    try {
      unit.cwd = this.#prepareDirectory(run);
      unit.lane ??= this.#lanes.take();
    } catch (error) {
      return nodeProblem(`there is no place to run it: ${messageOf(error)}`);
    }
    try {
      run.place?.(unit.cwd);
    } catch (error) {
      const { message, isTransient } = error as Error & { readonly isTransient?: boolean };
      const reason = isTransient ? 'STAGING_INTERRUPTED' : 'STAGING_FAILED';
      return startProblem(reason, message);
    }
    unit.hasPlace = true;
    if (run.output !== undefined) unit.files.stdout = resolve(unit.cwd, run.output);
    if (run.error !== undefined) unit.files.stderr = resolve(unit.cwd, run.error);
    return undefined;
  }

  #prepareDirectory({ workingDirectory, sandbox, cleanup }: UnitRun): string {
    if (workingDirectory !== undefined) return resolve(this.#root, workingDirectory);
    this.#sandboxes.prepare(sandbox, cleanup);
    return sandbox;
  }

  #instanceStarted(unit: LiveUnit, rank: number, pid: number): void {
    const { key, processes, wallTimeLimitMs } = unit.run;
    unit.pids.add(pid);
    this.#byPid.set(pid, unit);
    const isLate = this.#clock.monotonic() >= unit.killAt;
    if (unit.isEnding) this.#launcher.signalGroup(pid, isLate ? SIGKILL : SIGTERM);
    if (rank > 0) return;
    const now = this.#clock.now();
    unit.startedAt = now;
    if (wallTimeLimitMs !== undefined) unit.deadline = this.#clock.monotonic() + wallTimeLimitMs;
    this.#events.started(key, now);
    this.#keepTicking();
    // Only now is it known that the others will find what the first one found.
    for (let next = 1; next < processes; next++) this.#starter.enqueue(unit, next);
  }

  /** An instance cannot be started; those that were are ended. */
  #fail(unit: LiveUnit, problem: StartProblem): void {
    unit.fail(problem);
    if (unit.isOver) this.#complete(unit);
    else this.#endProcesses(unit, unit.run.graceMs);
  }

  terminate(key: number, graceMs = Number.POSITIVE_INFINITY): void {
    const unit = this.#units.get(key);
    if (!unit) return;
    unit.wasTerminated = true;
    this.#endProcesses(unit, Math.min(graceMs, unit.run.graceMs));
  }

  /** SIGTERM now; the tick sends SIGKILL when the grace is over. */
  #endProcesses(unit: LiveUnit, graceMs: number): void {
    unit.killAt = Math.min(unit.killAt, this.#clock.monotonic() + graceMs);
    if (graceMs <= 0) this.#signal(unit, SIGKILL);
    if (unit.isEnding) return;
    unit.isEnding = true;
    this.#signal(unit, SIGTERM);
    // A stopped process takes note of SIGTERM only when it goes on.
    this.#signal(unit, SIGCONT);
    this.#keepTicking();
    queueMicrotask(() => this.#starter.dropEnding());
    if (this.#beginEnding.push(unit) > 1) return;
    queueMicrotask(() => this.#strays.terminate(this.#beginEnding.splice(0)));
  }

  #signal(unit: LiveUnit, signal: number): void {
    for (const pid of unit.pids) this.#launcher.signalGroup(pid, signal);
  }

  #processEnded(pid: number, end: ProcessEnd): void {
    const unit = this.#byPid.get(pid);
    if (!unit) return;
    this.#byPid.delete(pid);
    unit.addEnd(pid, end);
    this.#checkOver(unit);
  }

  #checkOver(unit: LiveUnit): void {
    if (!unit.isOver) return;
    if (!unit.isEnding || !unit.lane) this.#complete(unit);
    else if (this.#finishEnding.push(unit) === 1) queueMicrotask(() => this.#completeEnded());
  }

  /** A unit that was ended is over when its strays are, too. */
  #completeEnded(): void {
    const units = this.#finishEnding.splice(0);
    this.#strays.kill(units);
    for (const unit of units) this.#complete(unit);
  }

  #complete(unit: LiveUnit): void {
    const { key } = unit.run;
    let tail = '';
    // Before its place is cleared up, which makes room.
    if (unit.hasFailed && unit.startedAt !== undefined) this.#lookForRoom(unit);
    try {
      tail = this.#clearUp(unit);
    } catch (error) {
      // Whatever became of its output, that it has ended must be said.
      unit.wrote = ['stdout', 'stderr'];
      this.#log.warn({ key, error }, 'the output of a unit could not be read');
    }
    this.#units.delete(key);
    this.#events.ended(key, unit.outcome(this.#clock.now(), tail));
  }

  #lookForRoom(unit: LiveUnit): void {
    const { stdout = this.#lanes.directory, stderr = this.#lanes.directory } = unit.files;
    unit.remark(describeFullDisk([unit.cwd, stdout, stderr]));
  }

  /** Reads what is left, gives the unit's place to the next one; returns the tail of its stderr. */
  #clearUp(unit: LiveUnit): string {
    const { lane, run, startedAt } = unit;
    if (!lane) return '';
    this.#readProgress(unit, true);
    unit.wrote = this.#output.end(unit);
    const shared = startedAt !== undefined && this.#launcher.mayHaveStrays();
    if (run.workingDirectory === undefined && !run.isKept)
      this.#sandboxes.release(run.sandbox, run.cleanup, shared);
    this.#lanes.release(lane, shared);
    unit.lane = undefined;
    return unit.hasFailed ? this.#output.tailOf(unit) : '';
  }

  release({ workingDirectory, sandbox, cleanup }: UnitRun): void {
    // It may have left a process behind that still has its directory there.
    if (workingDirectory === undefined) this.#sandboxes.release(sandbox, cleanup, true);
  }

  #readProgress(unit: LiveUnit, final: boolean): void {
    const chunks: Buffer[] = [];
    const file = unit.lane?.progress;
    const how = final ? 'drainLatest' : 'pumpLatest';
    const hasGap = file?.[how]((chunk) => chunks.push(chunk), LATEST_BYTES);
    if (!final) file?.trim(true);
    const lines = unit.progress.read(chunks, final, hasGap);
    if (lines.length === 0) return;
    const now = this.#clock.now();
    for (const { fraction, message } of lines)
      this.#events.progress(unit.run.key, fraction, message, now);
  }

  watch(key: number, stream: OutputStream, on: boolean): void {
    const unit = this.#units.get(key);
    if (unit) this.#output.watchLive(unit, stream, on);
    else
      queueMicrotask(() => {
        this.#output.watchEnded(key, stream, on);
        this.#keepTicking();
      });
  }

  /** The timer also keeps the program alive while a unit lives: SIGCHLD alone does not. */
  #keepTicking(): void {
    if (this.#units.size === 0 && !this.#output.isReading) this.#sandboxes.tidy();
    else this.#timer ??= this.#clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (const unit of this.#units.values()) {
      if (unit.startedAt !== undefined) this.#look(unit, now);
    }
    this.#launcher.sample(this.#byPid.keys());
    this.#output.pumpEnded();
    this.#keepTicking();
  }

  #look(unit: LiveUnit, now: number): void {
    try {
      if (unit.isLasting) this.#readProgress(unit, false);
      if (unit.isLasting || unit.watched.stdout || unit.watched.stderr) this.#output.pump(unit);
    } catch (error) {
      this.#log.warn({ key: unit.run.key, error }, 'the output of a unit cannot be read');
    }
    unit.isLasting = true;
    if (now >= unit.deadline && !unit.isEnding) {
      unit.reachTimeLimit();
      this.#endProcesses(unit, unit.run.graceMs);
    }
    if (now >= unit.killAt) this.#signal(unit, SIGKILL);
  }

  /** Called again, it can only shorten the grace. */
  close(graceMs: number): Promise<void> {
    this.#killAllAt = Math.min(this.#killAllAt, this.#clock.monotonic() + graceMs);
    for (const key of [...this.#units.keys()]) this.terminate(key, graceMs);
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#endEverybody();
    this.#timer?.cancel();
    this.#warden.dismiss();
    this.#output.close();
    this.#lanes.close();
    await this.#sandboxes.close();
    this.#launcher.close();
    this.#starter.close();
  }

  async #endEverybody(): Promise<void> {
    let left = this.#strays.signalAll(SIGTERM);
    while (this.#units.size > 0 || left.length > 0) {
      const late = this.#clock.monotonic() - this.#killAllAt;
      if (late > GIVE_UP_MS) {
        const pids = left.map(({ pid }) => pid);
        this.#log.error({ pids }, 'processes cannot be killed and are left behind');
        return;
      }
      await new Promise<void>((done) => this.#clock.after(LOOK_MS, done));
      left = late >= 0 ? this.#strays.signalAll(SIGKILL) : this.#strays.all();
    }
  }
}
