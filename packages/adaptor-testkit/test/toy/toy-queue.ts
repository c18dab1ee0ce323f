/**
 * A resource manager in this program's memory: what is submitted runs at once, unless its queue is
 * called `later`. It goes by commands, so that whatever happens to commands happens to it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import {
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
  localCommandRunner,
  type NativeState,
} from '@pstar/core/adaptor';

/** What is handed over with a launch. */
export interface ToySpec {
  readonly name: string;
  readonly title: string;
  readonly queue: string;
  readonly script: string;
  readonly directory: string;
  readonly logFile: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A native job of the toy. */
export interface ToyEntry {
  readonly id: string;
  readonly spec: ToySpec;
  state: NativeState['state'];
  detail: string;
  exitCode?: number;
  signal?: string;
  isCanceled?: boolean;
  child?: ChildProcess;
}

/** The toy's daemon and its commands. */
export class ToyQueue {
  readonly entries = new Map<string, ToyEntry>();
  isDown = false;
  #count = 0;

  submit(spec: ToySpec): string {
    this.#count += 1;
    const entry: ToyEntry = { id: `toy-${this.#count}`, spec, state: 'Pending', detail: 'queued' };
    this.entries.set(entry.id, entry);
    if (spec.queue !== 'later') this.start(entry);
    return entry.id;
  }

  start(entry: ToyEntry): void {
    const { spec } = entry;
    const log = openSync(spec.logFile, 'a', 0o600);
    const child = spawn('/bin/sh', ['-c', spec.script], {
      cwd: spec.directory,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...spec.environment },
    });
    closeSync(log);
    entry.child = child;
    this.#set(entry, 'Running', 'runs');
    child.once('exit', (code, signal) => {
      if (entry.child === child && !isOver(entry)) this.ended(entry, code ?? -1, signal);
    });
  }

  ended(entry: ToyEntry, exitCode: number, signal: string | null): void {
    if (signal !== null) entry.signal = signal;
    else entry.exitCode = exitCode;
    if (entry.isCanceled) this.#set(entry, 'Canceled', 'canceled');
    else this.#set(entry, exitCode === 0 ? 'Done' : 'Failed', `has ended: ${signal ?? exitCode}`);
  }

  cancel(entry: ToyEntry, signal: NodeJS.Signals = 'SIGTERM'): void {
    if (isOver(entry)) return;
    this.kill(entry, signal);
    this.kill(entry, 'SIGCONT');
    entry.isCanceled = true;
    if (entry.child === undefined) this.#set(entry, 'Canceled', 'canceled');
  }

  lose(entry: ToyEntry): void {
    this.kill(entry, 'SIGKILL');
    this.#set(entry, 'Failed', 'its node is lost');
  }

  suspend(entry: ToyEntry): void {
    this.kill(entry, 'SIGSTOP');
    this.#set(entry, 'Suspended', 'stopped');
  }

  resume(entry: ToyEntry): void {
    this.kill(entry, 'SIGCONT');
    this.#set(entry, 'Running', 'runs again');
  }

  hold(entry: ToyEntry): void {
    this.#set(entry, 'Pending', 'held');
  }

  /** Runs again once somebody has seen it wait. */
  requeue(entry: ToyEntry): void {
    this.kill(entry, 'SIGKILL');
    delete entry.child;
    this.#set(entry, 'Pending', 'requeued');
  }

  kill({ child }: ToyEntry, signal: NodeJS.Signals): void {
    try {
      if (child?.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It is over.
    }
  }

  /** Ends all that is left. */
  clear(): void {
    for (const entry of this.entries.values()) this.kill(entry, 'SIGKILL');
  }

  states(ids: readonly string[]): NativeState[] {
    return ids.flatMap((id) => {
      const entry = this.entries.get(id);
      if (entry === undefined) return [];
      const { state, detail, exitCode, signal } = entry;
      if (detail === 'requeued') this.start(entry);
      return [
        {
          id,
          state,
          detail,
          ...(exitCode !== undefined && { exitCode }),
          ...(signal !== undefined && { signal }),
        },
      ];
    });
  }

  #set(entry: ToyEntry, state: NativeState['state'], detail: string): void {
    entry.state = state;
    entry.detail = detail;
  }
}

/** Whether it has ended. */
function isOver({ state }: ToyEntry): boolean {
  return ['Done', 'Canceled', 'Failed'].includes(state);
}

/** The toy's command line: `toy submit`, `toy states ID…` and their like. */
export class ToyRunner implements CommandRunner {
  readonly host = 'toyland';
  readonly files = localCommandRunner().files;
  readonly #queue: ToyQueue;

  constructor(queue: ToyQueue) {
    this.#queue = queue;
  }

  async run(
    [, verb = '', ...args]: readonly string[],
    { input = '' }: CommandOptions = {},
  ): Promise<CommandResult> {
    const refuse = (stderr: string) => ({ exitCode: 1, stdout: '', stderr });
    if (this.#queue.isDown) return refuse('toy: no contact with the queue\n');
    const answer = (value: unknown) => ({
      exitCode: 0,
      stdout: JSON.stringify({ answer: value }),
      stderr: '',
    });
    const { entries } = this.#queue;
    const named = args.flatMap((id) => entries.get(id) ?? []);
    switch (verb) {
      case 'submit': {
        const [file] = args;
        const spec = JSON.parse(file === undefined ? input : readFileSync(file, 'utf8')) as ToySpec;
        if (spec.queue === 'nowhere') return refuse('toy: there is no queue nowhere\n');
        return answer(this.#queue.submit(spec));
      }
      case 'states':
        return answer(this.#queue.states(args));
      case 'find':
        return answer([...entries.values()].find(({ spec }) => spec.name === args[0])?.id ?? null);
      case 'cancel':
        for (const entry of named) this.#queue.cancel(entry);
        return answer(null);
      case 'signal': {
        const [id = '', signal] = args;
        const entry = entries.get(id);
        if (entry !== undefined) this.#queue.kill(entry, signal as NodeJS.Signals);
        return answer(null);
      }
      default:
        return refuse(`toy: no such verb: ${verb}\n`);
    }
  }

  async close(): Promise<void> {}
}
