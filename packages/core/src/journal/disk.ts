/**
 * The calls by which the journal changes what is on disk. They are a parameter, so that a test can
 * let a disk fail, or look at it after every step; in production there is one, {@link systemDisk}.
 */

import {
  close,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncate,
  open,
  write,
  writeSync,
} from 'node:fs';
import { rename, rm, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { syncDirectory } from '../runtime/files.ts';

/** A file that is open for writing. Offsets are absolute; a write is complete or throws. */
export interface DiskFile {
  readonly size: number;
  /** It has no name any more: what is written to it, nobody will find. */
  readonly isDeleted: boolean;
  /** For a few bytes: a copy into the page cache, cheaper here than to ask another thread for it. */
  writeNow(bytes: Uint8Array, offset: number): void;
  /** For many bytes: off the main thread. They must not change meanwhile. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Makes the contents and the size durable. */
  sync(): Promise<void>;
  /** The same in the calling thread, for where that is known to be quick. */
  syncNow?(): void;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** Where the files are. */
export interface Disk {
  /** Makes a file that only we can read, or empties the one that is there. */
  create(path: string): Promise<DiskFile>;
  open(path: string): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** Bytes that we may still write there. */
  freeBytes(path: string): Promise<number>;
}

const openAsync = promisify(open);
const writeAsync = promisify(write);
const syncAsync = promisify(fdatasync);
const truncateAsync = promisify(ftruncate);
const closeAsync = promisify(close);

// Plain descriptors: the promises of a FileHandle cost as much as the small write itself.
class SystemFile implements DiskFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get size(): number {
    return fstatSync(this.#fd).size;
  }

  get isDeleted(): boolean {
    return fstatSync(this.#fd).nlink === 0;
  }

  writeNow(bytes: Uint8Array, offset: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
    }
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done;
      done += (await writeAsync(this.#fd, bytes, done, left, offset + done)).bytesWritten;
    }
  }

  sync(): Promise<void> {
    return syncAsync(this.#fd);
  }

  syncNow(): void {
    fdatasyncSync(this.#fd);
  }

  truncate(size: number): Promise<void> {
    return truncateAsync(this.#fd, size);
  }

  close(): Promise<void> {
    return closeAsync(this.#fd);
  }
}

/** The machine's own disk. */
export const systemDisk: Disk = {
  create: async (path) => new SystemFile(await openAsync(path, 'w', 0o600)),
  open: async (path) => new SystemFile(await openAsync(path, 'r+')),
  rename,
  remove: (path) => rm(path, { force: true }),
  syncDirectory,
  freeBytes: async (path) => {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};
