/** What the journal's tests share: a directory, a way to open, and disks that misbehave on demand. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach } from 'vitest';
import { type Disk, type DiskFile, systemDisk } from '../../src/journal/disk.ts';
import type { JournalOptions } from '../../src/journal/journal.ts';
import { type OpenedJournal, openJournal } from '../../src/journal/open-journal.ts';
import { silentLog } from '../../src/runtime/log.ts';

const directories: string[] = [];

/** A file system in memory, where there is one: for tests that write much and need no real disk. */
export const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A directory that is gone after the test. */
export function temporaryDirectory(where = tmpdir()): string {
  const directory = mkdtempSync(join(where, 'pstar-journal-'));
  directories.push(directory);
  return directory;
}

afterEach(() => {
  for (const directory of directories.splice(0))
    rmSync(directory, { recursive: true, force: true });
});

/** So many bytes that nothing makes shorter. */
export function noise(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
}

export function open(
  directory: string,
  options: Partial<JournalOptions> = {},
): Promise<OpenedJournal> {
  return openJournal({ directory, kind: 'test', log: silentLog, ...options });
}

/** What a journal holds, found by opening it. */
export async function contents(directory: string) {
  const { journal, snapshot, records, notice } = await open(directory);
  const parts = snapshot && [...snapshot];
  const all = [...records];
  await journal.close();
  return { snapshot: parts, records: all, notice };
}

export type Operation = Exclude<keyof DiskFile, 'size'> | keyof Disk;

/** Called before the disk does something; what it throws, the disk throws. */
export type Hook = (operation: Operation, path: string, bytes?: Uint8Array) => void;

/** The real disk, with a hook. */
export function hookedDisk(hook: Hook): Disk {
  const hookFile = (path: string, file: DiskFile): DiskFile => ({
    get size() {
      return file.size;
    },
    get isDeleted() {
      return file.isDeleted;
    },
    writeNow: (bytes, offset) => {
      hook('writeNow', path, bytes);
      file.writeNow(bytes, offset);
    },
    write: async (bytes, offset) => {
      hook('write', path, bytes);
      await file.write(bytes, offset);
    },
    sync: async () => {
      hook('sync', path);
      await file.sync();
    },
    syncNow: () => {
      hook('syncNow', path);
      file.syncNow?.();
    },
    truncate: async (size) => {
      hook('truncate', path);
      await file.truncate(size);
    },
    close: async () => {
      hook('close', path);
      await file.close();
    },
  });
  return {
    create: async (path) => {
      hook('create', path);
      return hookFile(path, await systemDisk.create(path));
    },
    open: async (path) => {
      hook('open', path);
      return hookFile(path, await systemDisk.open(path));
    },
    rename: async (from, to) => {
      hook('rename', to);
      await systemDisk.rename(from, to);
    },
    remove: async (path) => {
      hook('remove', path);
      await systemDisk.remove(path);
    },
    syncDirectory: async (path) => {
      hook('syncDirectory', path);
      await systemDisk.syncDirectory(path);
    },
    freeBytes: async () => 4096,
  };
}

/** What the system says when `code` is the matter. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: write`), { code });
}

/** Copies a journal's files; the room ahead is there in the copy but takes no space. */
export function copyJournal(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    const bytes = readOr(join(from, name));
    // Another thread has renamed or deleted it since we looked.
    if (!bytes) {
      copyJournal(from, to);
      return;
    }
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === 0) end--;
    writeFileSync(join(to, name), bytes.subarray(0, end));
    truncateSync(join(to, name), bytes.length);
  }
}

