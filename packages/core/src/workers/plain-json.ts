/**
 * Plain data as JSON, whatever the code of others has made of `JSON` and of the prototypes that all share:
 * a worker has to tell of a call also when that has given every array a `toJSON`.
 */

// Taken before any module of others is loaded.
const { stringify, parse } = JSON;
const { keys } = Object;
const { isArray } = Array;

/** The JSON of plain data: primitives, and lists and objects of such. What is undefined in an object is left out. */
export function jsonOf(value: unknown): string {
  // Of a primitive no `toJSON` is asked for; of a bigint one would be, and there is none.
  if (typeof value !== 'object' || value === null) return stringify(value) ?? 'null';
  let text = '';
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) text += `${i === 0 ? '' : ','}${jsonOf(value[i])}`;
    return `[${text}]`;
  }
  const names = keys(value);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const part = (value as Record<string, unknown>)[name];
    if (part === undefined) continue;
    text += `${text === '' ? '' : ','}${stringify(name)}:${jsonOf(part)}`;
  }
  return `{${text}}`;
}

/** @throws SyntaxError for what is no JSON */
export function parseJson(text: string): unknown {
  return parse(text);
}
