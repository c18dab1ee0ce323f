/** Native jobs and arrays of them inside of the helper process. */
import { NativeError } from '../native/native-error.ts';
import { type Drmaa2JobState, JOB_STATES, UNSET_NUMBER, ZERO_TIME } from './constants.ts';
import type { HandleRef } from './handles.ts';
import type { Drmaa2Library } from './library.ts';
import type { Pointer } from './memory.ts';
import { hasReached, type Milestone } from './milestones.ts';
import type { Methods, Native } from './native.ts';
import type { Drmaa2JobInfo, Drmaa2JobStateReport, Drmaa2JobTemplate } from './types.ts';
import { wordOf } from './values.ts';

/** Which of an array are run, and how many at once. */
export interface BulkRange {
  readonly begin: number;
  readonly end: number;
  readonly step: number;
  readonly maxParallel?: number | undefined;
}

/** What is done to native jobs and arrays. */
export type ControlAction = 'suspend' | 'resume' | 'hold' | 'release' | 'terminate' | 'reap';

/** As many at once as there is room for. */
const UNLIMITED = UNSET_NUMBER;

/** What job sessions, native jobs and arrays are asked. */
export function jobMethods(native: Native): Methods {
  const { library, reader, filler, held } = native;
  const filled = filler.with.bind(filler, 'jtemplate');
  return {
    sessionContact: async (session: HandleRef) =>
      library.string(`${prefixOf(session)}_get_contact`, await held.pointer(session)),
    jobCategories: async (session: HandleRef) =>
      reader.askStrings('jsession_get_job_categories', await held.pointer(session)),
    jobs: async (session: HandleRef, filter?: Drmaa2JobInfo) => {
      const inside = await held.pointer(session);
      return filler.withFilter(filter && { ...filter }, (jinfo) =>
        held.holdList('job', session, 'jsession_get_jobs', inside, jinfo),
      );
    },
    runJob: async (session: HandleRef, template: Drmaa2JobTemplate) => {
      const inside = await held.pointer(session);
      return filled({ ...template }, (jt) =>
        held.hold('job', session, 'jsession_run_job', inside, jt),
      );
    },
    runBulkJobs: async (session: HandleRef, template: Drmaa2JobTemplate, range: BulkRange) => {
      const inside = await held.pointer(session);
      const { begin, end, step, maxParallel = UNLIMITED } = range;
      return filled({ ...template }, (jt) =>
        held.hold(
          'job array',
          session,
          'jsession_run_bulk_jobs',
          inside,
          jt,
          begin,
          end,
          step,
          maxParallel,
        ),
      );
    },
    jobArray: async (session: HandleRef, id: string) =>
      held.hold('job array', session, 'jsession_get_job_array', await held.pointer(session), id),
    anyReached: (session: HandleRef, jobs: readonly HandleRef[], milestone: Milestone) =>
      anyReached(native, session, jobs, milestone),
    jobState: async (job: HandleRef) => stateOf(library, await held.pointer(job)),
    jobInfo: async (job: HandleRef) => reader.ask('jinfo', 'j_get_info', await held.pointer(job)),
    jobTemplate: async (job: HandleRef) =>
      reader.ask('jtemplate', 'j_get_jtemplate', await held.pointer(job)),
    jobSessionName: async (job: HandleRef) =>
      library.string('j_get_session_name', await held.pointer(job)),
    controlJob: async (job: HandleRef, action: ControlAction) =>
      library.check(`j_${action}`, await held.pointer(job)),
    arrayJobs: async (array: HandleRef) =>
      held.holdList('job', array.session ?? array, 'jarray_get_jobs', await held.pointer(array)),
    arrayTemplate: async (array: HandleRef) =>
      reader.ask('jtemplate', 'jarray_get_jtemplate', await held.pointer(array)),
    controlArray: async (array: HandleRef, action: ControlAction) =>
      library.check(`jarray_${action}`, await held.pointer(array)),
  };
}

function prefixOf({ kind }: HandleRef): string {
  return kind === 'job session' ? 'jsession' : 'rsession';
}

/**
 * The state of a native job. The place for the substate is never NULL: the OGF's own mock writes
 * there.
 */
async function stateOf(library: Drmaa2Library, job: Pointer): Promise<Drmaa2JobStateReport> {
  const place: [Pointer | null] = [null];
  const number = Number(await library.raw('j_get_state', job, place));
  // Also how it says that it has failed; asked at once, before another call says otherwise.
  const error = number > 0 ? undefined : await library.lastError('j_get_state');
  const [text] = place;
  const subState = text === null ? undefined : await library.takeString(text);
  if (error !== undefined) throw error;
  const state = wordOf(JOB_STATES, number, 'j_get_state') ?? 'UNDETERMINED';
  return { state: state as Drmaa2JobState, ...(subState && { subState }) };
}

/**
 * The first that the library knows to have come that far. It is asked without waiting, and not
 * believed: where it answers nothing, or one that has not, as PBSPro's does, each one's state says it.
 */
async function anyReached(
  native: Native,
  session: HandleRef,
  jobs: readonly HandleRef[],
  milestone: Milestone,
): Promise<HandleRef | undefined> {
  const { library, held, filler } = native;
  const pointers: Pointer[] = [];
  for (const job of jobs) pointers.push(await held.pointer(job));
  const inside = await held.pointer(session);
  const found = await filler.withList('job', pointers, (list) =>
    askForAny(native, inside, list, { jobs, pointers }, milestone),
  );
  if (found === 'none') return undefined;
  const asked = typeof found === 'number' ? [found] : jobs.keys();
  for (const index of asked) {
    const { state } = await stateOf(library, pointers[index] as Pointer);
    if (hasReached(state, milestone)) return jobs[index];
  }
  return undefined;
}

/** Which of the list the library says; `unsure` where it cannot be asked. */
async function askForAny(
  { library, held }: Native,
  session: Pointer,
  list: Pointer,
  { jobs, pointers }: { jobs: readonly HandleRef[]; pointers: readonly Pointer[] },
  milestone: Milestone,
): Promise<number | 'none' | 'unsure'> {
  const name = `jsession_wait_any_${milestone}`;
  let answer: Pointer;
  try {
    answer = await library.object(name, session, list, ZERO_TIME);
  } catch (error) {
    const code = error instanceof NativeError ? error.data.code : undefined;
    if (code === 'TIMEOUT') return 'none';
    if (code === 'OPERATION_UNSUPPORTED') return 'unsure';
    throw error;
  }
  // Univa's answers an entry of the list itself, which is not to be freed twice; others a copy.
  const index = pointers.indexOf(answer);
  if (index >= 0) return index;
  try {
    const id = await held.idOf('job', answer);
    const position = jobs.findIndex((job) => job.id === id);
    return position < 0 ? 'unsure' : position;
  } finally {
    await library.free('j_free', answer);
  }
}
