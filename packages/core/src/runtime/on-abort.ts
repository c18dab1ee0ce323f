/** Any number of calls that are due when an AbortSignal of the user is given; for our own there is `sharedAbort`. */

/** Who waits for which signal. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls once when the signal is given; never for one that has been. By one listener a signal, however many
 * wait for it: Node takes more than ten for a leak, and says so.
 *
 * @returns takes it back
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const calls = waiting.get(signal) ?? listen(signal);
  const mine = (): void => call();
  calls.add(mine);
  return () => {
    // Without anybody left, nothing is to keep the signal alive.
    if (calls.delete(mine) && calls.size === 0) forget(signal);
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const calls = new Set<() => void>();
  waiting.set(signal, calls);
  signal.addEventListener('abort', given);
  return calls;
}

function given(this: AbortSignal): void {
  const calls = waiting.get(this) ?? [];
  forget(this);
  for (const call of [...calls]) call();
}

function forget(signal: AbortSignal): void {
  waiting.delete(signal);
  signal.removeEventListener('abort', given);
}
