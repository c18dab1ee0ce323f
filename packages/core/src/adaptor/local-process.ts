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
  const fields = fieldsOf(pid);
  if (fields === undefined) return undefined;
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
  return new ProcessLook(variable, values).found();
}

/**
 * One look at all processes, for those that were started with a variable. While a process exchanges
 * its program for another it shows no environment at all; where files must be fetched first that may
 * take a while. Of such a one nothing is known until it has been looked at again.
 */
export class ProcessLook {
  readonly #variable: string;
  readonly #wanted: ReadonlySet<string>;
  readonly #all: readonly ProcessStat[];
  readonly #marked = new Map<string, ProcessStat[]>();
  #unclear: readonly ProcessStat[];

  constructor(variable: string, values: Iterable<string>) {
    this.#variable = variable;
    this.#wanted = new Set(values);
    this.#all = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .flatMap((name) => statOf(Number(name)) ?? [])
      .filter(({ state }) => state !== 'Z');
    this.#unclear = this.#all;
    this.again();
  }

  /** Whether all have shown what they were started with. */
  get isClear(): boolean {
    return this.#unclear.length === 0;
  }

  /** Looks again at those that have not. */
  again(): void {
    this.#unclear = this.#unclear.filter((stat) => {
      const environment = environmentOf(stat);
      const value = environment && valueIn(environment, this.#variable);
      if (value !== undefined && this.#wanted.has(value)) {
        this.#marked.set(value, [...(this.#marked.get(value) ?? []), stat]);
      }
      return environment === undefined;
    });
  }

  /** What it has shown, by value; see {@link processesWith}. */
  found(): ReadonlyMap<string, ProcessStat[]> {
    const entries = [...this.#marked].map(
      ([value, first]) => [value, withRelatives(first, this.#all)] as const,
    );
    return new Map(entries);
  }
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

/** What /proc/<pid>/stat says, from its third field on. */
function fieldsOf(pid: number): string[] | undefined {
  const text = readOr(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold anything, even ') '.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function leadsSession({ pid, session }: ProcessStat): boolean {
  return pid === session;
}

/** Nothing where it cannot be read; undefined where it is not there yet. */
function environmentOf({ pid }: ProcessRef): readonly string[] | undefined {
  const environment = readOr(`/proc/${pid}/environ`);
  if (environment !== '') return environment?.split('\0') ?? [];
  const fields = fieldsOf(pid) ?? [];
  // The kernel's own processes, and those that are over, have no memory.
  if (Number(fields[20] ?? 0) === 0) return [];
  // Where the code begins is put down last; then the environment, if it begins where it ends, is empty.
  return fields[23] !== '0' && fields[47] === fields[48] ? [] : undefined;
}

function valueIn(environment: readonly string[], variable: string): string | undefined {
  const start = `${variable}=`;
  return environment.find((each) => each.startsWith(start))?.slice(start.length);
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended meanwhile, or is another user's.
    return undefined;
  }
}
