/** How large a description may be: what an agent is told of a unit has to fit into a frame. */
import { DescriptionError } from '../model/errors.ts';
import { approximateSizes } from '../model/quantity.ts';
import { LARGEST_FRAME } from '../protocol/messages.ts';

/**
 * As JSON, which is about what it is packed to. Half a frame: there is room for what is said around it, and for
 * units of which each has less than that of its own.
 */
const DESCRIPTION_BYTES_MAX = LARGEST_FRAME / 2;
/** A character takes so many bytes at the most. */
const CHARACTER_BYTES = 3;

/** @throws DescriptionError for one that is too large, of its largest attribute. */
export function refuseLarge(json: string): void {
  const error = largenessOf(json);
  if (error) throw error;
}

/** What is wrong with a description, or with what a unit has of its own, if it is too large. */
export function largenessOf(json: string): DescriptionError | undefined {
  // To count the bytes of what has few characters would cost each unit of its own kind some microseconds.
  if (json.length <= DESCRIPTION_BYTES_MAX / CHARACTER_BYTES) return undefined;
  if (bytesOf(json) <= DESCRIPTION_BYTES_MAX) return undefined;
  const [subject, bytes] = largestIn(JSON.parse(json) as object);
  const [size, most] = approximateSizes(bytes, DESCRIPTION_BYTES_MAX);
  const problem = `${size} is too much: a whole description has at most ${most}`;
  return new DescriptionError('DESCRIPTION_INVALID', problem, { subject, hint: wayOut(subject) });
}

/** The attribute that takes the most bytes, and how many. */
export function largestIn(attributes: object): [name: string, bytes: number] {
  const sizes = Object.entries(attributes).map(([name, value]): [string, number] => [
    name,
    bytesOf(JSON.stringify(value) ?? ''),
  ]);
  return sizes.reduce((most, one) => (one[1] > most[1] ? one : most));
}

/** In UTF-8. */
function bytesOf(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const isHalf = unit >= 0xd800 && unit <= 0xdfff;
    if (unit > 0x7ff && !isHalf) bytes += 2;
    else if (unit > 0x7f) bytes += 1;
  }
  return bytes;
}

function wayOut(attribute: string): string {
  return attribute === 'fileTransfer'
    ? 'name a directory that holds the files: it travels with all that is in it'
    : 'write it to a file, and have that travel by fileTransfer';
}
