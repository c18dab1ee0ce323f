/** What is called, here and by piscina: the very same functions. */

/** Takes and gives nothing worth speaking of. */
export function nothing(value: number): number {
  return value;
}

/** Keeps a core busy for so many milliseconds, as the clock has it. */
export function spin(ms: number): number {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
}

/** Gives back what it was given, changed in one place so that it is not the same. */
export function touch(bytes: Uint8Array): Uint8Array {
  bytes[0] = (bytes[0] as number) + 1;
  return bytes;
}
