/** A disk of a few mebibytes, in memory, that can be filled to the last byte and the last file. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class SmallDisk implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Mounts it in that directory, as root or by sudo. Without either it fails. */
  static mount(directory: string): SmallDisk {
    const path = join(directory, 'disk');
    mkdirSync(path);
    asRoot('mount', '-t', 'tmpfs', '-o', 'size=16m,nr_inodes=400,mode=777', 'tmpfs', path);
    return new SmallDisk(path);
  }

  fill(): void {
    mkdirSync(this.#filler, { recursive: true });
    const zeros = Buffer.alloc(4096);
    untilFull(() => writeFileSync(join(this.#filler, 'bytes'), zeros, { flag: 'a' }));
    let files = 0;
    untilFull(() => writeFileSync(join(this.#filler, `file-${++files}`), ''));
  }

  free(): void {
    rmSync(this.#filler, { recursive: true });
  }

  get #filler(): string {
    return join(this.path, 'filler');
  }

  [Symbol.dispose](): void {
    // Lazily: processes that are just ending may still have files open there.
    asRoot('umount', '--lazy', this.path);
  }
}

function untilFull(write: () => void): void {
  try {
    for (;;) write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function asRoot(command: string, ...rest: string[]): void {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive'];
  const [program = '', ...words] = [...sudo, command, ...rest];
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
}
