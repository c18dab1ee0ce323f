/**
 * DRMAA 2's words and their numbers in C, as GFD.198 gives them. Nothing here knows a library: where
 * the four binary layouts differ, structures.ts and layouts.ts say so.
 */

/** What a native job is doing (GFD.194, `JobState`); a word's place is its number. */
export const JOB_STATES = [
  'UNDETERMINED',
  'QUEUED',
  'QUEUED_HELD',
  'RUNNING',
  'SUSPENDED',
  'REQUEUED',
  'REQUEUED_HELD',
  'DONE',
  'FAILED',
] as const;

/** What a library may or may not be able to do (GFD.194, `DrmaaCapability`). */
export const CAPABILITIES = [
  'ADVANCE_RESERVATION',
  'RESERVE_SLOTS',
  'CALLBACK',
  'BULK_JOBS_MAXPARALLEL',
  'JT_EMAIL',
  'JT_STAGING',
  'JT_DEADLINE',
  'JT_MAXSLOTS',
  'JT_ACCOUNTINGID',
  'RT_STARTNOW',
  'RT_DURATION',
  'RT_MACHINEOS',
  'RT_MACHINEARCH',
] as const;

/** What a notification is about (GFD.194, `DrmaaEvent`). */
export const EVENTS = ['NEW_STATE', 'MIGRATED', 'ATTRIBUTE_CHANGE'] as const;

/** Operating systems of machines (GFD.194, `OperatingSystem`). */
export const OPERATING_SYSTEMS = [
  'OTHER',
  'AIX',
  'BSD',
  'LINUX',
  'HPUX',
  'IRIX',
  'MACOS',
  'SUNOS',
  'TRU64',
  'UNIXWARE',
  'WIN',
  'WINNT',
] as const;

/** Processors of machines (GFD.194, `CpuArchitecture`). The last is PBSPro's own addition. */
export const CPU_ARCHITECTURES = [
  'OTHER',
  'ALPHA',
  'ARM',
  'ARM64',
  'CELL',
  'PARISC',
  'PARISC64',
  'X86',
  'X64',
  'IA64',
  'MIPS',
  'MIPS64',
  'PPC',
  'PPC64',
  'SPARC',
  'SPARC64',
  'PPC64LE',
] as const;

/** What a native job may be limited in (GFD.194, `ResourceLimitType`). */
export const RESOURCE_LIMITS = [
  'CORE_FILE_SIZE',
  'CPU_TIME',
  'DATA_SIZE',
  'FILE_SIZE',
  'OPEN_FILES',
  'STACK_SIZE',
  'VIRTUAL_MEMORY',
  'WALLCLOCK_TIME',
] as const;

/** What the entries of a list in C are. */
export const LIST_TYPES = {
  string: 0,
  job: 1,
  queueInfo: 2,
  machineInfo: 3,
  slotInfo: 4,
  reservation: 5,
} as const;

/** Points in time and durations that are none. */
export const ZERO_TIME = 0;
export const INFINITE_TIME = -1;
export const NOW = -2;
export const UNSET_TIME = -3;

/** Numbers and words that are not set; strings, lists and dictionaries are NULL then. */
export const UNSET_NUMBER = -1;
export const UNSET_WORD = -1;

/** What a native job is doing: `RUNNING`, `QUEUED_HELD` and so on. */
export type Drmaa2JobState = (typeof JOB_STATES)[number];
/** What a library may or may not be able to do: `ADVANCE_RESERVATION` and so on. */
export type Drmaa2Capability = (typeof CAPABILITIES)[number];
/** What a notification is about: `NEW_STATE`, `MIGRATED` or `ATTRIBUTE_CHANGE`. */
export type Drmaa2Event = (typeof EVENTS)[number];
/** An operating system by the standard's word. */
export type Drmaa2OperatingSystem = (typeof OPERATING_SYSTEMS)[number];
/** A processor by the standard's word. */
export type Drmaa2CpuArchitecture = (typeof CPU_ARCHITECTURES)[number];
/** What a native job may be limited in: `CPU_TIME` and so on. */
export type Drmaa2ResourceLimit = (typeof RESOURCE_LIMITS)[number];