function readOr(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** The only file of a type in a directory. */
export function fileOf(directory: string, type: 'segment' | 'snapshot'): string {
  const names = readdirSync(directory).filter((name) => name.startsWith(type));
  if (names.length !== 1) throw new Error(`not one ${type}: ${names.join(' ')}`);
  return join(directory, String(names[0]));
}

interface Inode {
  durable: Buffer;
  pending: { offset: number; bytes: Uint8Array }[];
}

/**
 * The real disk, with a memory of what a power failure would leave of it: of what was written since
 * the last sync any sectors, and of the names any changes since the directory's sync.
 */
export class FragileDisk implements Disk {
  readonly #before: () => void;
  readonly #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #nameChanges: ((names: Map<string, Inode>) => void)[] = [];

  /** `before` is called before every change. */
  constructor(before: () => void) {
    this.#before = before;
  }

  /** Leaves in `directory` what a power failure now might; `random` decides. */
  fail(directory: string, random: () => number): void {
    const names = new Map(this.#durableNames);
    const luck = random();
    for (const change of this.#nameChanges) if (random() < luck) change(names);
    for (const [path, inode] of names) {
      writeFileSync(join(directory, basename(path)), survivorsOf(inode, random));
    }
  }

  async create(path: string): Promise<DiskFile> {
    this.#before();
    const inode: Inode = { durable: Buffer.alloc(0), pending: [] };
    this.#change((names) => names.set(path, inode));
    return this.#file(inode, await systemDisk.create(path));
  }

  async open(path: string): Promise<DiskFile> {
    const inode = this.#names.get(path);
    if (!inode) throw new Error(`never made: ${path}`);
    return this.#file(inode, await systemDisk.open(path));
  }

  async rename(from: string, to: string): Promise<void> {
    this.#before();
    const inode = this.#names.get(from);
    this.#change((names) => {
      names.delete(from);
      if (inode) names.set(to, inode);
    });
    await systemDisk.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.#before();
    this.#change((names) => names.delete(path));
    await systemDisk.remove(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#before();
    await systemDisk.syncDirectory(path);
    for (const change of this.#nameChanges.splice(0)) change(this.#durableNames);
  }

  freeBytes(path: string): Promise<number> {
    return systemDisk.freeBytes(path);
  }

  #change(change: (names: Map<string, Inode>) => void): void {
    change(this.#names);
    this.#nameChanges.push(change);
  }

  #file(inode: Inode, file: DiskFile): DiskFile {
    const write = (bytes: Uint8Array, offset: number) => {
      this.#before();
      inode.pending.push({ offset, bytes: Uint8Array.from(bytes) });
    };
    return {
      get size() {
        return file.size;
      },
      get isDeleted() {
        return file.isDeleted;
      },
      writeNow: (bytes, offset) => {
        write(bytes, offset);
        file.writeNow(bytes, offset);
      },
      write: async (bytes, offset) => {
        write(bytes, offset);
        await file.write(bytes, offset);
      },
      sync: async () => {
        this.#before();
        // Only what was written before it began is sure to be on disk when it ends.
        const synced = inode.pending.length;
        await file.sync();
        this.#before();
        inode.durable = apply(inode.durable, inode.pending.splice(0, synced));
      },
      truncate: async (size) => {
        this.#before();
        inode.durable = inode.durable.subarray(0, size);
        await file.truncate(size);
      },
      close: () => file.close(),
    };
  }
}

const SECTOR = 512;

function apply(durable: Buffer, writes: Inode['pending']): Buffer {
  const size = writes.reduce(
    (most, w) => Math.max(most, w.offset + w.bytes.length),
    durable.length,
  );
  const result = Buffer.alloc(size);
  durable.copy(result);
  for (const { offset, bytes } of writes) result.set(bytes, offset);
  return result;
}

function survivorsOf({ durable, pending }: Inode, random: () => number): Buffer {
  const luck = random();
  const sectors = pending.flatMap(({ offset, bytes }) => {
    const parts = [];
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + SECTOR - ((offset + at) % SECTOR));
      if (random() < luck) parts.push({ offset: offset + at, bytes: bytes.subarray(at, end) });
      at = end;
    }
    return parts;
  });
  return apply(durable, sectors);
}
