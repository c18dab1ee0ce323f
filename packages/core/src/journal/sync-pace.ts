/**
 * Whether a sync is to hold up the event loop, rather than be left to another thread. Asking a thread and
 * being woken by it takes 60 to 250 µs on a machine with nothing else to do, and a quick disk 130: without
 * the thread, one unit's way through the journal is half as long. Syncs of many bytes are still left to a
 * thread, and so is every second one of those that follow at once: whoever awaits one submit after the other
 * must not keep messages and timers from their turn.
 */

/** More than that is worth another thread. */
const FEW_BYTES = 4 * 1024;
/** A disk is quick that has taken less than that, so many times in a row. */
const QUICK_MS = 1;
const TIMES = 8;

/** Learns from each sync how quick the disk is. */
export class SyncPace {
  #quickOnes = 0;
  #hasBlocked = false;

  /**
   * Says so once a turn of the event loop, and expects that it is done then.
   *
   * @param bytes that are to be made durable
   */
  mayBlock(bytes: number): boolean {
    if (bytes > FEW_BYTES || this.#quickOnes < TIMES || this.#hasBlocked) return false;
    this.#hasBlocked = true;
    setImmediate(() => {
      this.#hasBlocked = false;
    });
    return true;
  }

  /** How long the last one took, whoever did it. */
  took(bytes: number, ms: number): void {
    if (ms >= QUICK_MS) this.#quickOnes = 0;
    else if (bytes <= FEW_BYTES) this.#quickOnes++;
  }
}
