import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../src/drmaa2/layouts.ts';
import { structuresOf } from '../../src/drmaa2/structs.ts';
import { LAYOUT_NAMES, type StructureName } from '../../src/drmaa2/structures.ts';

/** What gcc makes of each header on x86-64: the sizes in bytes. */
const SIZES: Record<StructureName, readonly [ogf: number, uge: number, pbs: number, age: number]> =
  {
    jinfo: [128, 136, 144, 144],
    slotinfo: [16, 16, 24, 24],
    rinfo: [56, 64, 64, 64],
    jtemplate: [216, 224, 224, 224],
    rtemplate: [88, 96, 96, 96],
    notification: [32, 32, 40, 40],
    queueinfo: [8, 16, 16, 16],
    version: [16, 16, 24, 24],
    machineinfo: [88, 96, 96, 96],
  };

/** Where members are that are not in the same place everywhere. */
const OFFSETS = [
  ['jinfo', 'exitStatus', [8, 8, 16, 16]],
  ['machineinfo', 'machineOS', [64, 80, 64, 80]],
  ['machineinfo', 'machineOSVersion', [72, 72, 72, 72]],
  ['machineinfo', 'machineArch', [80, 64, 80, 64]],
  ['jtemplate', 'accountingId', [208, 208, 208, 208]],
] as const;

describe.each(LAYOUT_NAMES.map((layout, index) => ({ layout, index })))(
  'structures of $layout',
  ({ layout, index }) => {
    const structures = structuresOf(layout);

    it.each(Object.entries(SIZES))('%s has the size that C gives it', (name, sizes) => {
      expect(structures[name as StructureName].size).toBe(sizes[index]);
    });

    it.each(OFFSETS)('%s.%s is where C puts it', (name, member, offsets) => {
      const found = structures[name].members.find((each) => each.name === member);
      expect(found?.offset).toBe(offsets[index]);
    });
  },
);

describe('telling layouts apart', () => {
  it.each([
    ['age', ['drmaa2_jsession_wait_all_started', 'uge_drmaa2_list_free_root', 'drmaa2_j_reap']],
    ['uge', ['uge_drmaa2_list_free_root', 'drmaa2_j_reap', 'drmaa2_j_get_jt']],
    ['pbs', ['drmaa2_j_reap', 'drmaa2_jarray_reap']],
    ['ogf', ['drmaa2_j_get_jt']],
  ])('says %s by what is exported', (layout, symbols) => {
    expect(layoutOf((symbol) => symbols.includes(symbol))).toBe(layout);
  });
});
