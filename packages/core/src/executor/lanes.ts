/**
 * Lanes: what a running unit needs besides its process and what is cheaper to keep than to make
 * anew, three open files. A lane is used again and again, unless a process that outlived its unit
 * still holds its files; so its progress file's path, which all processes of a unit have in their
 * environment, also tells whose they are.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectorySync } from '../runtime/make-directory.ts';
import { Capture, type FreeRange } from './capture.ts';

/** A place for one running unit. */
export interface Lane {
  readonly stdout: Capture;
  readonly stderr: Capture;
  readonly progress: Capture;
}

/** The lanes of an executor, as many as units ever ran at once. */
export class Lanes {
  /**
   * All that belongs to these lanes is in here, and nothing else: several agents of a pilot may have
   * one root, on a file system that nodes share, and each only knows its own. With a slash at its
   * end.
   */
  readonly directory: string;
  readonly #freeRange: FreeRange;
  readonly #free: Lane[] = [];
  #made = 0;

  constructor(root: string, freeRange: FreeRange) {
    makeDirectorySync(root);
    this.directory = `${mkdtempSync(join(root, 'lanes-'))}/`;
    this.#freeRange = freeRange;
  }

  #makeDirectory(): void {
    makeDirectorySync(this.directory, 0o700);
  }

  take(): Lane {
    const lane = this.#free.pop();
    if (lane) return lane;
    // A unit that removes what is around it must not take the place of all that come after it.
    this.#makeDirectory();
    const number = this.#made++;
    const capture = (what: string): Capture =>
      new Capture(`${this.directory}${number}.${what}`, this.#freeRange);
    return { stdout: capture('out'), stderr: capture('err'), progress: capture('progress') };
  }

  /** What is around them was removed: those of which a file is gone are not used again. */
  dropRemoved(): void {
    for (const lane of this.#free.splice(0)) this.release(lane, false);
  }

  /** Gives a drained lane back; `shared` if a process that is not over may still use its files. */
  release(lane: Lane, shared: boolean): void {
    if (!shared && lane.progress.intact) this.#free.push(lane);
    else discard(lane);
  }

  /** Removes all files; every lane must have been given back. */
  close(): void {
    for (const lane of this.#free.splice(0)) discard(lane);
    try {
      rmSync(this.directory, { recursive: true, force: true });
    } catch {
      // What cannot be removed stays: there is nobody left to whom it matters.
    }
  }
}

function discard({ stdout, stderr, progress }: Lane): void {
  for (const capture of [stdout, stderr, progress]) capture.remove();
}
