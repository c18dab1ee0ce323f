/** What no file refuses to root can be tested all the same: by a program that gives up its rights. */
import { execFile } from 'node:child_process';
import { chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Nobody, by an old custom. */
const NOBODY = 65534;

/** Runs a program of a test's, which calls {@link giveUpRoot}, and parses what it prints. */
export async function outcomeOf(program: URL, ...args: readonly string[]): Promise<unknown> {
  const options = ['--import', 'tsx', '--conditions=@pstar/source', fileURLToPath(program)];
  const { stdout } = await promisify(execFile)(process.execPath, [...options, ...args]);
  return JSON.parse(stdout);
}

/**
 * Makes this process an ordinary user's, if it is not yet, for good; the directory and all in it
 * become that user's. What is imported later may lie where that user may not read.
 */
export function giveUpRoot(directory: string): void {
  if (process.getuid?.() !== 0) return;
  const within = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  for (const path of ['', ...within]) chownSync(join(directory, path), NOBODY, NOBODY);
  process.setgroups?.([NOBODY]);
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}
