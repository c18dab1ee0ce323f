/** Mounts, which root alone may change, or who is allowed to by sudo. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** `options` as mount takes them. Throws where it is not permitted. */
export function mountTmpfs(path: string, options: string): void {
  asRoot('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path);
}

export function unmount(path: string): void {
  // Lazily: processes that are just ending may still have files open there.
  asRoot('umount', '--lazy', path);
}

/** What is mounted below a directory, the last first. */
export function mountsBelow(directory: string): string[] {
  const paths = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return paths.filter((path) => path.startsWith(`${directory}/`)).reverse();
}

function asRoot(command: string, ...rest: string[]): void {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive'];
  const [program = '', ...words] = [...sudo, command, ...rest];
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
}
