/** A disk of a few mebibytes, in memory, that can be filled to the last byte and the last file. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tmpfs } from '../../packages/core/test/support/tmpfs.ts';

export class SmallDisk implements Disposable {
  readonly #disk: Tmpfs;

  private constructor(disk: Tmpfs) {
    this.#disk = disk;
  }

  get path(): string {
    return this.#disk.path;
  }

  /** Mounts it in that directory, as root or by sudo. Without either it fails. */
  static mount(directory: string): SmallDisk {
    const path = join(directory, 'disk');
    mkdirSync(path);
    return new SmallDisk(Tmpfs.mount(path, 'size=16m,nr_inodes=400,mode=777'));
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
    this.#disk[Symbol.dispose]();
  }
}

function untilFull(write: () => void): void {
  try {
    for (;;) write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
