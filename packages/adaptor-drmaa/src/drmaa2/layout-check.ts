/**
 * Whether a layout can be the library's. The wrong one is not noticed by its use until numbers are
 * taken for pointers, so that a new structure, in which nothing is set, is looked at before any is
 * used.
 */
import koffi from 'koffi';
import { NativeError } from '../native/native-error.ts';
import { LAYOUTS } from './layouts.ts';
import type { Drmaa2Library } from './library.ts';
import type { PlacedMember } from './structs.ts';
import { unsetOf } from './values.ts';

const KNOWN = Object.entries(LAYOUTS)
  .map(([name, { seen }]) => `${name} (${seen})`)
  .join(', ');

/** Says which it must be when the layout is not the library's. */
export async function verifyLayout(library: Drmaa2Library): Promise<void> {
  if (!library.has('jinfo_create')) return;
  const { type, members } = library.structures.jinfo;
  const pointer = await library.object('jinfo_create');
  let wrong: PlacedMember | undefined;
  try {
    const raw = koffi.decode(pointer, type) as Record<string, unknown>;
    wrong = members.find((member) => !isUnset(member, raw[member.name]));
  } finally {
    await library.free('jinfo_free', pointer);
  }
  if (wrong === undefined) return;
  throw new NativeError({
    code: 'ADAPTOR_INCOMPATIBLE',
    problem: `the library's structures are not of the layout ${library.layout}: in a new jinfo, ${wrong.name} is set`,
    hint: `name the layout that it was built with: ${KNOWN}`,
  });
}

function isUnset(member: PlacedMember, raw: unknown): boolean {
  if (member.kind === 'extension') return true;
  if (member.type === 'void *') return raw === null;
  // A state that is not set is 0, UNDETERMINED, in some and -1 in others, and so are numbers.
  return [unsetOf(member.kind), 0, -1].includes(Number(raw));
}
