/** Commands that are run for a cluster, with what they need in their environment. */
import { execFile } from 'node:child_process';

/** What a command left behind. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in the way of some cluster. */
export type Run = (command: readonly string[]) => Promise<CommandResult>;

/** Never rejects: a program that cannot be started has the exit code that a shell gives it. */
export function runCommand(
  command: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<CommandResult> {
  const [program = '', ...rest] = command;
  return new Promise((resolve) => {
    const child = execFile(program, rest, { env }, (error, stdout, stderr) => {
      if (error !== null && child.pid === undefined) {
        resolve({ exitCode: 127, stdout, stderr: error.message });
      } else resolve({ exitCode: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** This program's environment, and nothing in it of another cluster: it may itself run in one. */
export function environmentWithout(names: RegExp): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !names.test(name));
  return Object.fromEntries(own);
}
