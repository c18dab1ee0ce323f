/** A place where commands seem to run. */
import {
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
  localCommandRunner,
} from '@pstar/core/adaptor';

type Answer = string | Partial<CommandResult> | Error;

/** Answers each command by what it is asked, and keeps what it was asked. */
export class ScriptedRunner implements CommandRunner {
  readonly host = 'login';
  readonly files = localCommandRunner().files;
  readonly calls: { readonly command: readonly string[]; readonly options: CommandOptions }[] = [];
  readonly #answer: (command: string) => Answer;

  constructor(answer: (command: string) => Answer) {
    this.#answer = answer;
  }

  /** The commands as lines. */
  get lines(): readonly string[] {
    return this.calls.map(({ command }) => command.join(' '));
  }

  async run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    this.calls.push({ command, options });
    const answer = this.#answer(command.join(' '));
    if (answer instanceof Error) throw answer;
    if (typeof answer === 'string') return { exitCode: 0, stdout: answer, stderr: '' };
    return { exitCode: 1, stdout: '', stderr: '', ...answer };
  }

  async close(): Promise<void> {}
}
