/** A session of DRMAA 1 (GFD.133): what is run in it, and what becomes of that. */
import type { Observable } from 'rxjs';
import { DrmaaError } from '../errors.ts';
import type { CallOptions, HelperProcess } from '../helper/helper-process.ts';
import type { DrmaaJobAttributes } from './attributes.ts';
import { HandedOver } from './handed-over.ts';
import { DrmaaJobTemplate, nativeOf, type TemplateHome } from './job-template.ts';
import type { NativeJobStatus, NativeUsage } from './native-words.ts';
import { type DrmaaWaitOptions, poll } from './polling.ts';
import { type DrmaaJobStatus, StateWatch } from './state-watch.ts';
import { DRMAA1_ACTIONS, type DrmaaJobAction, type DrmaaJobState } from './states.ts';
import { type DrmaaJobUsage, usageOf } from './usage.ts';

/** Which tasks an array has: from start to end, a step apart. */
export interface DrmaaBulkRange {
  /** From 1. */
  readonly start: number;
  readonly end: number;
  /** 1 unless told otherwise. */
  readonly step?: number;
}

/** How `synchronize` waits. */
export interface DrmaaSynchronizeOptions extends DrmaaWaitOptions {
  /** Has the library forget how they ended: nobody can `wait` for them afterwards. */
  readonly dispose?: boolean | undefined;
}

const READS: CallOptions = { idempotent: true };
const ALL = 'DRMAA_JOB_IDS_SESSION_ALL';
const ANY = 'DRMAA_JOB_IDS_SESSION_ANY';
/** What a C int holds. */
const LARGEST = 2 ** 31 - 1;
/** So many questions of a wait after one another, it is asked whether there is anything to wait for. */
const DOUBT_AFTER = 10;

/**
 * A session with a resource manager, in a process of its own. What runs in it goes on when it ends, and
 * when this program does; `init(contact)` finds it again where the resource manager keeps sessions.
 *
 * Every method may fail with a {@link DrmaaError}: `TIMEOUT` when the library does not come back,
 * `ADAPTOR_FAILED` when its process died, `WRONG_STATE` after `exit()`,
 * `RESOURCE_MANAGER_UNREACHABLE`, `TRY_LATER`, `PERMISSION_DENIED` and `AUTHENTICATION_FAILED` as the
 * library says, `OPERATION_UNSUPPORTED` for a function that it does not have. The process is replaced
 * then and the session entered again; a wait goes on.
 */
export class DrmaaSession {
  /** What `init` takes to enter this session again, also from another program (`drmaa_get_contact`). */
  readonly contact: string;
  readonly #home: TemplateHome;
  readonly #helper: HelperProcess;
  readonly #watch: StateWatch;
  readonly #handed: HandedOver;
  readonly #left: (session: DrmaaSession) => void;
  /** Others may have handed over what is in it. */
  readonly #isResumed: boolean;
  #exiting: Promise<void> | undefined;

  /** @internal */
  constructor(
    contact: string,
    home: TemplateHome,
    left: (session: DrmaaSession) => void,
    isResumed: boolean,
  ) {
    this.contact = contact;
    this.#isResumed = isResumed;
    this.#home = home;
    this.#helper = home.helper;
    this.#left = left;
    this.#watch = new StateWatch((ids) => this.jobPsOf(ids));
    this.#handed = new HandedOver((ids) => this.jobPsOf(ids));
  }

