/** The names that things are given: short, safe in paths, URLs and command lines. */

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';
const LENGTH = 8;
const UNIT_ID = /^(.+)\.(0|[1-9]\d*)$/s;
const INDEX_MAX = 2 ** 32 - 1;

/** Makes an id like `work-k3x9ab2m`, one of 36⁸; `random` gives fractions in [0, 1). */
export function newId(prefix: string, random: () => number): string {
  let id = `${prefix}-`;
  for (let i = 0; i < LENGTH; i++) id += LETTERS.charAt(Math.floor(random() * LETTERS.length));
  return id;
}

/** The id of the work unit with that index in its service: `work-k3x9ab2m.17`. */
export function unitId(serviceId: string, index: number): string {
  return `${serviceId}.${index}`;
}

/** Takes a work unit's id apart; undefined for what is none. */
export function parseUnitId(id: string): { service: string; index: number } | undefined {
  const [, service, digits] = UNIT_ID.exec(id) ?? [];
  const index = Number(digits);
  return service && index <= INDEX_MAX ? { service, index } : undefined;
}
