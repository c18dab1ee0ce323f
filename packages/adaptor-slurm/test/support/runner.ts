/** A place where commands seem to run. */
import {
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
  localCommandRunner,
  type RemoteFiles,
} from '@pstar/core/adaptor';

type Answer = string | Partial<CommandResult> | Error;

/** The files of this machine, but for what is done otherwise. */
export function localWith(changes: Partial<RemoteFiles>): RemoteFiles {
  return Object.assign(localCommandRunner().files, changes);
}

/** The files below a directory, as those of another machine: `/a` there is `ROOT/a` here. */
export function filesBelow(root: string): RemoteFiles {
  const { files } = localCommandRunner();
  const at = (path: string) => `${root}${path}`;
  return {
    read: (path) => files.read(at(path)),
    write: (path, data, options) => files.write(at(path), data, options),
    makeDirectory: (path, mode) => files.makeDirectory(at(path), mode),
    remove: (path) => files.remove(at(path)),
    list: (path) => files.list(at(path)),
    stat: (path) => files.stat(at(path)),
    symlink: (target, path) => files.symlink(target, at(path)),
    upload: (localPath, path, options) => files.upload(localPath, at(path), options),
    download: (path, localPath) => files.download(at(path), localPath),
  };
}

/** Answers each command by what it is asked, and keeps what it was asked. */
export class ScriptedRunner implements CommandRunner {
  readonly host = 'login';
  readonly files: RemoteFiles;
  readonly calls: { readonly command: readonly string[]; readonly options: CommandOptions }[] = [];
  readonly #answer: (command: string) => Answer;

  constructor(answer: (command: string) => Answer, files = localWith({})) {
    this.#answer = answer;
    this.files = files;
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
