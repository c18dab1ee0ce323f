/** A run from run() to its end: its processes, what they used, why it failed. Does nothing itself. */
import { FAILURE_REASONS, type FailureReason } from '../model/exit.ts';
import { formatDuration } from '../model/quantity.ts';
import type { Follower } from './followers.ts';
import type { Lane } from './lanes.ts';
import type { ProcessEnd } from './launcher.ts';
import { ProgressReader } from './progress.ts';
import type { StartProblem } from './resolve.ts';
import type { ProcessEntry } from './tree.ts';
import type { OutputStream, UnitOutcome, UnitRun } from './unit-run.ts';

const reasonIndex = (reason: FailureReason): number => FAILURE_REASONS.indexOf(reason);
const NONE = reasonIndex('NONE');
const EXIT_CODE = reasonIndex('EXIT_CODE');
const SIGNAL = reasonIndex('SIGNAL');
const TIME_LIMIT = reasonIndex('TIME_LIMIT');

/** One live run. */
export class LiveUnit {
  readonly run: UnitRun;
  /** Set while it holds one; `cwd` with it. */
  lane: Lane | undefined;
  cwd = '';
  /** Whether its directory is there, with what was brought for it. */
  hasPlace = false;
  /** Absolute paths of the files that its description names. */
  readonly files: { stdout?: string; stderr?: string } = {};
  /** Instances that are running, and how many are to come. */
  readonly pids = new Set<number>();
  coming = 0;
  startedAt: number | undefined;
  /** By the monotonic clock. */
  deadline = Number.POSITIVE_INFINITY;
  killAt = Number.POSITIVE_INFINITY;
  /** It is being ended by us: by terminate(), by its time limit, or because an instance did not start. */
  isEnding = false;
  wasTerminated = false;
  /** Whether it has lived through a tick: then it is worth looking at. */
  isLasting = false;
  readonly watched = { stdout: false, stderr: false };
  /** Once it is over: the streams in which there is anything. */
  wrote: readonly OutputStream[] = [];
  readonly followers: Partial<Record<OutputStream, Follower>> = {};
  readonly progress = new ProgressReader();
  /** Descendants outside its process groups, as seen when its ending began. */
  strays: readonly ProcessEntry[] = [];
  #problem: StartProblem | undefined;
  #remark: string | undefined;
  #exitCode: number | undefined = 0;
  #signal: number | undefined;
  #userTime = 0;
  #systemTime = 0;
  #maxRss = 0;

  constructor(run: UnitRun) {
    this.run = run;
  }

  /** Whether none of its processes is left or to come. */
  get isOver(): boolean {
    return this.pids.size === 0 && this.coming === 0;
  }

  /** Whether it failed, as far as is known. */
  get hasFailed(): boolean {
    return this.#problem !== undefined || this.#exitCode !== 0;
  }

  /** The first thing that went wrong is what counts. */
  fail(problem: StartProblem): void {
    this.#problem ??= problem;
  }

  /** What may be behind its failure, where nothing more certain is known. */
  remark(what: string | undefined): void {
    this.#remark = what;
  }

  /** Its wall time is over. */
  reachTimeLimit(): void {
    const limit = formatDuration((this.run.wallTimeLimitMs ?? 0) / 1000);
    this.fail({ reason: TIME_LIMIT, problem: `ran into its wallTimeLimit of ${limit}` });
  }

  /** One of its processes has ended: usage adds up, the first failure is the unit's. */
  addEnd(pid: number, end: ProcessEnd): void {
    this.pids.delete(pid);
    if (this.#exitCode === 0) {
      this.#exitCode = end.exitCode;
      this.#signal = end.signal;
    }
    this.#userTime += end.userTime;
    this.#systemTime += end.systemTime;
    this.#maxRss = Math.max(this.#maxRss, end.maxRss);
  }

  /** What is reported of it. */
  outcome(finishedAt: number, stderrTail: string): UnitOutcome {
    const exitCode = this.startedAt === undefined ? undefined : this.#exitCode;
    const signal = this.#signal;
    const own = signal !== undefined ? SIGNAL : this.#exitCode === 0 ? NONE : EXIT_CODE;
    const outcome: { -readonly [name in keyof UnitOutcome]: UnitOutcome[name] } = {
      reason: this.#problem?.reason ?? own,
      terminated: this.wasTerminated,
      startedAt: this.startedAt ?? finishedAt,
      finishedAt,
      userTime: this.#userTime,
      systemTime: this.#systemTime,
      maxRss: this.#maxRss,
    };
    if (exitCode !== undefined) outcome.exitCode = exitCode;
    if (signal !== undefined) outcome.signal = signal;
    const problem = this.#problem?.problem ?? this.#remark;
    if (problem !== undefined) outcome.problem = problem;
    if (this.#problem?.isOfNode && this.startedAt === undefined) outcome.isOfNode = true;
    if (stderrTail) outcome.stderrTail = stderrTail;
    if (this.wrote.length > 0) outcome.wrote = this.wrote;
    return outcome;
  }
}
