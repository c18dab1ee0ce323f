/**
 * The runner that adaptors get from the kit: it keeps what was run, and answers in the place of the
 * resource manager when a requirement wants that.
 */
import {
  AdaptorError,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
  PilotError,
  type RemoteFiles,
} from '@pstar/core/adaptor';

/** A command that an adaptor has run. */
export interface CommandCall {
  readonly command: readonly string[];
  readonly options: CommandOptions;
}

/** What answers a command; `run` has the resource manager do it. */
export type Fault = (
  call: CommandCall,
  run: () => Promise<CommandResult>,
) => Promise<CommandResult>;

/** What happens to commands after the default time, so that nobody waits for it. */
const TIMEOUT_MS_DEFAULT = 60_000;

/** Runs commands, and remembers them. */
export class Commands implements CommandRunner {
  readonly host: string;
  /** Those of the inner runner, unless a requirement puts others in their place. */
  files: RemoteFiles;
  readonly #inner: CommandRunner;
  readonly #calls: CommandCall[] = [];
  /** What the machine where commands run has for a word of theirs; by default the word. */
  wordThere: (word: string) => string = (word) => word;
  /** In force from the next command on. */
  fault: Fault | undefined;

  constructor(inner: CommandRunner) {
    this.#inner = inner;
    this.host = inner.host;
    this.files = inner.files;
  }

  /** All that were run, the first one first. */
  get calls(): readonly CommandCall[] {
    return this.#calls;
  }

  run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const call = { command, options };
    this.#calls.push(call);
    const run = () => this.#inner.run(command.map(this.wordThere), options);
    return this.fault === undefined ? run() : this.fault(call, run);
  }

  /** The inner runner is its owner's to close. */
  async close(): Promise<void> {}

  /** How many commands it took. */
  async countOf(action: () => Promise<unknown>): Promise<number> {
    const before = this.#calls.length;
    await action();
    return this.#calls.length - before;
  }
}

/** There is no such program. */
export const missing: Fault = async ({ command: [program] }) => {
  throw new AdaptorError('NOT_FOUND', `${program}: command not found`, { subject: 'kit' });
};

/** What {@link failing} commands write to stderr. */
export const FAILURE = 'the kit has no such luck today';

/** The program fails with a sentence. */
export const failing: Fault = async () => ({ exitCode: 1, stdout: '', stderr: `${FAILURE}\n` });

/** The `nth` command fails with a sentence, and no other. */
export function failingOnly(nth: number): Fault {
  let count = 0;
  return (call, run) => {
    count += 1;
    return count === nth ? failing(call, run) : run();
  };
}

/** The program succeeds, and what it writes makes no sense. */
export const garbage: Fault = async () => ({
  exitCode: 0,
  stdout: '\u0000\ufffd{"]|%|,;\nlorem ipsum|dolor|sit\n<html>\n',
  stderr: '',
});

/** The program succeeds and writes nothing. */
export const silence: Fault = async () => ({ exitCode: 0, stdout: '', stderr: '' });

/** The program hangs, for as long as the adaptor lets it; here that time passes at once. */
export const hanging: Fault = async ({ command, options }) => {
  throw timeout(command, options);
};

/** The program hangs until it is given up by its caller's signal. */
export const stuck: Fault = ({ options: { signal } }) =>
  new Promise((_, reject) => {
    const giveUp = () => reject(new PilotError('ABORTED', 'given up by its caller'));
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
  });

/** The `nth` command does its work, and nobody gets its answer. */
export function losing(nth: number): Fault {
  let count = 0;
  return async ({ command, options }, run) => {
    count += 1;
    const result = await run();
    if (count === nth) throw timeout(command, options);
    return result;
  };
}

function timeout([program]: readonly string[], { timeoutMs }: CommandOptions): AdaptorError {
  const seconds = (timeoutMs ?? TIMEOUT_MS_DEFAULT) / 1000;
  return new AdaptorError('TIMEOUT', `${program}: no answer in ${seconds} s`, { subject: 'kit' });
}
