/**
 * The processes of clusters: daemons that are children of this program, and all that is to be ended
 * with a cluster or a node, found by what they have in their environment. Nothing is ended by a
 * name, or by a pid that may be somebody else's by now.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  liveStat,
  processesWith,
  signalProcess,
  statOf,
} from '../../../packages/core/src/adaptor/local-process.ts';

/** Between two looks at something that nobody tells. */
const LOOK_AGAIN_MS = 20;

/** A program in the foreground, which lives on when this one ends. */
export class Daemon {
  readonly #command: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #log: string;
  #child: ChildProcess | undefined;

  constructor(command: readonly string[], environment: NodeJS.ProcessEnv, log: string) {
    this.#command = command;
    this.#environment = environment;
    this.#log = log;
  }

  /** Whether it has been started and has not ended. */
  get isAlive(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Throws if it has ended: then there is nothing to wait for. */
  mustLive(): true {
    if (!this.isAlive) throw new Error(`${this.#command[0]} does not run`);
    return true;
  }

  /** Settles when it has its pid; what it does then is another matter. */
  async start(): Promise<void> {
    if (this.isAlive) return;
    const [program = '', ...rest] = this.#command;
    const log = openSync(this.#log, 'a');
    const child = spawn(program, rest, {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: this.#environment,
    });
    closeSync(log);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    this.#child = child;
  }

  /** Sends a signal and settles when it has ended, at once if it has already. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isAlive) return;
    child.ref();
    const over = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await over;
  }

  /** Settles when it does nothing any more, as a machine that hangs. */
  async pause(): Promise<void> {
    const pid = this.#signal('SIGSTOP');
    await until('paused', () => statOf(pid)?.state === 'T');
  }

  get isPaused(): boolean {
    return this.isAlive && statOf(this.#child?.pid as number)?.state === 'T';
  }

  /** Lets it go on. */
  resume(): void {
    this.#signal('SIGCONT');
  }

  #signal(signal: NodeJS.Signals): number {
    this.mustLive();
    const pid = this.#child?.pid as number;
    process.kill(pid, signal);
    return pid;
  }
}

/** Whether the process with that pid is still the one that started then. */
export function lives(pid: number, start: number): boolean {
  return liveStat({ pid, start }) !== undefined;
}

/** Kills all that have one of these variables, and their descendants; settles when none is left. */
export async function killAllWith(
  variables: readonly (readonly [string, string])[],
): Promise<void> {
  // Processes may start others until they are dead.
  await until('ended', () => {
    const left = variables.flatMap(([name, value]) => processesWith(name, value));
    for (const found of left) signalProcess(found, 'SIGKILL');
    return left.length === 0;
  });
}

/** Settles once that is so; rejects, saying what it waited for, after half a minute. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  patienceMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not ${what} in ${patienceMs / 1000} s`);
    await delay(LOOK_AGAIN_MS);
  }
}
