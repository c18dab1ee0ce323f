/** A disk in memory that can be as small, and as full, as a test wants it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endedAtLast } from './ended-at-last.ts';
import { mountTmpfs, unmount } from './mounts.ts';

/** A tmpfs over a directory until it is disposed of, or the tests of the file are over. */
export class Tmpfs implements Disposable {
  readonly path: string;
  readonly #end = endedAtLast(() => unmount(this.path));

  private constructor(path: string) {
    this.path = path;
  }

  /** Mounts it over an empty directory, as root or by sudo; `options` as mount takes them. Without either it fails. */
  static mount(path: string, options: string): Tmpfs {
    mountTmpfs(path, options);
    return new Tmpfs(path);
  }

  [Symbol.dispose](): void {
    this.#end();
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
