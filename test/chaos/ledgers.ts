/**
 * What the units have written themselves, and whether a service agrees with it. Nothing here has
 * anything of the service's own.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A unit as a service tells of it. */
export interface Told {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly exitCode?: number | undefined;
  readonly reason?: string | undefined;
}

/** What one unit has written. */
export interface Ledger {
  /** The attempts that have started, in order. */
  readonly starts: readonly number[];
  /** The attempts that have reached their end, with the exit code they were about to give. */
  readonly ends: readonly { readonly attempt: number; readonly exitCode: number }[];
  readonly overlaps: readonly string[];
}

export function readLedger(directory: string, id: string): Ledger {
  const path = join(directory, id);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines = text.split('\n').map((line) => line.split(' '));
  return {
    starts: lines.filter(([what]) => what === 'start').map(([, attempt]) => Number(attempt)),
    ends: lines
      .filter(([what]) => what === 'end')
      .map(([, attempt, code]) => ({ attempt: Number(attempt), exitCode: Number(code) })),
    overlaps: lines.filter(([what]) => what === 'overlap').map((line) => line.join(' ')),
  };
}

/**
 * All that is wrong, in words; empty when everything is as it should be.
 *
 * @param known the units that the service has acknowledged to anybody
 * @param canceledIn by unit, its attempt when its cancellation was acknowledged
 */
export function disagreements(
  directory: string,
  told: readonly Told[],
  known: readonly string[],
  canceledIn: ReadonlyMap<string, number> = new Map(),
): string[] {
  const ids = new Set(told.map(({ id }) => id));
  const lost = known.filter((id) => !ids.has(id)).map((id) => `${id} is lost`);
  const strange = readdirSync(directory)
    .filter((id) => !ids.has(id))
    .map((id) => `${id} ran, and no service knows it`);
  return [...lost, ...strange, ...told.flatMap((unit) => problemsOf(directory, unit, canceledIn))];
}

function problemsOf(
  directory: string,
  { id, state, attempt, exitCode }: Told,
  canceledIn: ReadonlyMap<string, number>,
): string[] {
  const { starts, ends, overlaps } = readLedger(directory, id);
  const problems = overlaps.map((line) => `ran twice at once: ${line}`);
  const last = ends.at(-1);
  if (!['Done', 'Failed', 'Canceled'].includes(state)) problems.push(`is ${state} at the end`);
  if (new Set(starts).size < starts.length) problems.push(`one attempt started twice: ${starts}`);
  if (starts.some((each) => each > attempt)) problems.push(`attempts ${starts} of ${attempt}`);
  if (state === 'Done' && (last?.exitCode !== 0 || last.attempt !== attempt)) {
    problems.push(`Done in attempt ${attempt}, and has not ended so: ${JSON.stringify(ends)}`);
  }
  if (state === 'Failed' && exitCode !== undefined && exitCode >= 0) {
    const isTrue = last?.attempt === attempt && last.exitCode === exitCode;
    if (!isTrue) problems.push(`Failed with ${exitCode}, and has ended ${JSON.stringify(ends)}`);
  }
  const latest = canceledIn.get(id) ?? Number.POSITIVE_INFINITY;
  if (starts.some((each) => each > latest)) {
    problems.push(`was canceled in attempt ${latest}, and started ${starts}`);
  }
  return problems.map((problem) => `${id} ${problem}`);
}
