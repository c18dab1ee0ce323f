/** What of a value cannot be sent, for its author. */
import { inspect } from 'node:util';
import { encodeValue } from './values.ts';

/** Which part of a value cannot be cloned, and what that is; undefined when all of it can be. */
export function unsendablePart(value: unknown, path: string): string | undefined {
  return partOf(value, path, new Set());
}

function partOf(value: unknown, path: string, seen: Set<unknown>): string | undefined {
  if (typeof value === 'function') return `${path}, the function ${value.name || '(anonymous)'},`;
  if (typeof value === 'symbol') return `${path}, a symbol,`;
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined;
  seen.add(value);
  try {
    for (const [name, part] of partsOf(value)) {
      const found = partOf(part, `${path}${name}`, seen);
      if (found !== undefined) return found;
    }
    encodeValue(value);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `${path} (${why.replace(/\.$/, '')})`;
  }
}

function* partsOf(value: object): Generator<readonly [string, unknown]> {
  if (ArrayBuffer.isView(value)) return;
  if (value instanceof Map) {
    for (const [key, part] of value) yield [`.get(${inspect(key)})`, part];
  } else if (value instanceof Set) {
    for (const part of value) yield [' (a member of it)', part];
  } else {
    for (const [name, part] of Object.entries(value)) {
      yield [Array.isArray(value) ? `[${name}]` : `.${name}`, part];
    }
  }
}
