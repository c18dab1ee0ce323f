/** Counts what is asked of the file system and answered later: each such request is a turn of the thread pool, and a promise. */
import { createHook } from 'node:async_hooks';

const TYPES = ['FSREQPROMISE', 'FSREQCALLBACK'];

/** How many there were while that ran, and how many of them at once at most. */
export async function fileRequestsOf(
  run: () => Promise<unknown>,
): Promise<{ count: number; atOnce: number }> {
  const open = new Set<number>();
  let count = 0;
  let atOnce = 0;
  const hook = createHook({
    init: (id, type) => {
      if (!TYPES.includes(type)) return;
      count += 1;
      open.add(id);
      atOnce = Math.max(atOnce, open.size);
    },
    before: (id) => open.delete(id),
  }).enable();
  try {
    await run();
  } finally {
    hook.disable();
  }
  return { count, atOnce };
}
