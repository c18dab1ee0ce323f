/**
 * Processes of this machine as Linux's /proc shows them. A pid alone names nothing, as it is given
 * out again: with its start time it does.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** One process, whatever becomes of its pid. */
export interface ProcessRef {
  readonly pid: number;
  /** In the kernel's ticks since the machine's start. */
  readonly start: number;
}

/** What /proc/<pid>/stat says of a process. */
export interface ProcessStat extends ProcessRef {
  readonly parent: number;
  readonly session: number;
  /** `Z`: over, and only waits for its parent to notice. `T`: stopped. */
  readonly state: string;
}

/** What is known of a pid now; also of one that is over but not yet waited for. */
export function statOf(pid: number): ProcessStat | undefined {
  const text = readOr(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The second field is the program's name in parentheses and may hold anything, even ') '.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    start: Number(fields[19]),
    parent: Number(fields[1]),
    session: Number(fields[3]),
    state: fields[0] ?? '',
  };
}

/** Whether it still runs, or is stopped; undefined once it is over. */
export function liveStat({ pid, start }: ProcessRef): ProcessStat | undefined {
  const stat = statOf(pid);
  return stat?.start === start && stat.state !== 'Z' ? stat : undefined;
}

/**
 * All that live and were started with this variable, with their descendants and their sessions'
 * other members: these may have dropped the variable. The oldest first; never this process.
 */
export function processesWith(variable: string, value: string): ProcessStat[] {
  return processesWithAny(variable, [value]).get(value) ?? [];
}

/** As {@link processesWith} for many values, by one look at all processes. */
export function processesWithAny(
  variable: string,
  values: Iterable<string>,
): ReadonlyMap<string, ProcessStat[]> {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => statOf(Number(name)) ?? [])
    .filter(({ state }) => state !== 'Z');
  const wanted = new Set(values);
  const marked = new Map<string, ProcessStat[]>();
  for (const stat of all) {
    const value = variableOf(stat.pid, variable);
    if (value === undefined || !wanted.has(value)) continue;
    marked.set(value, [...(marked.get(value) ?? []), stat]);
  }
  for (const [value, first] of marked) marked.set(value, withRelatives(first, all));
  return marked;
}

function withRelatives(marked: readonly ProcessStat[], all: readonly ProcessStat[]): ProcessStat[] {
  const found = new Set(marked);
  const pids = new Set(marked.map(({ pid }) => pid));
  const sessions = new Set(marked.filter(leadsSession).map(({ session }) => session));
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const stat of all) {
      if (!pids.has(stat.parent) && !sessions.has(stat.session)) continue;
      found.add(stat);
      pids.add(stat.pid);
    }
  }
  return [...found].sort((a, b) => a.start - b.start || a.pid - b.pid);
}

/** Sends a signal if the process is still the one that is meant. */
export function signalProcess(process_: ProcessRef, signal: NodeJS.Signals): void {
  if (liveStat(process_) === undefined) return;
  try {
    process.kill(process_.pid, signal);
  } catch (error) {
    // It has just ended, or has become another user's by setuid: both are seen by whoever waits.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function leadsSession({ pid, session }: ProcessStat): boolean {
  return pid === session;
}

function variableOf(pid: number, variable: string): string | undefined {
  const start = `${variable}=`;
  const found = readOr(`/proc/${pid}/environ`)
    ?.split('\0')
    .find((assignment) => assignment.startsWith(start));
  return found?.slice(start.length);
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended meanwhile, or is another user's.
    return undefined;
  }
}
