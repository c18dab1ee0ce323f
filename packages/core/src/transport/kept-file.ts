/**
 * A link through a file: what nobody could be told, for whoever finds its writer dead.
 *
 * Entries are frames of length and CRC-32 (four bytes each, big-endian) and msgpack. A torn end, of a
 * writer that died in the middle, is left out by readers.
 */
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { Packr, Unpackr } from 'msgpackr';
import { syncDirectory } from '../runtime/files.ts';
import type { Log } from '../runtime/log.ts';

const HEAD_BYTES = 8;

/**
 * A file that is there only while something is kept in it. Its directory is made when it is needed.
 * What cannot be written waits in memory, and is tried again with what comes next.
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
    await this.#file?.close();
    this.#file = undefined;
  }

  #start(): void {
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
  }

  /** What comes while a write is under way is one write more. */
  async #run(): Promise<void> {
    while (this.#isForgotten || this.#queue.length > 0) {
      if (this.#isForgotten) {
        this.#isForgotten = false;
        await this.#remove();
        continue;
      }
      const due = this.#queue;
      this.#queue = [];
      try {
        await this.#append(Buffer.concat(due));
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isForgotten) this.#queue = [...due, ...this.#queue];
        const level = this.#isFailing ? 'debug' : 'warn';
        this.#isFailing = true;
        this.#log[level]({ err: error, file: this.#path }, 'results cannot be kept on disk');
        return;
      }
    }
  }

  async #append(bytes: Buffer): Promise<void> {
    this.#file ??= await this.#create();
    for (let written = 0; written < bytes.length; ) {
      const left = bytes.length - written;
      const { bytesWritten } = await this.#file.write(bytes, written, left, this.#end + written);
      written += bytesWritten;
    }
    await this.#file.datasync();
    this.#end += bytes.length;
  }

  async #create(): Promise<FileHandle> {
    const directory = dirname(this.#path);
    await mkdir(directory, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const file = await open(this.#path, 'w', 0o600);
    await syncDirectory(directory);
    return file;
  }

  async #remove(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    this.#end = 0;
    await rm(this.#path, { force: true }).catch((error: unknown) => {
      this.#log.warn({ err: error, file: this.#path }, 'delivered results cannot be removed');
    });
  }
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
