/** About how large values are as bytes, without making these. */

/** What a number, an object's frame, or a name takes. */
const LEAST = 8;
/** So many parts of a value are looked at; the others are taken to be like these. */
const LOOKS = 64;

/**
 * About how many bytes a value takes encoded: right for what is large in one piece, an estimate for what
 * has very many parts. To encode it would cost twenty times as much.
 */
export function valueSize(value: unknown): number {
  return sizeOf(value, { looks: LOOKS });
}

function sizeOf(value: unknown, left: { looks: number }): number {
  if (typeof value === 'string') return LEAST + value.length;
  if (typeof value !== 'object' || value === null) return LEAST;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return LEAST + value.byteLength;
  if (value instanceof Map || value instanceof Set) return partsSize([...value], left);
  return partsSize(Array.isArray(value) ? value : Object.values(value), left);
}

function partsSize(parts: readonly unknown[], left: { looks: number }): number {
  let looked = 0;
  let size = 0;
  while (looked < parts.length && left.looks > 0) {
    left.looks -= 1;
    size += LEAST + sizeOf(parts[looked++], left);
  }
  return LEAST + (looked === 0 ? LEAST * parts.length : (size * parts.length) / looked);
}
