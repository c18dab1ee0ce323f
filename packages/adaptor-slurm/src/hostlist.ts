/** Slurm's short way of writing names of nodes: `n[1-3,5],gpu07`. PURE. */

/** More names than this are no list of nodes, but a mistake that would fill the memory. */
const NAMES_MAX = 100_000;

/** The names that a list stands for; undefined when it cannot be read. */
export function namesOf(list: string): readonly string[] | undefined {
  const names: string[] = [];
  for (const part of split(list)) {
    const expanded = expand(part);
    if (expanded === undefined || names.length + expanded.length > NAMES_MAX) return undefined;
    names.push(...expanded);
  }
  return names;
}

/** At the commas outside of brackets. */
function split(list: string): string[] {
  return list.split(/,(?![^[]*\])/).filter((part) => part !== '');
}

/** A name may have several brackets: `rack[1-2]n[01-16]`. */
function expand(part: string): readonly string[] | undefined {
  const bracket = /^([^[\]]*)\[([\d,-]+)\](.*)$/.exec(part);
  if (bracket === null) return /[[\]]/.test(part) ? undefined : [part];
  const [, before = '', ranges = '', after = ''] = bracket;
  const rest = expand(after);
  const numbers = ranges.split(',').map(numbersOf);
  if (rest === undefined || numbers.includes(undefined)) return undefined;
  return numbers.flat().flatMap((number) => rest.map((end) => `${before}${number}${end}`));
}

/** `01-03`: as wide as they are written. */
function numbersOf(range: string): readonly string[] | undefined {
  const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (first === '' || !(count >= 1 && count <= NAMES_MAX)) return undefined;
  return Array.from({ length: count }, (_, i) =>
    String(Number(first) + i).padStart(first.length, '0'),
  );
}
