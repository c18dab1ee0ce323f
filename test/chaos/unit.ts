/** A unit that keeps a ledger. */
export const UNIT = new URL('unit.sh', import.meta.url).pathname;
