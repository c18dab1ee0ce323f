/** A disk in memory that can be as small, and as full, as a test wants it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A tmpfs over a directory until it is disposed of. */
export class Tmpfs implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Mounts it over an empty directory, as root or by sudo; `options` as mount takes them. Without either it fails. */
  static mount(path: string, options: string): Tmpfs {
    asRoot('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path);
    return new Tmpfs(path);
  }

  [Symbol.dispose](): void {
    // Lazily: processes that are just ending may still have files open there.
    asRoot('umount', '--lazy', this.path);
  }
}

/** Whether tests on such a disk are to be left out: where mount is not permitted, but in CI never. */
export function cannotMount(): boolean {
  if (process.env['CI']) return false;
  const directory = mkdtempSync(join(tmpdir(), 'pstar-mount-'));
  try {
    using _ = Tmpfs.mount(directory, 'size=64k');
    return false;
  } catch {
    return true;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function asRoot(command: string, ...rest: string[]): void {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive'];
  const [program = '', ...words] = [...sudo, command, ...rest];
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
}
