/**
 * The fallback launcher: Node's own child_process, for nodes without koffi's binary or with an old
 * C library. Three to forty times slower, no usage of processes that end within a tick.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { EndListener, Launch, Launcher } from './launcher.ts';

type Usage = { userTime: number; systemTime: number; maxRss: number };

/** USER_HZ, a constant of the interface between Linux and its programs. */
const TICKS_PER_SECOND = 100;

function errnoOf(error: unknown): number {
  const { errno } = error as NodeJS.ErrnoException;
  return typeof errno === 'number' ? Math.abs(errno) : constants.errno.EIO;
}

/** Starts processes by child_process; see {@link Launcher}. */
export class ChildProcessLauncher implements Launcher {
  readonly kind = 'child_process';
  readonly note: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #onEnd: EndListener;
  readonly #usage = new Map<number, Usage>();

  constructor(environment: Readonly<Record<string, string>>, onEnd: EndListener, note: string) {
    this.#environment = environment;
    this.#onEnd = onEnd;
    this.note = note;
  }

  start(launch: Launch, started: (errno: number, pid: number) => void): void {
    const opened: number[] = [];
    let child: ChildProcess;
    try {
      const stdio = launch.stdio.map((source) => {
        if (typeof source === 'number') return source;
        opened.push(openSync(resolve(launch.cwd, source.path), source.flags, 0o666));
        return opened.at(-1);
      });
      const [argv0 = launch.file, ...rest] = launch.argv;
      const env = { ...this.#environment, ...launch.environment, ...launch.variables };
      child = spawn(launch.file, rest, { argv0, cwd: launch.cwd, env, detached: true, stdio });
    } catch (error) {
      // Never from within the call: the caller's next step may be another start.
      queueMicrotask(() => started(errnoOf(error), 0));
      return;
    } finally {
      for (const fd of opened) closeSync(fd);
    }
    this.#follow(child, started);
  }

  #follow(child: ChildProcess, started: (errno: number, pid: number) => void): void {
    const { pid } = child;
    child.once('error', (error) => {
      if (pid === undefined) started(errnoOf(error), 0);
    });
    if (pid === undefined) return;
    queueMicrotask(() => started(0, pid));
    child.once('exit', (code, signal) => {
      const usage = this.#usage.get(pid) ?? { userTime: 0, systemTime: 0, maxRss: 0 };
      this.#usage.delete(pid);
      // The leader has just been reaped; its group keeps the number taken while anybody is in it.
      this.signalGroup(pid, constants.signals.SIGKILL);
      const end = signal ? { signal: constants.signals[signal] } : { exitCode: code ?? 0 };
      this.#onEnd(pid, { ...end, ...usage });
    });
  }

  signalGroup(leader: number, signal: number): boolean {
    try {
      return process.kill(-leader, signal);
    } catch {
      return false;
    }
  }

  /** Nobody hands them to us here, so they cannot be counted. */
  mayHaveStrays(): boolean {
    return true;
  }

  freeRange(): boolean {
    return false;
  }

  sample(pids: Iterable<number>): void {
    for (const pid of pids) {
      const usage = readUsage(pid);
      if (usage) this.#usage.set(pid, usage);
    }
  }

  close(): void {}
}

/** What a live process has used so far; undefined when it is gone. */
function readUsage(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may contain anything; the fields after it are numbered from 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const time = (own: number): number =>
      (Number(fields[own - 3]) + Number(fields[own - 1])) / TICKS_PER_SECOND;
    const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return { userTime: time(14), systemTime: time(15), maxRss: Number(peak?.[1] ?? 0) };
  } catch {
    return undefined;
  }
}
