/**
 * Reads files that units write themselves, for as long as they are watched: behind the unit while
 * it runs, to the end of the file once it is over, never more at a time than the link can carry.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { readChunks, type TakeChunk } from './capture.ts';

/** What is read of one stream in one tick: 40 MB/s at ten ticks a second. */
export const PUMP_BYTES = 4 * 1024 * 1024;

/** A reader of one file. */
export class Follower {
  readonly #path: string;
  readonly #take: TakeChunk;
  #fd: number | undefined;
  #offset = 0;

  constructor(path: string, take: TakeChunk) {
    this.#path = path;
    this.#take = take;
  }

  /** Hands over what is new; true when that was all there is at the moment. */
  pump(): boolean {
    this.#fd ??= openRegularFile(this.#path);
    if (this.#fd === undefined) return true;
    const before = this.#offset;
    this.#offset = readChunks(this.#fd, before, PUMP_BYTES, this.#take);
    return this.#offset - before < PUMP_BYTES;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** A file that was removed, or a device or pipe, which would block or never end, has no output. */
function openRegularFile(path: string): number | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch {}
  return undefined;
}
