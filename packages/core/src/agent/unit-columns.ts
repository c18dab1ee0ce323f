/** Attempts of units in columns, as messages have them. Pure. */
import type { UnitColumns } from '../protocol/messages.ts';

/** Calls for each row. */
export function eachRow(
  { units, attempts }: UnitColumns,
  call: (unit: number, attempt: number) => void,
): void {
  for (let i = 0; i < units.length; i++) call(units[i] as number, attempts[i] as number);
}

/** The row of an attempt; -1 where it has none. */
export function rowOf({ units, attempts }: UnitColumns, unit: number, attempt: number): number {
  let row = units.indexOf(unit);
  while (row >= 0 && attempts[row] !== attempt) row = units.indexOf(unit, row + 1);
  return row;
}

/** A copy with these rows alone, in this order. */
export function onlyRows({ units, attempts }: UnitColumns, rows: readonly number[]): UnitColumns {
  return {
    units: Uint32Array.from(rows, (i) => units[i] as number),
    attempts: Uint16Array.from(rows, (i) => attempts[i] as number),
  };
}
