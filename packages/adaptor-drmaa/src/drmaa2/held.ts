/**
 * Objects of the program as pointers: what was answered is held, what is named is looked up, and what
 * was held by a process before this one is found again by its id in its session, opened anew.
 */
import { NativeError } from '../native/native-error.ts';
import type { Filler } from './filling.ts';
import { type HandleKind, type HandleRef, ObjectTable, Shared } from './handles.ts';
import type { Drmaa2Library } from './library.ts';
import type { Pointer } from './memory.ts';
import type { Reader } from './reading.ts';

/** The function that frees each kind, and the one that tells its id. */
const FUNCTIONS: Readonly<
  Record<HandleKind, { free: string; id?: string; close?: string; open?: string }>
> = {
  'job session': { free: 'jsession_free', close: 'close_jsession', open: 'open_jsession' },
  'reservation session': { free: 'rsession_free', close: 'close_rsession', open: 'open_rsession' },
  'monitoring session': { free: 'msession_free', close: 'close_msession', open: 'open_msession' },
  job: { free: 'j_free', id: 'j_get_id' },
  'job array': { free: 'jarray_free', id: 'jarray_get_id' },
  reservation: { free: 'r_free', id: 'r_get_id' },
};

type Listed = 'job' | 'reservation';

/** What is held in C, and how it is come by. */
export class HeldObjects {
  readonly #library: Drmaa2Library;
  readonly #reader: Reader;
  readonly #filler: Filler;
  readonly #table = new ObjectTable();

  constructor(library: Drmaa2Library, reader: Reader, filler: Filler) {
    this.#library = library;
    this.#reader = reader;
    this.#filler = filler;
  }

  /** Holds a session that a function opens. */
  async holdSession(
    kind: HandleKind,
    id: string,
    name: string,
    ...args: readonly unknown[]
  ): Promise<HandleRef> {
    const pointer = await this.#library.object(name, ...args);
    return { handle: this.#addSession(kind, id, pointer), kind, id };
  }

  /** Holds what a function answers: a native job, an array or a reservation. */
  async hold(
    kind: HandleKind,
    session: HandleRef,
    name: string,
    ...args: readonly unknown[]
  ): Promise<HandleRef> {
    const pointer = await this.#library.object(name, ...args);
    const release = () => this.#library.free(FUNCTIONS[kind].free, pointer);
    try {
      const id = await this.idOf(kind, pointer);
      return {
        handle: this.#table.add({ kind, id, pointer, session: session.handle, release }),
        kind,
        id,
        session,
      };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Holds the entries of a list that a function answers; they live as long as the list does. */
  async holdList(
    kind: Listed,
    session: HandleRef,
    name: string,
    ...args: readonly unknown[]
  ): Promise<HandleRef[]> {
    return this.#withList(kind, name, args, (entries, shared) =>
      entries.map(({ id, pointer }) => {
        const held = { kind, id, pointer, session: session.handle, release: shared.hold() };
        const handle = this.#table.add(held);
        return { handle, kind, id, session };
      }),
    );
  }

  /** The pointer of what the program names. */
  async pointer(ref: HandleRef): Promise<Pointer> {
    return this.#table.find(ref) ?? (await this.#findAgain(ref));
  }

  /** What the resource manager knows it by. */
  async idOf(kind: HandleKind, pointer: Pointer): Promise<string> {
    const { id: name } = FUNCTIONS[kind];
    const id = name && (await this.#library.string(name, pointer));
    if (id) return id;
    throw new NativeError({
      code: 'ADAPTOR_FAILED',
      problem: `the library has no id for a ${kind}`,
    });
  }

  /** Releases what is held. */
  free(handle: number): Promise<void> {
    return this.#table.free(handle);
  }

  /** Closes a session and frees it and what is of it; it is gone also when closing failed. */
  async closeSession(ref: HandleRef): Promise<void> {
    const { close = '' } = FUNCTIONS[ref.kind];
    const pointer = await this.pointer(ref);
    await this.#table.freeOf(ref.handle);
    try {
      await this.#library.check(close, pointer);
    } finally {
      await this.#table.free(ref.handle);
    }
  }

  /** Frees everything. */
  freeAll(): Promise<void> {
    return this.#table.freeAll();
  }

  #addSession(kind: HandleKind, id: string, pointer: Pointer, handle?: number): number {
    const release = () => this.#library.free(FUNCTIONS[kind].free, pointer);
    return this.#table.add({ kind, id, pointer, release }, handle);
  }

  async #withList<T>(
    kind: Listed,
    name: string,
    args: readonly unknown[],
    use: (entries: { id: string; pointer: Pointer }[], shared: Shared) => T,
  ): Promise<T> {
    const list = await this.#library.object(name, ...args);
    const shared = new Shared(() => this.#library.free('list_free', list));
    // Our own part of it, so that it is freed where nobody takes any, and where this fails.
    const release = shared.hold();
    try {
      const entries = await this.#reader.list(list, async (pointer) => ({
        pointer,
        id: await this.idOf(kind, pointer),
      }));
      return use(entries, shared);
    } finally {
      await release();
    }
  }

  async #findAgain(ref: HandleRef): Promise<Pointer> {
    const { open } = FUNCTIONS[ref.kind];
    if (open !== undefined) {
      const pointer = await this.#library.object(open, ref.id || null);
      this.#addSession(ref.kind, ref.id, pointer, ref.handle);
      return pointer;
    }
    const { session } = ref;
    if (session === undefined) throw lost(ref);
    const inside = await this.pointer(session);
    if (ref.kind === 'job') return this.#findJob(ref, session, inside);
    if (session.kind === 'monitoring session')
      return this.#findIn(ref, 'reservation', 'msession_get_all_reservations', inside);
    const name = ref.kind === 'job array' ? 'jsession_get_job_array' : 'rsession_get_reservation';
    const pointer = await this.#library.object(name, inside, ref.id);
    const release = () => this.#library.free(FUNCTIONS[ref.kind].free, pointer);
    const { kind, id, handle } = ref;
    this.#table.add({ kind, id, pointer, session: session.handle, release }, handle);
    return pointer;
  }

  async #findJob(ref: HandleRef, session: HandleRef, inside: Pointer): Promise<Pointer> {
    const name =
      session.kind === 'monitoring session' ? 'msession_get_all_jobs' : 'jsession_get_jobs';
    return this.#filler.with('jinfo', { jobId: ref.id }, (filter) =>
      this.#findIn(ref, 'job', name, inside, filter),
    );
  }

  async #findIn(
    ref: HandleRef,
    kind: Listed,
    name: string,
    ...args: readonly unknown[]
  ): Promise<Pointer> {
    return this.#withList(kind, name, args, (entries, shared) => {
      const found = entries.find(({ id }) => id === ref.id);
      if (found === undefined) throw lost(ref);
      const held = { ...found, kind, session: ref.session?.handle, release: shared.hold() };
      this.#table.add(held, ref.handle);
      return found.pointer;
    });
  }
}

function lost({ kind, id }: HandleRef): NativeError {
  return new NativeError({
    code: 'WRONG_STATE',
    problem: `the library's process was replaced, and the ${kind} is not known to the new one`,
    subject: id,
  });
}
