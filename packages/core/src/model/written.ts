/** How a value that was refused is shown in the message that refuses it. */

const LENGTH_MAX = 80;

/** The value as one would write it in a program, on one line, and cut when it is long. */
export function written(value: unknown): string {
  const text = typeof value === 'string' ? quoted(value) : (json(value) ?? String(value));
  return text.length <= LENGTH_MAX ? text : `${text.slice(0, LENGTH_MAX)}…`;
}

function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return `'${escaped}'`;
}

function json(value: unknown): string | undefined {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number') return String(value);
  // As JSON it would be null, which nobody has written.
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'an invalid Date';
  try {
    return JSON.stringify(value);
  } catch {
    // A circle or a bigint: there is no better word for it than its type.
    return `some ${typeof value}`;
  }
}
