/**
 * The only place that reads a clock or sets a timer. Everything above takes a `Clock` as a
 * parameter, so that tests and the simulator can bring their own time.
 */

/** A call that is due later. */
export interface Timer {
  /** Takes the call back; harmless when it was made already. */
  cancel(): void;
}

/** How a timer behaves towards the process that set it. */
export interface TimerOptions {
  /** Does not keep the process alive for this call alone. */
  readonly unref?: boolean;
}

/** Time as a parameter. */
export interface Clock {
  /** Milliseconds since the epoch; jumps when somebody sets the machine's clock. */
  now(): number;
  /** Milliseconds since an arbitrary moment; never goes back, the one to measure with. */
  monotonic(): number;
  /** Calls `call` once, `ms` from now, however long that is. */
  after(ms: number, call: () => void, options?: TimerOptions): Timer;
}

/** setTimeout() takes 2^31 - 1 ms (24.8 days) at most and calls at once for anything longer. */
const LONGEST_TIMEOUT_MS = 0x7fff_ffff;

function after(ms: number, call: () => void, options: TimerOptions = {}): Timer {
  let left = ms;
  let timeout: NodeJS.Timeout;
  const wait = (): void => {
    const step = Math.min(left, LONGEST_TIMEOUT_MS);
    left -= step;
    timeout = setTimeout(left > 0 ? wait : call, step);
    if (options.unref) timeout.unref();
  };
  wait();
  return { cancel: () => clearTimeout(timeout) };
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after,
};
