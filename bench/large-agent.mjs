/**
 * Loaded before an agent: makes it as large as one that has run for long and keeps much, half of it
 * in objects and half in bytes outside of V8's heap. All of it is written to, so that it is there.
 */
const megabytes = Number(process.env['BENCH_GROWN_MEGABYTES']);
/** What each of the objects takes up, with its place in the list. */
const OBJECT_BYTES = 64;

export const bytes = Buffer.allocUnsafeSlow((megabytes / 2) * 2 ** 20).fill(1);
export const objects = Array.from(
  { length: ((megabytes / 2) * 2 ** 20) / OBJECT_BYTES },
  (_, number) => ({ number, next: number + 1, first: true, last: false }),
);
