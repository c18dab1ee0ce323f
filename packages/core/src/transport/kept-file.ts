/**
 * A link through a file: what nobody could be told, for whoever finds its writer dead.
 *
 * Entries are frames of length and CRC-32 (four bytes each, big-endian) and msgpack. A torn end, of a
 * writer that died in the middle, is left out by readers.
 */
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { Packr, Unpackr } from 'msgpackr';
import { syncDirectory } from '../runtime/files.ts';
import type { Log } from '../runtime/log.ts';
import { addTypedArrays } from '../runtime/typed-arrays.ts';

const HEAD_BYTES = 8;

addTypedArrays();

/**
 * A file that is there only while something is kept in it. Its directory is made when it is needed.
 * What cannot be written waits in memory, and is tried again with what comes next. What is kept in
 * the tick of a {@link forget} takes the place of what was there before, in one step.
 */
export class KeptFile {
  readonly #path: string;
  readonly #log: Log;
  readonly #packr = new Packr({ moreTypes: true });
  #queue: Buffer[] = [];
  #file: FileHandle | undefined;
  /** Where the next frame goes: after a write that failed half-way, over what it left. */
  #end = 0;
  #isForgotten = false;
  #isFailing = false;
  #work: Promise<void> | undefined;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** On disk once {@link settled}, if that is possible at all. */
  keep(entry: object): void {
    const payload = this.#packr.pack(entry);
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32BE(payload.length, 0);
    head.writeUInt32BE(crc32(payload), 4);
    this.#queue.push(head, payload);
    this.#start();
  }

  /** Everything kept so far has been delivered after all. */
  forget(): void {
    this.#queue = [];
    this.#isForgotten = true;
    this.#start();
  }

  /** Tries once more what has failed; whether all that was kept is on disk. */
  async settled(): Promise<boolean> {
    this.#start();
    await this.#work;
    return this.#queue.length === 0;
  }

  /** Lets go of the file, which stays as it is. */
  async close(): Promise<void> {
    await this.#work;
    await letGo(this.#file);
    this.#file = undefined;
  }

  #start(): void {
    this.#work ??= this.#run();
  }

  /** What comes in one tick, or while a write is under way, is one write more. */
  async #run(): Promise<void> {
    await undefined;
    while (this.#isForgotten || this.#queue.length > 0) if (!(await this.#writeDue())) break;
    this.#work = undefined;
  }

  /** Whether it is worth while to go on at once. */
  async #writeDue(): Promise<boolean> {
    const due = this.#queue;
    const isAnew = this.#isForgotten;
    this.#queue = [];
    this.#isForgotten = false;
    try {
      if (due.length === 0) await this.#remove();
      else if (isAnew || this.#file === undefined) await this.#begin(Buffer.concat(due));
      else await this.#append(this.#file, Buffer.concat(due));
      this.#isFailing = false;
      return true;
    } catch (error) {
      const level = this.#isFailing ? 'debug' : 'warn';
      this.#isFailing = true;
      this.#log[level]({ err: error, file: this.#path }, 'results cannot be kept on disk');
      if (this.#isForgotten) return true;
      this.#queue = [...due, ...this.#queue];
      this.#isForgotten = isAnew;
      return false;
    }
  }

  async #append(file: FileHandle, bytes: Buffer): Promise<void> {
    await write(file, bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Begins a file, which takes the name once it is on disk. */
  async #begin(bytes: Buffer): Promise<void> {
    const directory = dirname(this.#path);
    await mkdir(directory, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const draft = draftOf(this.#path);
    const file = await open(draft, 'w', 0o600);
    try {
      await write(file, bytes, 0);
      await rename(draft, this.#path);
    } catch (error) {
      await letGo(file);
      throw error;
    }
    await letGo(this.#file);
    this.#file = file;
    this.#end = bytes.length;
    await syncDirectory(directory);
  }

  async #remove(): Promise<void> {
    await letGo(this.#file);
    this.#file = undefined;
    await removeKept(this.#path);
  }
}

/** Removes a file, and what a writer that died in the middle has left beside it. */
export async function removeKept(path: string): Promise<void> {
  for (const file of [path, draftOf(path)]) await rm(file, { force: true });
}

/** No service's id has this sign. */
function draftOf(path: string): string {
  return `${path}~`;
}

async function write(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const left = bytes.length - written;
    written += (await file.write(bytes, written, left, at + written)).bytesWritten;
  }
  await file.datasync();
}

/** What matters is on disk before: nothing is lost when the file system complains now. */
async function letGo(file: FileHandle | undefined): Promise<void> {
  await file?.close().catch(() => {});
}

/** What a file holds, in order; nothing where there is no file. */
export async function readKept(path: string): Promise<unknown[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const unpackr = new Unpackr({ moreTypes: true, copyBuffers: true });
  const entries: unknown[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    if (payload.length < length || crc32(payload) !== bytes.readUInt32BE(at + 4)) break;
    entries.push(unpackr.unpack(payload));
    at += HEAD_BYTES + length;
  }
  return entries;
}
