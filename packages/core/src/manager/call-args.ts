/** What an agent is told of the arguments of a single call: the values of other units, as far as they are small. */
import { toBase64 } from '../model/base64.ts';
import type { PackedArgs } from '../model/packed-args.ts';
import type { CallArguments, StagedFile } from '../protocol/messages.ts';
import { valueItem } from '../protocol/transfer-messages.ts';
import type { CallValues } from './call-values.ts';

/** A unit is told so many bytes of others' values; more are fetched, as those are that are files. */
const TOLD_BYTES = 128 * 1024;

type Place = readonly [place: number, inline: string | null];

/** The unit's own part, which has arguments, as an agent is told it. */
export function toldArgs(own: string, values: CallValues): string {
  const { args, ...others } = JSON.parse(own) as { readonly args: PackedArgs };
  const places: Place[] = (args.files ?? []).map(([place]) => [place, null]);
  let left = TOLD_BYTES;
  for (const [place, unit] of args.values ?? []) {
    const value = values.of(unit);
    const isTold = value instanceof Uint8Array && value.length <= left;
    if (isTold) left -= value.length;
    places.push([place, isTold ? toBase64(value) : null]);
  }
  const inputs = places.filter(([, inline]) => inline === null).map(fileFor);
  const told: CallArguments = {
    inline: args.inline,
    ...(places.length > 0 && { values: places }),
  };
  // First, as it is with all files that travel.
  const files = inputs.length > 0 ? { inputs, outputs: null } : {};
  return JSON.stringify({ ...files, args: told, ...others });
}

function fileFor([place]: Place): StagedFile {
  return { item: valueItem(place), name: `value-${place}` };
}
