/**
 * The structures of DRMAA 2's header as data, in the order of GFD.198, with what the four binary
 * layouts have of their own. Sizes and offsets follow from the kinds: koffi works them out as a C
 * compiler does.
 */

/** A header that libraries were built with; see layouts.ts. */
export const LAYOUT_NAMES = ['ogf', 'uge', 'pbs', 'age'] as const;

/**
 * The header that a library was built with: `ogf` is the first edition of GFD.198, `uge` Univa Grid
 * Engine's, `pbs` PBSPro's, `age` that of later Univa and of Altair Grid Engine.
 */
export type Drmaa2Layout = (typeof LAYOUT_NAMES)[number];

/**
 * What a member is in C and what becomes of it: `machines` are names that are told as slots are,
 * `flag` is a truth that is always set, `truth` one whose FALSE is also its UNSET; `seconds` is a
 * duration, `time` a point in time.
 */
export type MemberKind =
  | 'string'
  | 'strings'
  | 'machines'
  | 'slots'
  | 'dictionary'
  | 'truth'
  | 'flag'
  | 'integer'
  | 'count'
  | 'seconds'
  | 'time'
  | 'float'
  | 'jobState'
  | 'event'
  | 'operatingSystem'
  | 'cpuArchitecture'
  | 'version'
  | 'extension';

/** One member of a structure. */
export interface Member {
  readonly name: string;
  readonly kind: MemberKind;
}

/** A structure of the header, by the name that its functions begin with. */
export type StructureName =
  | 'jinfo'
  | 'slotinfo'
  | 'rinfo'
  | 'jtemplate'
  | 'rtemplate'
  | 'notification'
  | 'queueinfo'
  | 'version'
  | 'machineinfo';

/** A member, and the layouts that have it at this place where not all do. */
type Row = readonly [name: string, kind: MemberKind, ...layouts: Drmaa2Layout[]];

/** Where implementations keep attributes of their own; not to be read but through functions. */
const EXTENSION: Row = ['implementationSpecific', 'extension', 'uge', 'pbs', 'age'];
const LATER_EXTENSION: Row = ['implementationSpecific', 'extension', 'pbs', 'age'];

const ROWS: Readonly<Record<StructureName, readonly Row[]>> = {
  jinfo: [
    ['jobId', 'string'],
    ['jobName', 'string', 'pbs', 'age'],
    ['exitStatus', 'integer'],
    ['terminatingSignal', 'string'],
    ['annotation', 'string'],
    ['jobState', 'jobState'],
    ['jobSubState', 'string'],
    ['allocatedMachines', 'machines', 'ogf', 'uge'],
    ['allocatedMachines', 'slots', 'pbs', 'age'],
    ['submissionMachine', 'string'],
    ['jobOwner', 'string'],
    ['slots', 'count'],
    ['queueName', 'string'],
    ['wallclockTime', 'seconds'],
    ['cpuTime', 'count'],
    ['submissionTime', 'time'],
    ['dispatchTime', 'time'],
    ['finishTime', 'time'],
    EXTENSION,
  ],
  slotinfo: [['machineName', 'string'], ['slots', 'count'], LATER_EXTENSION],
  rinfo: [
    ['reservationId', 'string'],
    ['reservationName', 'string'],
    ['reservedStartTime', 'time'],
    ['reservedEndTime', 'time'],
    ['usersACL', 'strings'],
    ['reservedSlots', 'count'],
    ['reservedMachines', 'slots'],
    EXTENSION,
  ],
  jtemplate: [
    ['remoteCommand', 'string'],
    ['args', 'strings'],
    ['submitAsHold', 'truth'],
    ['rerunnable', 'truth'],
    ['jobEnvironment', 'dictionary'],
    ['workingDirectory', 'string'],
    ['jobCategory', 'string'],
    ['email', 'strings'],
    ['emailOnStarted', 'truth'],
    ['emailOnTerminated', 'truth'],
    ['jobName', 'string'],
    ['inputPath', 'string'],
    ['outputPath', 'string'],
    ['errorPath', 'string'],
    ['joinFiles', 'truth'],
    ['reservationId', 'string'],
    ['queueName', 'string'],
    ['minSlots', 'count'],
    ['maxSlots', 'count'],
    ['priority', 'count'],
    ['candidateMachines', 'strings'],
    ['minPhysMemory', 'count'],
    ['machineOS', 'operatingSystem'],
    ['machineArch', 'cpuArchitecture'],
    ['startTime', 'time'],
    ['deadlineTime', 'time'],
    ['stageInFiles', 'dictionary'],
    ['stageOutFiles', 'dictionary'],
    ['resourceLimits', 'dictionary'],
    ['accountingId', 'string'],
    EXTENSION,
  ],
  rtemplate: [
    ['reservationName', 'string'],
    ['startTime', 'time'],
    ['endTime', 'time'],
    ['duration', 'seconds'],
    ['minSlots', 'count'],
    ['maxSlots', 'count'],
    ['jobCategory', 'string'],
    ['usersACL', 'strings'],
    ['candidateMachines', 'strings'],
    ['minPhysMemory', 'count'],
    ['machineOS', 'operatingSystem'],
    ['machineArch', 'cpuArchitecture'],
    EXTENSION,
  ],
  notification: [
    ['event', 'event'],
    ['jobId', 'string'],
    ['sessionName', 'string'],
    ['jobState', 'jobState'],
    LATER_EXTENSION,
  ],
  queueinfo: [['name', 'string'], EXTENSION],
  version: [['major', 'string'], ['minor', 'string'], LATER_EXTENSION],
  machineinfo: [
    ['name', 'string'],
    ['available', 'flag'],
    ['sockets', 'count'],
    ['coresPerSocket', 'count'],
    ['threadsPerCore', 'count'],
    ['load', 'float'],
    ['physMemory', 'count'],
    ['virtMemory', 'count'],
    ['machineOS', 'operatingSystem', 'ogf', 'pbs'],
    ['machineArch', 'cpuArchitecture', 'uge', 'age'],
    ['machineOSVersion', 'version'],
    ['machineArch', 'cpuArchitecture', 'ogf', 'pbs'],
    ['machineOS', 'operatingSystem', 'uge', 'age'],
    EXTENSION,
  ],
};

/** The members of a structure, in their order in a layout. */
export function membersOf(layout: Drmaa2Layout, structure: StructureName): readonly Member[] {
  const rows = ROWS[structure].filter(
    ([, , ...layouts]) => layouts.length === 0 || layouts.includes(layout),
  );
  return rows.map(([name, kind]) => ({ name, kind }));
}

/** Every structure of the header. */
export const STRUCTURES = Object.keys(ROWS) as readonly StructureName[];
