/**
 * What is held in C for objects of the program: sessions, native jobs, arrays and reservations. Each
 * has a number there; a pointer never leaves this process.
 */
import { NativeError } from '../native/native-error.ts';
import type { Pointer } from './memory.ts';

/** What may be held. */
export type HandleKind =
  | 'job session'
  | 'reservation session'
  | 'monitoring session'
  | 'job'
  | 'job array'
  | 'reservation';

/**
 * How the program names what is held here: the id says what it is also where the number is of
 * another process.
 */
export interface HandleRef {
  readonly handle: number;
  readonly kind: HandleKind;
  /** A session's name, or what the resource manager knows it by. */
  readonly id: string;
  /** Where it is found again when this process has replaced another. */
  readonly session?: HandleRef;
}

interface Held {
  readonly kind: HandleKind;
  readonly id: string;
  readonly pointer: Pointer;
  /** The handle of the session that it belongs to. */
  readonly session?: number | undefined;
  release(): Promise<void>;
}

/** More than a process ever holds; numbers of two processes are far apart. */
const SPAN = 2 ** 30;

/** The handles of one process. */
export class ObjectTable {
  readonly #held = new Map<number, Held>();
  readonly #first = process.pid * SPAN;
  #next = process.pid * SPAN;

  /** Holds something until `free`, which calls `release` once. */
  add(held: Held, handle: number = this.#next++): number {
    this.#held.set(handle, held);
    return handle;
  }

  /**
   * The pointer; undefined where the number is of a process before this one, whose pointers are gone.
   * Refuses what has been freed here.
   */
  find({ handle, kind, id }: HandleRef): Pointer | undefined {
    const held = this.#held.get(handle);
    if (held !== undefined && held.kind === kind && held.id === id) return held.pointer;
    if (held === undefined && (handle < this.#first || handle >= this.#next)) return undefined;
    throw new NativeError({
      code: 'WRONG_STATE',
      problem: `the ${kind} has been freed`,
      subject: id,
    });
  }

  /** Releases what is held; nothing where there is no such thing any more. */
  async free(handle: number): Promise<void> {
    const held = this.#held.get(handle);
    this.#held.delete(handle);
    await held?.release();
  }

  /** Releases what belongs to a session. */
  async freeOf(session: number): Promise<void> {
    for (const [handle, held] of this.#held) if (held.session === session) await this.free(handle);
  }

  /** Everything that is held, what was held last first. */
  async freeAll(): Promise<void> {
    for (const handle of [...this.#held.keys()].reverse()) await this.free(handle);
  }
}

/** Something of which several hold a part: it is released with the last of them. */
export class Shared {
  #holders = 0;
  readonly #release: () => Promise<void>;

  constructor(release: () => Promise<void>) {
    this.#release = release;
  }

  /** One more holder; what is returned is its release. */
  hold(): () => Promise<void> {
    this.#holders += 1;
    return async () => {
      this.#holders -= 1;
      if (this.#holders === 0) await this.#release();
    };
  }
}
