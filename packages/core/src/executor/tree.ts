/**
 * The processes of this machine as a tree, read from /proc: who descends from whom, and who was
 * started with which variables. For ending what has left its process group.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** A process at one moment. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Ticks since the machine's start: with `pid`, it names a process for good. */
  readonly startTime: number;
  readonly isZombie: boolean;
}

function parseStat(pid: number, stat: string): ProcessEntry {
  // The name in parentheses may contain anything, also ") R 1".
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    startTime: Number(fields[19]),
    isZombie: state === 'Z' || state === 'X',
  };
}

/** One process; undefined when it is gone. */
export function readProcess(pid: number): ProcessEntry | undefined {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** All processes at one moment, with their descent. */
export class ProcessTable {
  readonly #children = new Map<number, ProcessEntry[]>();
  readonly #processes = new Map<number, ProcessEntry>();

  constructor(processes: Iterable<ProcessEntry>) {
    for (const process of processes) {
      this.#processes.set(process.pid, process);
      const siblings = this.#children.get(process.parent);
      if (siblings) siblings.push(process);
      else this.#children.set(process.parent, [process]);
    }
  }

  /** Reads /proc; costs some 20 µs for each process of the machine. */
  static read(): ProcessTable {
    const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
    return new ProcessTable(pids.map(readProcess).filter((process) => process !== undefined));
  }

  [Symbol.iterator](): IterableIterator<ProcessEntry> {
    return this.#processes.values();
  }

  /** Whether this very process, not a later one with its number, is still there. */
  has({ pid, startTime }: ProcessEntry): boolean {
    return this.#processes.get(pid)?.startTime === startTime;
  }

  /** Everybody below a process, parents first. */
  descendants(pid: number): ProcessEntry[] {
    const found = [...(this.#children.get(pid) ?? [])];
    // The loop also meets what it appends.
    for (const process of found) found.push(...(this.#children.get(process.pid) ?? []));
    return found;
  }
}

/** What a process was started with as the value of a variable; undefined when that cannot be read. */
export function variableOf(pid: number, name: string): string | undefined {
  try {
    const environment = `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`;
    const at = environment.indexOf(`\0${name}=`);
    if (at < 0) return undefined;
    const begin = at + name.length + 2;
    return environment.slice(begin, environment.indexOf('\0', begin));
  } catch {
    return undefined;
  }
}
