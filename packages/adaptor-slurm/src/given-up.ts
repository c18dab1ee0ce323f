/** Submissions that travel together, and whose callers give them up one by one. PURE. */

/** A signal that gives up when all of these have; never, when one cannot. */
export function whenAll(signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const abort = new AbortController();
  let left = signals.length;
  const one = () => {
    left -= 1;
    if (left === 0) abort.abort();
  };
  for (const signal of signals) {
    if (signal?.aborted) one();
    else signal?.addEventListener('abort', one, { once: true });
  }
  return abort.signal;
}
