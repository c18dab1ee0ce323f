/** What all transfers of a program may take up together: open files, and memory of links. */

/** Large files that are read or written at once. */
const FILES = 16;
/** What may wait in all links together, and in one. */
const BYTES = 64 * 1024 * 1024;
const LINK_BYTES = { least: 64 * 1024, most: 1024 * 1024 };

/** So many of something that are had at once, by whoever asks for one, in the order of asking. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when one is free; call what it gives when it is not needed any more. */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
  }
}

/** The share of each in what there is for all. */
export class Budget {
  #senders = 0;
  readonly #files = new Slots(FILES);

  /** With so much waiting in a link no more is added to it. */
  get linkBytes(): number {
    const share = BYTES / Math.max(1, this.#senders);
    return Math.min(LINK_BYTES.most, Math.max(LINK_BYTES.least, share));
  }

  /** One more link sends. */
  enter(): void {
    this.#senders += 1;
  }

  leave(): void {
    this.#senders -= 1;
  }

  /** Resolves, in the order of the calls, when one more large file may be open; call what it gives. */
  slot(): Promise<() => void> {
    return this.#files.take();
  }
}
