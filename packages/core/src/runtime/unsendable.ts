/** What of a value cannot be sent, for its author. */
import { inspect } from 'node:util';
import { messageOf } from '../model/message-of.ts';
import { encodeValue, TooDeepError } from './values.ts';

/** How deep to look: a longer path nobody would read, and this recurses. */
const MOST_DEPTH = 1000;

/** Which part of a value cannot be cloned, and what that is; undefined when all of it can be. */
export function unsendablePart(value: unknown, path: string): string | undefined {
  if (typeof value !== 'function' && typeof value !== 'symbol') {
    try {
      encodeValue(value);
      return undefined;
    } catch (error) {
      if (error instanceof TooDeepError) return `${path}, ${error.where},`;
    }
  }
  return partOf(value, path, new Set());
}

function partOf(value: unknown, path: string, seen: Set<unknown>, depth = 0): string | undefined {
  if (typeof value === 'function') return `${path}, the function ${value.name || '(anonymous)'},`;
  if (typeof value === 'symbol') return `${path}, a symbol,`;
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined;
  seen.add(value);
  try {
    if (depth === MOST_DEPTH) {
      encodeValue(value);
      return undefined;
    }
    for (const [name, part] of partsOf(value)) {
      const found = partOf(part, `${path}${name}`, seen, depth + 1);
      if (found !== undefined) return found;
    }
    encodeValue(value);
    return undefined;
  } catch (error) {
    const why = messageOf(error);
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
