/**
 * How DRMAA 2 libraries differ. They are all called libdrmaa2.so and carry no version of their header,
 * so that what they export has to say which of the four it was.
 */
import type { Drmaa2Layout } from './structures.ts';

/** What a layout has of its own besides its structures. */
export interface LayoutFacts {
  /** Where it was seen. */
  readonly seen: string;
  /** Whether the text of the last error is the library's own, which must not be freed. */
  readonly lastErrorIsStatic: boolean;
  /** Whether a session has to be made with a contact, be it an empty one. */
  readonly needsContact: boolean;
}

/** The facts by layout. */
export const LAYOUTS: Readonly<Record<Drmaa2Layout, LayoutFacts>> = {
  ogf: {
    seen: 'the first edition of GFD.198 (2013)',
    lastErrorIsStatic: false,
    needsContact: false,
  },
  uge: { seen: 'Univa Grid Engine 8.3', lastErrorIsStatic: false, needsContact: false },
  pbs: { seen: 'PBSPro/DRMAAv2 (2017)', lastErrorIsStatic: true, needsContact: true },
  age: {
    seen: 'Univa and Altair Grid Engine 8.7 to 8.9',
    lastErrorIsStatic: false,
    needsContact: false,
  },
};

/**
 * Functions that only one layout has, the most telling first. Altair's library has Univa's functions
 * too, PBSPro's has none of them; what has not even `drmaa2_j_reap` is of the first edition.
 */
export function layoutOf(exports: (symbol: string) => boolean): Drmaa2Layout {
  if (exports('drmaa2_jsession_wait_all_started')) return 'age';
  if (exports('uge_drmaa2_list_free_root')) return 'uge';
  return exports('drmaa2_j_reap') ? 'pbs' : 'ogf';
}

/** What was renamed between the editions: the names in the order in which they are tried. */
export const RENAMED: Readonly<Record<string, readonly string[]>> = {
  // Univa's library prints a warning when it is asked by the old name.
  j_get_jtemplate: ['j_get_jtemplate', 'j_get_jt'],
  jarray_get_jtemplate: ['jarray_get_jtemplate', 'jarray_get_job_template'],
  r_get_rtemplate: ['r_get_rtemplate', 'r_get_reservation_template'],
};
