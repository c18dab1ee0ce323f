/** Runs commands over there: each in a session of its own, with an end that is always found out. */
import { randomBytes } from 'node:crypto';
import {
  AdaptorError,
  type Clock,
  type CommandOptions,
  type CommandResult,
} from '@pstar/core/adaptor';
import type { ClientChannel } from 'ssh2';
import { afterMark, commandLine } from './remote-command.ts';
import type { Sessions } from './sessions.ts';
import { aborted, connectionLost } from './ssh-errors.ts';

/** More output than this is no answer to any question that an adaptor asks. */
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;
/** For the signal to be acted upon, before the command is killed by another command. */
const KILL_GRACE_MS = 500;

/** Runs a program with exactly these arguments. */
export async function runRemotely(
  sessions: Sessions,
  clock: Clock,
  command: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [program = ''] = command;
  const { input = '', environment, timeoutMs = 60_000, signal } = options;
  if (signal?.aborted) throw aborted(program);
  const over = new AbortController();
  const subject = sessions.name;
  const timer = clock.after(timeoutMs, () => {
    const problem = `${program}: no answer in ${timeoutMs / 1000} s`;
    over.abort(new AdaptorError('TIMEOUT', problem, { subject }));
  });
  const onAbort = () => over.abort(aborted(program));
  signal?.addEventListener('abort', onAbort, { once: true });
  const mark = `pstar-${randomBytes(8).toString('hex')}`;
  try {
    const line = commandLine(mark, command, environment);
    const channel = await sessions.exec(line, over.signal);
    const run = new Run({ sessions, clock, channel, program, mark });
    return await run.result(input, over.signal);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

interface RunParts {
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly channel: ClientChannel;
  readonly program: string;
  readonly mark: string;
}

class Run {
  readonly #parts: RunParts;
  readonly #output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  #bytes = 0;
  #isOver = false;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  result(input: string, over: AbortSignal): Promise<CommandResult> {
    const { channel, program, sessions } = this.#parts;
    return new Promise((resolve, reject) => {
      const giveUp = (error: unknown) => {
        if (this.#isOver) return;
        reject(error);
        this.#kill();
      };
      const collect = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
        this.#output[stream].push(chunk);
        this.#bytes += chunk.length;
        if (this.#bytes <= OUTPUT_BYTES_MAX) return;
        this.#output[stream].length = 0;
        giveUp(new AdaptorError('ADAPTOR_FAILED', `${program}: its output has no end`));
      };
      channel.on('data', collect('stdout'));
      channel.stderr.on('data', collect('stderr'));
      // A program that does not read its input ends as it likes; its exit says what came of it.
      channel.on('error', () => {});
      // Its exit may have come in one packet with the answer to its start, before anybody listened;
      // the end tells it again.
      channel.once('close', (code?: number | null, signal?: string) => {
        this.#isOver = true;
        over.removeEventListener('abort', onOver);
        if (code === undefined) return reject(connectionLost(sessions.name));
        const end = { exitCode: code ?? -1, ...(signal !== undefined && { signal }) };
        this.#answer(end).then(resolve, reject);
      });
      const onOver = () => giveUp(over.reason);
      over.addEventListener('abort', onOver, { once: true });
      if (over.aborted) onOver();
      channel.end(input);
    });
  }

  async #answer(end: Pick<CommandResult, 'exitCode' | 'signal'>): Promise<CommandResult> {
    const { mark, program, sessions } = this.#parts;
    const subject = sessions.name;
    const out = Buffer.concat(this.#output.stdout);
    const err = Buffer.concat(this.#output.stderr);
    const stdout = afterMark(out, mark);
    const stderr = afterMark(err, mark);
    if (stdout === undefined) {
      const words = `${out}${err}`.trim().split('\n').at(-1);
      throw new AdaptorError('ADAPTOR_FAILED', 'the login shell there runs no commands', {
        subject,
        hint: words || 'it needs a shell that takes -c, and /bin/sh',
      });
    }
    if (stderr?.said === 'missing') {
      throw new AdaptorError('NOT_FOUND', `${program}: command not found`, { subject });
    }
    if (stderr?.said === 'forbidden') {
      throw new AdaptorError('PERMISSION_DENIED', `${program}: permission denied`, { subject });
    }
    return { ...end, stdout: stdout.text.toString(), stderr: (stderr?.text ?? err).toString() };
  }

  /** By the protocol, which some servers do not do; then by its process group. */
  #kill(): void {
    const { channel, clock, sessions, mark } = this.#parts;
    channel.signal('KILL');
    const pid = afterMark(Buffer.concat(this.#output.stdout), mark)?.said;
    const end = () => {
      if (this.#isOver) return;
      channel.close();
      if (pid === undefined) return;
      const kill = `kill -s KILL -- -${pid} || kill -s KILL ${pid}`;
      sessions.exec(`exec /bin/sh -c '${kill}'`).then(
        (killer) => killer.resume().stderr.resume(),
        () => {},
      );
    };
    clock.after(KILL_GRACE_MS, end, { unref: true });
  }
}
