/** The arguments of a single call as its service keeps them: with what a unit has of its own. */

/** Those of one unit. Keys in this order: the first says whether anything is to be fetched for the list. */
export interface PackedArgs {
  /** Places in the list that are the values of other units, by their numbers. */
  readonly values?: readonly (readonly [place: number, unit: number])[];
  /** Places in the list that are files of the service's, by the SHA-256 of their bytes. */
  readonly files?: readonly (readonly [place: number, sha256: string])[];
  /** Base64 of the structured clone of the list, with holes for the others. */
  readonly inline: string;
}

const ARGS = '{"args":';
const ALL_INLINE = '{"args":{"inline":';

/** Whether what a unit has of its own says what it calls its function with. */
function hasArgs(own: string): boolean {
  return own.startsWith(ARGS);
}

/** Whether the arguments of such a unit are not all in there. */
export function hasArgsElsewhere(own: string): boolean {
  return own.startsWith(ARGS) && !own.startsWith(ALL_INLINE);
}

/** What {@link hasArgs} was said of; nothing where there are no arguments. */
export function argsOf(own: string | null): PackedArgs | undefined {
  if (own === null || !hasArgs(own)) return undefined;
  return (JSON.parse(own) as { readonly args: PackedArgs }).args;
}