  /** The names of the attributes that templates may have (`drmaa_get_attribute_names`), as C has them. */
  async attributeNames(): Promise<readonly string[]> {
    return (await this.#helper.call('names', ['attribute'], READS)) as string[];
  }

  /** As `attributeNames`, of those that are vectors (`drmaa_get_vector_attribute_names`). */
  async vectorAttributeNames(): Promise<readonly string[]> {
    return (await this.#helper.call('names', ['vector_attribute'], READS)) as string[];
  }

  /**
   * A template that can be run many times (`drmaa_allocate_job_template`).
   *
   * @throws DrmaaError `ATTRIBUTE_UNSUPPORTED` for a name that is none, `DESCRIPTION_INVALID` for what
   * the library does not take
   */
  allocateJobTemplate(attributes: DrmaaJobAttributes = {}): Promise<DrmaaJobTemplate> {
    return DrmaaJobTemplate.allocate(this.#home, attributes);
  }

  /**
   * Hands a native job over (`drmaa_run_job`), and settles with its id. It survives this program.
   *
   * @throws DrmaaError `DESCRIPTION_INVALID`, `ATTRIBUTE_UNSUPPORTED`, `PERMISSION_DENIED` when it is
   * refused; with `inDoubt` when it may have been handed over all the same
   */
  async runJob(what: DrmaaJobTemplate | DrmaaJobAttributes): Promise<string> {
    const id = (await this.#run('runJob', what, [])) as string;
    this.#handed.add([id]);
    return id;
  }

  /**
   * Hands an array of native jobs over, all or none (`drmaa_run_bulk_jobs`), and settles with their ids.
   * `$drmaa_incr_ph$` in paths is the task's index.
   *
   * @throws DrmaaError as `runJob`
   */
  async runBulkJobs(
    what: DrmaaJobTemplate | DrmaaJobAttributes,
    { start, end, step = 1 }: DrmaaBulkRange,
  ): Promise<readonly string[]> {
    for (const [name, value, least] of [
      ['start', start, 1],
      ['end', end, start],
      ['step', step, 1],
    ] as const)
      if (!Number.isInteger(value) || value < least || value > LARGEST)
        throw invalid(
          name,
          `${value} is no index of an array`,
          `take a whole number from ${least}`,
        );
    const ids = (await this.#run('runBulkJobs', what, [start, end, step])) as string[];
    this.#handed.add(ids);
    return ids;
  }

  /**
   * Does something to a native job, or to all of the session (`drmaa_control`). Settles when the
   * resource manager has been asked; the state follows.
   *
   * @throws DrmaaError `NOT_FOUND`, `WRONG_STATE`; with `inDoubt` when it may have been done all the same
   */
  async control(id: string | 'ALL', action: DrmaaJobAction): Promise<void> {
    const number = DRMAA1_ACTIONS[action];
    if (number === undefined)
      throw invalid(
        'action',
        `${String(action)} is none`,
        `take one of ${Object.keys(DRMAA1_ACTIONS).join(', ')}`,
      );
    await this.#helper.call('control', [id === 'ALL' ? ALL : checked(id), number]);
  }

  /**
   * The state of a native job (`drmaa_job_ps`).
   *
   * @throws DrmaaError `NOT_FOUND` for one that is not known, as for one that somebody has waited for
   */
  async jobPs(id: string): Promise<DrmaaJobState> {
    const [status] = await this.jobPsOf([id]);
    if (status?.state === undefined) throw status?.error ?? invalid('id', 'no answer', '');
    return status.state;
  }

  /** The states of many native jobs in one message, in their order; what is wrong about one is in its entry. */
  async jobPsOf(ids: readonly string[]): Promise<readonly DrmaaJobStatus[]> {
    const asked = ids.map(checked);
    const told = (await this.#helper.call('jobPs', [asked], READS)) as NativeJobStatus[];
    return told.map((each, at): DrmaaJobStatus => {
      const jobId = asked[at] as string;
      if ('value' in each) return { jobId, state: each.value };
      return { jobId, error: DrmaaError.fromData({ ...each.error, subject: jobId }) };
    });
  }

  /**
   * Waits until a native job of this session has ended, or any of them, and tells how (`drmaa_wait`).
   * The library forgets it then: each can be waited for once. Grid Engine's library, in a session that
   * was there while its qmaster was not, tells ends up to a minute late.
   *
   * @throws DrmaaError `TIMEOUT` with `drmaa: 'EXIT_TIMEOUT'` when the time is over; `NOT_FOUND` for one
   * that is not known, or has ended unseen, as while the resource manager was down
   * @throws PilotError `ABORTED` when the signal is given
   */
  async wait(id: string | 'ANY', options: DrmaaWaitOptions = {}): Promise<DrmaaJobUsage> {
    const wanted = id === 'ANY' ? ANY : checked(id);
    let asked = 0;
    let missing = 0;
    const ask = async (signal: AbortSignal | undefined) => {
      const call = this.#helper.call('wait', [wanted], { idempotent: true, signal });
      const native = await call.catch((error) => {
        if (error.drmaa === 'INVALID_JOB') return error as DrmaaError;
        throw error;
      });
      if (native !== undefined && !(native instanceof DrmaaError))
        return usageOf(native as NativeUsage);
      asked += 1;
      if (native === undefined && (wanted === ANY || asked % DOUBT_AFTER !== 0)) return undefined;
      if (native !== undefined && asked === 1 && !this.#mayForget(wanted)) throw native;
      if (!(await this.#isLost(wanted, native !== undefined))) return undefined;
      // No end is on its way to the session.
      if (asked === 1 && native !== undefined) throw native;
      missing += 1;
      if (missing > 1) throw unseen(wanted);
      return undefined;
    };
    const usage = await poll('wait', ask, options);
    if (usage === undefined) throw timeout('drmaa_wait', wanted);
    this.#handed.delete(usage.jobId);
    this.#watch.saw(usage.jobId, usage.exited ? 'DONE' : 'FAILED');
    return usage;
  }

  /**
   * Waits until native jobs of this session have ended, or all that were handed over before
   * (`drmaa_synchronize`). They can be waited for afterwards, unless `dispose` is set.
   *
   * @throws DrmaaError `TIMEOUT` with `drmaa: 'EXIT_TIMEOUT'` when the time is over; `NOT_FOUND`
   * @throws PilotError `ABORTED` when the signal is given
   */
  async synchronize(
    ids: readonly string[] | 'ALL',
    options: DrmaaSynchronizeOptions = {},
  ): Promise<void> {
    const wanted = ids === 'ALL' ? [ALL] : ids.map(checked);
    if (wanted.length === 0) return;
    const before = this.#handed.ids;
    const ask = async (signal: AbortSignal | undefined) => {
      const over = await this.#helper.call('synchronize', [wanted, false], { ...READS, signal });
      if (over !== true) return undefined;
      // A process that replaces another may have forgotten some.
      const mine = ids === 'ALL' ? before : wanted;
      if (this.#helper.generation > 1 && (await this.#handed.firstThere(mine)) !== undefined)
        return undefined;
      return over;
    };
    const over = await poll('synchronize', ask, options);
    if (over === undefined) throw timeout('drmaa_synchronize', wanted.join(', '));
    if (options.dispose) await this.#helper.call('synchronize', [wanted, true]);
  }

  /**
   * The state of a native job, then each that follows; asked for by and by (up to once a second), of all
   * that are watched in one message. Completes with `DONE` or `FAILED`; fails with `NOT_FOUND` when it
   * is not known.
   */
  state$(id: string): Observable<DrmaaJobState> {
    return this.#watch.state$(checked(id));
  }

  /**
   * Leaves the session (`drmaa_exit`) and ends its process, also when it fails. What runs goes on. Does
   * nothing the second time.
   */
  exit(): Promise<void> {
    this.#exiting ??= this.#exit();
    return this.#exiting;
  }

  /** As `exit()`; also where the library fails to, the session is left, and that is not told. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.exit().catch(() => {});
  }

  async #exit(): Promise<void> {
    this.#watch.fail(new DrmaaError('WRONG_STATE', 'the session has been left'));
    try {
      await this.#helper.call('exit');
    } finally {
      this.#left(this);
      await this.#helper.close();
    }
  }

  async #run(
    method: 'runJob' | 'runBulkJobs',
    what: DrmaaJobTemplate | DrmaaJobAttributes,
    args: readonly unknown[],
  ): Promise<unknown> {
    if (what instanceof DrmaaJobTemplate)
      return what.use((handle) => this.#helper.call(method, [handle, ...args]));
    return this.#helper.call(method, [[...nativeOf(what, this.#home)], ...args]);
  }

  /** Whether it may be of this session although the library says that it is not. */
  #mayForget(wanted: string): boolean {
    return (
      this.#isResumed || this.#helper.generation > 1 || wanted === ANY || this.#handed.has(wanted)
    );
  }

  /**
   * Whether nothing can be told of it any more. Where the library has said so itself, that it has ended
   * is enough; otherwise its end may be on its way.
   */
  async #isLost(wanted: string, refused: boolean): Promise<boolean> {
    if (wanted === ANY) return (await this.#handed.firstThere(this.#handed.ids)) === undefined;
    const fate = await this.#handed.fateOf(wanted);
    return fate === 'gone' || (refused && fate === 'ended');
  }
}

/** An id as C may be given it. */
function checked(id: string): string {
  if (typeof id === 'string' && id !== '' && !id.includes('\0')) return id;
  throw invalid('id', `${JSON.stringify(id)} is none`, 'take one that runJob or runBulkJobs gave');
}

function invalid(subject: string, problem: string, hint: string): DrmaaError {
  return new DrmaaError('DESCRIPTION_INVALID', problem, { subject, hint });
}

function timeout(call: string, subject: string): DrmaaError {
  const problem = `${call}: it has not ended in the time that was given`;
  return new DrmaaError('TIMEOUT', problem, { subject, call, drmaa: 'EXIT_TIMEOUT' });
}

function unseen(subject: string): DrmaaError {
  return new DrmaaError('NOT_FOUND', 'it has ended, and the library has not seen how', {
    subject,
    call: 'drmaa_wait',
    drmaa: 'INVALID_JOB',
    hint: "ask the resource manager's accounting",
  });
}
