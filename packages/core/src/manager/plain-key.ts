/** A string that is equal for equal plain data, whatever the order of its keys. */

/** undefined for what holds anything but strings, finite numbers, booleans, lists and plain objects. */
export function plainKey(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined;
    case 'boolean':
      return String(value);
    case 'object':
      return keyOfObject(value);
    default:
      return undefined;
  }
}

function keyOfObject(value: object | null): string | undefined {
  if (value === null) return undefined;
  if (Array.isArray(value)) return joined(value.map(plainKey), '[', ']');
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const keys = entries.map(([name, item]) => {
    const key = plainKey(item);
    return key === undefined ? undefined : `${JSON.stringify(name)}:${key}`;
  });
  return joined(keys, '{', '}');
}

function joined(keys: (string | undefined)[], open: string, close: string): string | undefined {
  return keys.includes(undefined) ? undefined : `${open}${keys.join(',')}${close}`;
}
