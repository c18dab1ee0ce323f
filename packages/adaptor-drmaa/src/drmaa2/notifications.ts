/** The one callback that a process may give to a library, and what it is called with. */
import koffi from 'koffi';
import type { Drmaa2Library } from './library.ts';
import type { Pointer } from './memory.ts';
import type { Reader } from './reading.ts';

const CALLBACK = koffi.pointer(koffi.proto('void', ['void *']));

/** Listens to a library while somebody wants it. */
export class NotificationListener {
  readonly #library: Drmaa2Library;
  readonly #reader: Reader;
  readonly #emit: (notification: unknown) => void;
  #callback: bigint | undefined;

  constructor(library: Drmaa2Library, reader: Reader, emit: (notification: unknown) => void) {
    this.#library = library;
    this.#reader = reader;
    this.#emit = emit;
  }

  /** Begins to listen; nothing where it does so already. */
  async start(): Promise<void> {
    // Kept for good once it was given away: a thread of the library may just be calling it.
    this.#callback ??= koffi.register((place: Pointer) => this.#called(place), CALLBACK);
    await this.#library.listen(this.#callback);
  }

  /** Does not listen any more. */
  async stop(): Promise<void> {
    if (this.#callback !== undefined) await this.#library.listen(null);
  }

  /**
   * The notification is ours from now on. It is taken out of its place, as freeing it would, so that
   * the library's thread need not wait until it has been read.
   */
  #called(place: Pointer): void {
    const notification = koffi.decode(place, 'void *') as Pointer | null;
    if (notification === null) return;
    koffi.encode(place, 'void *', null);
    // Nobody waits for this: one that cannot be read is told by the process's own words.
    this.#library
      .turn(() => this.#take(notification))
      .catch((error: Error) => process.stderr.write(`a notification: ${error.message}\n`));
  }

  async #take(notification: Pointer): Promise<void> {
    try {
      this.#emit(await this.#reader.structure('notification', notification));
    } finally {
      await this.#library.free('notification_free', notification);
    }
  }
}
