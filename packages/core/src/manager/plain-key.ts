/** A string that is equal for equal plain data, whatever the order of its keys. */

/** What is nested deeper is no description of anything. */
const DEPTH_MAX = 100;

/** undefined for what holds anything but strings, finite numbers, booleans, lists and plain objects, or itself. */
export function plainKey(value: unknown, within: readonly object[] = []): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined;
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? undefined : keyOfObject(value, within);
    default:
      return undefined;
  }
}

function keyOfObject(value: object, around: readonly object[]): string | undefined {
  if (around.length === DEPTH_MAX || around.includes(value)) return undefined;
  const within = [...around, value];
  if (Array.isArray(value)) {
    return joined(
      value.map((item) => plainKey(item, within)),
      '[',
      ']',
    );
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const keys = entries.map(([name, item]) => {
    const key = plainKey(item, within);
    return key === undefined ? undefined : `${JSON.stringify(name)}:${key}`;
  });
  return joined(keys, '{', '}');
}

function joined(keys: (string | undefined)[], open: string, close: string): string | undefined {
  return keys.includes(undefined) ? undefined : `${open}${keys.join(',')}${close}`;
}
