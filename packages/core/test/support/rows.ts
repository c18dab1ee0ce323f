/** Reports row by row, as people think of them; the protocol has columns. */
import { FAILURE_REASONS, type FailureReason } from '../../src/model/exit.ts';
import type {
  EndedColumns,
  HeldUnits,
  ReturnedColumns,
  StartedColumns,
} from '../../src/protocol/messages.ts';

/** One attempt of one unit. */
export interface Row {
  readonly unit: number;
  readonly attempt: number;
}

export interface EndedRow extends Row {
  readonly exitCode?: number;
  readonly signal?: number;
  /** By default what the exit code and the signal say. */
  readonly reason?: FailureReason;
  readonly terminated?: boolean;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly problem?: string;
  readonly stderrTail?: string;
}

const columns = (rows: readonly Row[]) => ({
  units: Uint32Array.from(rows, ({ unit }) => unit),
  attempts: Uint16Array.from(rows, ({ attempt }) => attempt),
});

export function startedRows(rows: readonly Row[], at = 0): StartedColumns {
  return { ...columns(rows), at: new Float64Array(rows.length).fill(at) };
}

export function endedRows(rows: readonly EndedRow[], at = 0): EndedColumns {
  const details = rows.flatMap(({ problem = '', stderrTail = '' }, row) =>
    problem || stderrTail ? [[row, problem, stderrTail] as const] : [],
  );
  return {
    ...columns(rows),
    exitCodes: Int16Array.from(rows, (row) => exitCodeOf(row)),
    signals: Uint8Array.from(rows, ({ signal = 0 }) => signal),
    reasons: Uint8Array.from(rows, (row) => FAILURE_REASONS.indexOf(reasonOf(row))),
    terminated: Uint8Array.from(rows, ({ terminated }) => (terminated ? 1 : 0)),
    startedAt: Float64Array.from(rows, ({ startedAt = at }) => startedAt),
    finishedAt: Float64Array.from(rows, ({ finishedAt = at }) => finishedAt),
    userTime: new Float32Array(rows.length),
    systemTime: new Float32Array(rows.length),
    maxRss: new Uint32Array(rows.length),
    ...(details.length > 0 && { details }),
  };
}

export function returnedRows(
  rows: readonly (Row & { readonly started?: boolean })[],
  why: ReturnedColumns['why'],
): ReturnedColumns {
  return { ...columns(rows), started: Uint8Array.from(rows, (row) => (row.started ? 1 : 0)), why };
}

export function heldRows(rows: readonly (Row & { readonly phase: 0 | 1 | 2 })[]): HeldUnits {
  return { ...columns(rows), phases: Uint8Array.from(rows, ({ phase }) => phase) };
}

function exitCodeOf({ exitCode, signal = 0, reason = 'NONE' }: EndedRow): number {
  return exitCode ?? (signal > 0 || reason !== 'NONE' ? -1 : 0);
}

function reasonOf({ exitCode = 0, signal = 0, reason }: EndedRow): FailureReason {
  if (reason) return reason;
  if (signal > 0) return 'SIGNAL';
  return exitCode === 0 ? 'NONE' : 'EXIT_CODE';
}
