/** What of a value cannot be sent, for its author. */
import { inspect } from 'node:util';
import { messageOf } from '../model/message-of.ts';
import { encodeValue } from './values.ts';

/**
 * How deep to look. What is nested far deeper cannot be cloned: the engine recurses, as this does, and at the
 * end of the stack there is no room left even to say so.
 */
const MOST_DEPTH = 1000;
/** In place of a path that is too long for anybody to read. */
const TOO_DEEP = 'too deep';

/** Which part of a value cannot be cloned, and what that is; undefined when all of it can be. */
export function unsendablePart(value: unknown, path: string): string | undefined {
  const found = partOf(value, path, new Set());
  return found === TOO_DEEP ? `${path}, nested more than ${MOST_DEPTH} levels deep,` : found;
}

function partOf(value: unknown, path: string, seen: Set<unknown>, depth = 0): string | undefined {
  if (typeof value === 'function') return `${path}, the function ${value.name || '(anonymous)'},`;
  if (typeof value === 'symbol') return `${path}, a symbol,`;
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined;
  if (depth > MOST_DEPTH) return TOO_DEEP;
  seen.add(value);
  try {
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
