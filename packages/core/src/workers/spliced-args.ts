/**
 * The arguments of a single call that are other units' values, or large: they go to its worker as the
 * bytes that they came in, and are read nowhere before. The agent has other things to do.
 */
import { decodeValue, encodeValue } from '../runtime/values.ts';

/** A list of arguments with holes, and what belongs there. */
interface SplicedArgs {
  /** A structured clone. */
  readonly list: Uint8Array;
  /** Each a structured clone of a list with one value alone. */
  readonly values: readonly (readonly [place: number, value: Uint8Array])[];
}

/** As the data of a batch that is spread. */
export function spliceArgs(list: Uint8Array, values: SplicedArgs['values']): Uint8Array {
  return values.length === 0 ? list : encodeValue({ list, values } satisfies SplicedArgs);
}

/** What {@link spliceArgs} has made. */
export function readSpliced(data: Uint8Array): readonly unknown[] {
  const decoded = decodeValue(data) as readonly unknown[] | SplicedArgs;
  if (!('list' in decoded)) return decoded;
  const list = decodeValue(decoded.list) as unknown[];
  for (const [place, value] of decoded.values) {
    list[place] = (decodeValue(value) as readonly unknown[])[0];
  }
  return list;
}
