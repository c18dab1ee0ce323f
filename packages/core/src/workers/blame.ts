/** Which calls may be to blame for the end of their worker, and in what words. */
import { constants } from 'node:os';
import type { UnitOutcome } from '../executor/unit-run.ts';
import type { CallProblem } from '../model/call-problem.ts';
import { FAILURE_REASONS, type FailureReason } from '../model/exit.ts';
import { formatDuration, formatSize } from '../model/quantity.ts';
import type { CallRun } from './call-run.ts';
import type { Given } from './piece-queue.ts';
import type { Excess } from './watchdog.ts';
import type { NoProcess, WorkerEnd } from './worker.ts';
import type { ToldProblem } from './worker-messages.ts';

/** Calls from one on, and what each is told. */
export interface Culprits {
  readonly from: number;
  readonly problems: readonly CallProblem[];
}

/** What is known of the end of a worker. */
interface WorkerEvidence {
  readonly end: WorkerEnd;
  /** Why we have ended it, if we have. */
  readonly excess: Excess | undefined;
  readonly run: CallRun;
  /** The last that was written to standard error. */
  readonly tail: string;
}

/** The same of one that had something to do. */
export interface Evidence extends WorkerEvidence {
  readonly piece: Given;
}

/** Who may be to blame; each is a suspect where there are several. Undefined: none of these calls was under way. */
export function blame({ piece, end, excess, run, tail }: Evidence): Culprits | undefined {
  const { mark, lastWords } = end;
  const words = tail && { stderrTail: tail };
  if (lastWords) {
    const { problem } = lastWords;
    if (!problem || lastWords.piece !== piece.piece) return undefined;
    return { from: problem.call, problems: [{ ...toProblem(problem), ...words }] };
  }
  if (mark?.piece !== piece.piece) return undefined;
  const from = Math.max(mark.call, piece.done);
  const count = Math.min(piece.to, mark.call + mark.span) - from;
  if (count <= 0) return undefined;
  const problem = { ...describe(end, excess, run), ...words };
  const isSuspect = count > 1 && { isSuspect: true };
  const calls = Array.from({ length: count }, (_, row) => from + row);
  return { from, problems: calls.map((call) => ({ call, ...problem, ...isSuspect })) };
}

/** What is wrong with all calls of a run whose workers end before they can call anything. */
export function unfitness({ end, excess, run, tail }: WorkerEvidence): ToldProblem {
  const isLate = excess === 'init-time-limit';
  const limit = formatDuration((run.initTimeLimitMs ?? 0) / 1000);
  const message = isLate
    ? `init, or the loading of its module, ran into its initTimeLimit of ${limit}`
    : `its worker ${end.how} before it could call anything`;
  const kind = end.isOutOfMemory && !isLate ? 'out-of-memory' : 'init';
  return { call: 0, kind, name: 'Error', message, ...(tail && { stderrTail: tail }) };
}

/** As it was told by a worker. */
export function toProblem({ thrown, ...told }: ToldProblem): CallProblem {
  return thrown === undefined ? told : { ...told, thrown: Buffer.from(thrown, 'base64') };
}

/** The same of calls from one to before another. */
export function refusals(problem: ToldProblem, from: number, to: number): CallProblem[] {
  return Array.from({ length: to - from }, (_, row) => toProblem({ ...problem, call: from + row }));
}

function describe(
  { how, isOutOfMemory }: WorkerEnd,
  excess: Excess | undefined,
  { timeLimitMs = 0, memoryLimit = 0 }: CallRun,
): Omit<CallProblem, 'call'> {
  const name = 'Error';
  if (excess === 'time-limit') {
    const limit = formatDuration(timeLimitMs / 1000);
    return { kind: 'time-limit', name, message: `ran into its timeLimit of ${limit}` };
  }
  if (excess === 'out-of-memory') {
    const message = `took more than its memoryLimit of ${formatSize(memoryLimit)}`;
    return { kind: 'out-of-memory', name, message };
  }
  const kind = isOutOfMemory ? 'out-of-memory' : 'crashed';
  return { kind, name, message: `its worker ${how}` };
}

/** Why a run has no worker: the node has no room on its disk, for instance, or no file descriptors. */
export function notStarted(error: unknown): NoProcess {
  const reason = FAILURE_REASONS.indexOf('SPAWN_FAILED');
  return { problem: (error as Error).message, reason };
}

/** How a run has ended, as far as no call's result says it. */
export function runOutcome(now: number, isTerminated: boolean, problem?: NoProcess): UnitOutcome {
  const usual: FailureReason = isTerminated ? 'SIGNAL' : 'NONE';
  return {
    ...(isTerminated && { signal: constants.signals.SIGTERM }),
    ...(!isTerminated && !problem && { exitCode: 0 }),
    reason: FAILURE_REASONS.indexOf(usual),
    ...problem,
    terminated: isTerminated,
    ...{ startedAt: now, finishedAt: now, userTime: 0, systemTime: 0, maxRss: 0 },
  };
}
