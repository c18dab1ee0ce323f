/**
 * DRMAA 2 inside of the helper process: what the classes of the program ask, as calls into C. Each
 * method is one turn: what it makes in C it frees, but for what it holds for the program by number.
 */
import type { Emit, NativeService } from '../helper/native-service.ts';
import { LoadedLibrary } from '../native/loaded-library.ts';
import { NativeError } from '../native/native-error.ts';
import { CAPABILITIES, type Drmaa2Capability } from './constants.ts';
import { Filler } from './filling.ts';
import type { HandleRef } from './handles.ts';
import { HeldObjects } from './held.ts';
import { verifyLayout } from './layout-check.ts';
import { Drmaa2Library } from './library.ts';
import type { Methods, Native } from './native.ts';
import { jobMethods } from './native-jobs.ts';
import { monitoringMethods } from './native-monitoring.ts';
import { reservationMethods } from './native-reservations.ts';
import { NotificationListener } from './notifications.ts';
import { Reader } from './reading.ts';
import type { Drmaa2Layout, StructureName } from './structures.ts';

/** What the program says when it has the library loaded. */
export interface Drmaa2Settings {
  /** Instead of the one that is found out. */
  readonly layout?: Drmaa2Layout;
}

/** Loads the library and finds out its layout. */
export async function open(path: string, settings: unknown, emit: Emit): Promise<NativeService> {
  const { layout } = (settings ?? {}) as Drmaa2Settings;
  const library = new Drmaa2Library(LoadedLibrary.load(path).mustBe('DRMAA 2'), layout);
  const reader = new Reader(library);
  const filler = new Filler(library);
  const held = new HeldObjects(library, reader, filler);
  const native = { library, reader, filler, held };
  await library.turn(() => verifyLayout(library));
  const listener = new NotificationListener(library, reader, (data) => emit('notification', data));
  const methods: Methods = {
    ...managerMethods(native),
    ...jobMethods(native),
    ...reservationMethods(native),
    ...monitoringMethods(native),
    listen: () => listener.start(),
    unlisten: () => listener.stop(),
  };
  return {
    methods: inTurns(library, methods),
    close: () => library.turn(() => leave(listener, held)),
  };
}

async function leave(listener: NotificationListener, held: HeldObjects): Promise<void> {
  // What does not end well ends with the process, a moment later.
  await listener.stop().catch(() => {});
  await held.freeAll();
}

function inTurns(library: Drmaa2Library, methods: Methods): NativeService['methods'] {
  const entries = Object.entries(methods).map(([name, method]) => [
    name,
    (...args: never[]) => library.turn(() => method(...args)),
  ]);
  return Object.fromEntries(entries);
}

/** What is asked of the library as a whole, and all kinds of sessions. */
function managerMethods({ library, reader, held }: Native): Methods {
  return {
    layout: async () => library.layout,
    drmsName: () => library.string('get_drms_name'),
    drmaaName: () => library.string('get_drmaa_name'),
    drmsVersion: () => reader.ask('version', 'get_drms_version'),
    drmaaVersion: () => reader.ask('version', 'get_drmaa_version'),
    supports: async (capability: Drmaa2Capability) =>
      Number(await library.raw('supports', CAPABILITIES.indexOf(capability))) > 0,
    createJobSession: (name: string, contact?: string) =>
      held.holdSession('job session', name, 'create_jsession', name, library.contact(contact)),
    createReservationSession: (name: string, contact?: string) =>
      held.holdSession(
        'reservation session',
        name,
        'create_rsession',
        name,
        library.contact(contact),
      ),
    openJobSession: (name: string) => held.holdSession('job session', name, 'open_jsession', name),
    openReservationSession: (name: string) =>
      held.holdSession('reservation session', name, 'open_rsession', name),
    openMonitoringSession: (name = '') =>
      held.holdSession('monitoring session', name, 'open_msession', name || null),
    destroyJobSession: (name: string) => library.check('destroy_jsession', name),
    destroyReservationSession: (name: string) => library.check('destroy_rsession', name),
    jobSessionNames: () => reader.askStrings('get_jsession_names'),
    reservationSessionNames: () => reader.askStrings('get_rsession_names'),
    closeSession: (ref: HandleRef) => held.closeSession(ref),
    free: (handle: number) => held.free(handle),
    extensionNames: (structure: StructureName) => reader.extensionNames(structure),
    describe: (structure: StructureName, name: string) => describe(library, structure, name),
  };
}

/** The library wants an instance: one is made for the question where that is possible. */
async function describe(
  library: Drmaa2Library,
  structure: StructureName,
  name: string,
): Promise<string | undefined> {
  if (!library.creates(structure))
    throw new NativeError({
      code: 'OPERATION_UNSUPPORTED',
      problem: 'the library has no function that makes an instance to ask about',
      subject: structure,
    });
  const instance = await library.object(`${structure}_create`);
  try {
    return await library.string('describe_attribute', instance, name);
  } finally {
    await library.free(`${structure}_free`, instance);
  }
}
