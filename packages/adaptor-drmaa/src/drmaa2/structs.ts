/** The structures of a layout as koffi's, which is what knows sizes and offsets. */
import koffi, { type TypeObject } from 'koffi';
import {
  type Drmaa2Layout,
  type Member,
  type MemberKind,
  membersOf,
  STRUCTURES,
  type StructureName,
} from './structures.ts';

/** What a kind is in C; all else is a pointer. */
const TYPES: Readonly<Partial<Record<MemberKind, string>>> = {
  truth: 'int',
  flag: 'int',
  integer: 'int',
  jobState: 'int',
  event: 'int',
  operatingSystem: 'int',
  cpuArchitecture: 'int',
  count: 'longlong',
  seconds: 'long',
  time: 'long',
  float: 'float',
};

/** A member where it is. */
export interface PlacedMember extends Member {
  readonly type: string;
  readonly offset: number;
}

/** A structure of one layout. */
export interface Structure {
  readonly name: StructureName;
  readonly type: TypeObject;
  readonly size: number;
  readonly members: readonly PlacedMember[];
}

function build(layout: Drmaa2Layout, name: StructureName): Structure {
  const members = membersOf(layout, name).map((member) => ({
    ...member,
    type: TYPES[member.kind] ?? 'void *',
  }));
  const type = koffi.struct(
    Object.fromEntries(members.map((member) => [member.name, member.type])),
  );
  const placed = members.map((member) => ({
    ...member,
    offset: koffi.offsetof(type, member.name),
  }));
  return { name, type, size: koffi.sizeof(type), members: placed };
}

/** Every structure of a layout. */
export function structuresOf(layout: Drmaa2Layout): Readonly<Record<StructureName, Structure>> {
  const entries = STRUCTURES.map((name) => [name, build(layout, name)]);
  return Object.fromEntries(entries) as Record<StructureName, Structure>;
}
