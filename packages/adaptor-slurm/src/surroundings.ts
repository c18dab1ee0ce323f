/** What commands find where they run, which need not be this machine. */
import { AdaptorError, type CommandRunner } from '@pstar/core/adaptor';

/** The environment that every command has there. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** All in one, as each may be a way to another machine and back. */
const NAMES = 'uname -n; hostname -f; hostname -I';

/** Reads the environment of commands. */
export async function environmentOf(runner: CommandRunner): Promise<Environment> {
  const { exitCode, stdout, stderr } = await runner.run(['env', '-0']);
  if (exitCode !== 0) {
    throw new AdaptorError(
      'ADAPTOR_FAILED',
      stderr.trim() || `env has ended with exit code ${exitCode}`,
      { subject: runner.host },
    );
  }
  return Object.fromEntries(
    stdout.split('\0').flatMap((line) => {
      const end = line.indexOf('=');
      return end < 1 ? [] : [[line.slice(0, end), line.slice(end + 1)]];
    }),
  );
}

/** The names and addresses by which a node may be the machine where commands run. */
export async function namesOf(runner: CommandRunner): Promise<readonly string[]> {
  // What is not installed there says nothing.
  const { stdout } = await runner.run(['sh', '-c', NAMES]);
  const names = stdout.split(/\s+/).filter(Boolean);
  return [...new Set([...names, ...names.filter(isName).map(shortOf)])];
}

function isName(word: string): boolean {
  return /[a-z]/i.test(word) && !word.includes(':');
}

function shortOf(name: string): string {
  return name.split('.')[0] as string;
}
