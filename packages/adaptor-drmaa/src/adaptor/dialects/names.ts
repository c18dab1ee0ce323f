/** The resource managers whose own options are known. PURE. */

/** By the words of the `dialect` option. */
export const DIALECT_NAMES = ['gridengine', 'slurm', 'pbs', 'lsf', 'condor', 'plain'] as const;

/** One of them; `plain` knows only what the standard has. */
export type DialectName = (typeof DIALECT_NAMES)[number];

/** In what a library says of itself, by `drmaa_get_DRM_system` or `drmaa_get_DRMAA_implementation`. */
const WORDS: readonly (readonly [words: RegExp, name: DialectName])[] = [
  [/\b(grid ?engine|sge|uge|oge|sog|gcs|[su]?ge \d)/i, 'gridengine'],
  [/slurm/i, 'slurm'],
  [/pbs|torque|openpbs/i, 'pbs'],
  [/\blsf\b/i, 'lsf'],
  [/condor/i, 'condor'],
];

/** Which one a library belongs to, by what it says of itself. */
export function dialectOf(drmSystem: string, implementation: string): DialectName {
  const find = (said: string) => WORDS.find(([words]) => words.test(said))?.[1];
  return find(drmSystem) ?? find(implementation) ?? 'plain';
}
