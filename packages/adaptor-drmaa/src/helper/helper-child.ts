/**
 * One helper process from its start to its end: its environment, its messages, what the library
 * prints, and what the library was doing when it ended. Knows no calls.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '@pstar/core/adaptor';
import { type FromHelper, RECORD_SLOT, type ToHelper } from './protocol.ts';

/** The bundle; the same from src/helper and from dist/helper. */
const PROGRAM = fileURLToPath(new URL('../../dist/helper/helper.mjs', import.meta.url));
/** What is read of the record at most: more functions than that are never under way. */
const RECORD_BYTES = 256 * RECORD_SLOT;
/** So much of what a library prints is logged, of each process. */
const OUTPUT_LIMIT = 65_536;

/** What one helper process is started with. */
export interface ChildOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** The threads that calls into the library run on. */
  readonly threads: number;
  readonly log: Log;
}

/** Who hears of a helper process. */
export interface ChildListener {
  message(message: FromHelper): void;
  /** It is gone; the first word says how: `SIGSEGV`, `exit code 127`. Called once. */
  ended(how: string): void;
}

/** A helper process, running from the moment it is made. */
export class HelperChild {
  readonly #process: ChildProcess;
  readonly #record: number;
  readonly #log: Log;
  #outputLeft = OUTPUT_LIMIT;
  #lastWords = '';

  constructor(options: ChildOptions, listener: ChildListener) {
    this.#log = options.log;
    this.#record = unnamedFile();
    this.#process = fork(PROGRAM, [], {
      serialization: 'advanced',
      execArgv: [],
      // In a session of its own: a Ctrl-C is for the program, which ends its helpers in order.
      detached: true,
      env: environmentOf(options),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', this.#record],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#printed(text));
    }
    this.#process.on('message', (message) => listener.message(message as FromHelper));
    let over = false;
    const end = (how: string) => {
      if (over) return;
      over = true;
      listener.ended(how);
      closeSync(this.#record);
    };
    this.#process.once('error', (error) => end(error.message));
    // 'close' and not 'exit': by then all that it sent and printed has been read.
    this.#process.once('close', (code, signal) => end(signal ?? `exit code ${code}`));
    this.hold(false);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The end of what it printed. */
  get lastWords(): string {
    return this.#lastWords.trim();
  }

  send(message: ToHelper): void {
    // One that is gone is told by 'close'.
    if (this.#process.connected) this.#process.send(message, undefined, {}, () => {});
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Whether it keeps this program running. */
  hold(held: boolean): void {
    const { channel, stdout, stderr } = this.#process;
    for (const each of [this.#process, channel, stdout, stderr] as (NodeJS.RefCounted | null)[]) {
      if (held) each?.ref();
      else each?.unref();
    }
  }

  /**
   * The C function that is under way for a call, or was when the process ended; of all of them if there
   * is but one.
   */
  functionOf(id: number | undefined): string | undefined {
    const all = this.#underWay();
    const own = all.find((each) => each.id === id) ?? (all.length === 1 ? all[0] : undefined);
    return own?.name;
  }

  #underWay(): { id: number; name: string }[] {
    const record = Buffer.alloc(RECORD_BYTES);
    const length = readSync(this.#record, record, 0, RECORD_BYTES, 0);
    const found: { id: number; name: string }[] = [];
    for (let at = 0; at < length; at += RECORD_SLOT) {
      const note = record.toString('latin1', at, at + RECORD_SLOT).replace(/\0.*$/s, '');
      const [id, name] = note.split(' ');
      if (name !== undefined) found.push({ id: Number(id), name });
    }
    return found;
  }

  #printed(text: string): void {
    this.#lastWords = (this.#lastWords + text).slice(-500);
    if (this.#outputLeft <= 0) return;
    this.#log.info({ helper: this.pid, printed: text.slice(0, this.#outputLeft) }, 'DRMAA library');
    this.#outputLeft -= text.length;
  }
}

/** A file that is gone with the last descriptor of it. */
function unnamedFile(): number {
  const directory = mkdtempSync(join(tmpdir(), 'pstar-drmaa-'));
  try {
    return openSync(join(directory, 'record'), 'w+', 0o600);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function environmentOf({ environment, threads }: ChildOptions): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, GLIBC_TUNABLES, ...inherited } = { ...process.env, ...environment };
  // Grid Engine's library needs a malloc that wants more static TLS than libraries loaded late get.
  const tunables = ['glibc.rtld.optional_static_tls=8192', GLIBC_TUNABLES].filter(Boolean);
  return {
    ...inherited,
    GLIBC_TUNABLES: tunables.join(':'),
    UV_THREADPOOL_SIZE: String(threads),
  };
}
