/**
 * Lets the processes that are being started go before the thread that has them started.
 *
 * posix_spawn comes back when the new program begins to be loaded, often on the processor that loads
 * it, above all on a virtual machine, whose other processors look busy while they sleep. A thread that
 * is woken takes the processor then, and all that it has left to do in this turn of the event loop comes
 * before the unit. A thread of SCHED_BATCH waits for the processor instead, and finds more to do at once.
 *
 * Of one start: 137 µs of what a dependent took were such work, 45 of an idle start (medians of 290 pairs
 * and of 340 single ones, by the kernel's trace). Of many: 183 µs of processor time a unit became 153 (medians of
 * seven interleaved rounds of 3,000). While nothing is being started
 * the thread is woken at once as any other: on a node whose processors all compute it would be late
 * for messages and ends otherwise.
 */
import type { Libc } from './libc.ts';

/** From <sched.h> and <spawn.h>. */
const SCHED_OTHER = 0;
const SCHED_BATCH = 3;
const SETSCHEDULER = 0x20;
const THIS_THREAD = 0;

/** For the thread that has made it. */
export class GiveWay {
  /**
   * For the attributes of what this thread starts itself: it is to be scheduled as its parent was. What the
   * policy is there, and its priority, is 0 unless it is set. What other threads start has their policy, and
   * without it: with it there were 1,600 units a second instead of 1,850, and the manager took 49 µs for each
   * instead of 30 (medians of six interleaved runs of 10,000).
   */
  readonly flags: number;
  readonly #libc: Libc;
  /** A sched_param: its priority, 0. */
  readonly #parameters = Buffer.alloc(8);
  readonly #address: bigint;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#address = libc.address(this.#parameters);
    // Whoever was given another policy keeps it, and so do its children.
    const isUsual = libc.sched_getscheduler(THIS_THREAD) === SCHED_OTHER;
    const isAllowed = isUsual && this.#become(SCHED_BATCH) && this.#become(SCHED_OTHER);
    this.flags = isAllowed ? SETSCHEDULER : 0;
  }

  /** From before this thread starts a process with these flags, or from when another has been told to. */
  begin(): void {
    if (this.flags !== 0) this.#become(SCHED_BATCH);
  }

  /** Once nothing is being started any more. */
  end(): void {
    if (this.flags !== 0) this.#become(SCHED_OTHER);
  }

  #become(policy: number): boolean {
    return this.#libc.sched_setscheduler(THIS_THREAD, policy, this.#address) === 0;
  }
}
