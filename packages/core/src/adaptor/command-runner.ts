/**
 * Runs the commands of a resource manager, here or elsewhere. An adaptor that works by a
 * `CommandRunner` and its files alone works through a gateway without a further line.
 */
import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { AdaptorError, PilotError } from '../model/errors.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { localFiles } from './local-files.ts';
import type { RemoteFiles } from './remote-files.ts';

/** What a command left behind. An exit code other than 0 is an answer, not an error. */
export interface CommandResult {
  /** -1 when a signal ended it. */
  readonly exitCode: number;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** How one command is run. */
export interface CommandOptions {
  /** Its standard input; empty by default. */
  readonly input?: string;
  /** Over the environment that commands have there. */
  readonly environment?: Readonly<Record<string, string>>;
  /** 60 s by default; then the command is killed. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A place where commands run. */
export interface CommandRunner {
  /** Its host, for messages. */
  readonly host: string;
  /** The files of that place. */
  readonly files: RemoteFiles;
  /**
   * Runs a program with exactly these arguments: no shell reads them.
   *
   * @throws PilotError `NOT_FOUND` (no such program), `TIMEOUT`, `ABORTED`, `ADAPTOR_FAILED`
   */
  run(command: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Lets the connection go, if there is one. */
  close(): Promise<void>;
}

/** More output than this is no answer to any question that an adaptor asks. */
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/** Runs commands on this machine. */
export function localCommandRunner(clock: Clock = systemClock): CommandRunner {
  const host = hostname();
  return {
    host,
    files: localFiles(host),
    run: (command, options = {}) => runHere(command, options, host, clock),
    close: async () => {},
  };
}

function runHere(
  command: readonly string[],
  options: CommandOptions,
  host: string,
  clock: Clock,
): Promise<CommandResult> {
  const [program = '', ...rest] = command;
  const { input = '', environment, timeoutMs = 60_000, signal } = options;
  return new Promise((resolve, reject) => {
    const fail = (error: PilotError) => {
      child.kill('SIGKILL');
      reject(error);
    };
    if (signal?.aborted) return reject(aborted(program));
    const child = spawn(program, rest, { env: { ...process.env, ...environment } });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let bytes = 0;
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (chunk: Buffer) => {
        output[stream].push(chunk);
        bytes += chunk.length;
        if (bytes > OUTPUT_BYTES_MAX) {
          fail(new AdaptorError('ADAPTOR_FAILED', `${program}: its output has no end`));
        }
      });
    }
    const onAbort = () => fail(aborted(program));
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = clock.after(timeoutMs, () => {
      const subject = host;
      fail(
        new AdaptorError('TIMEOUT', `${program}: no answer in ${timeoutMs / 1000} s`, { subject }),
      );
    });
    const over = () => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    };
    child.once('error', (cause: NodeJS.ErrnoException) => {
      over();
      reject(spawnError(program, host, cause));
    });
    child.once('close', (exitCode, endedBy) => {
      over();
      resolve({
        exitCode: exitCode ?? -1,
        ...(endedBy !== null && { signal: endedBy }),
        stdout: Buffer.concat(output.stdout).toString(),
        stderr: Buffer.concat(output.stderr).toString(),
      });
    });
    // A program that does not read its input ends as it likes; its exit says what came of it.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function aborted(program: string): PilotError {
  return new PilotError('ABORTED', 'given up by its caller', { subject: program });
}

function spawnError(program: string, host: string, cause: NodeJS.ErrnoException): PilotError {
  if (cause.code === 'ENOENT') {
    return new AdaptorError('NOT_FOUND', `${program}: command not found`, { subject: host, cause });
  }
  if (cause.code === 'EACCES') {
    const problem = `${program}: permission denied`;
    return new AdaptorError('PERMISSION_DENIED', problem, { subject: host, cause });
  }
  return new AdaptorError('ADAPTOR_FAILED', cause.message, { subject: host, cause });
}
