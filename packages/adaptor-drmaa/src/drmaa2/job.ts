/** A native job of DRMAA 2. */
import type { Observable } from 'rxjs';
import type { DrmaaWaitOptions } from '../drmaa1/polling.ts';
import type { HandleRef } from './handles.ts';
import { hasReached, type Milestone } from './milestones.ts';
import type { RemoteObject } from './remote-object.ts';
import type { Drmaa2JobInfo, Drmaa2JobStateReport, Drmaa2JobTemplate } from './types.ts';
import { observeState, waitFor } from './waiting.ts';

/**
 * A native job (GFD.194, `Job`), which the resource manager has whether or not this object is
 * there. What C holds of it is freed by `using`, and otherwise at some time after nobody holds the
 * object any more; its session has it for you again by its id, in other programs too.
 *
 * Every method fails with the library's own error (`DrmaaError`), `OPERATION_UNSUPPORTED` where the
 * library lacks the function, and `WRONG_STATE` once this object was freed or its session was closed.
 * After a crash of the library a job is found again by its id; where that cannot be, `WRONG_STATE`.
 */
export class Drmaa2Job {
  readonly #object: RemoteObject;

  /**
   * States as they change, asked for while somebody listens; completes with `DONE` or `FAILED`. A
   * resource manager that cannot be reached for a time changes nothing.
   */
  readonly state$: Observable<Drmaa2JobStateReport>;

  /** @internal */
  constructor(object: RemoteObject) {
    this.#object = object;
    this.state$ = observeState(() => this.getState());
  }

  /** What the resource manager knows it by; the same in other programs (GFD.194, `jobId`). */
  get id(): string {
    return this.#object.id;
  }

  /**
   * The session that it belongs to (`drmaa2_j_get_session_name`); undefined where it belongs to
   * none that the library knows.
   */
  async getSessionName(): Promise<string | undefined> {
    const { session } = this.#object;
    if (session?.kind === 'job session') return session.id;
    return this.#object.ask('jobSessionName');
  }

  /**
   * Stops it while it runs (`drmaa2_j_suspend`): `SUSPENDED`.
   *
   * @throws DrmaaError `WRONG_STATE` (`INVALID_STATE`) when it does not run; `inDoubt` when the library
   * died over it.
   */
  suspend(): Promise<void> {
    return this.#object.change('controlJob', 'suspend');
  }

  /**
   * Has what was suspended go on (`drmaa2_j_resume`).
   *
   * @throws DrmaaError `WRONG_STATE` (`INVALID_STATE`) when it is not suspended.
   */
  resume(): Promise<void> {
    return this.#object.change('controlJob', 'resume');
  }

  /**
   * Keeps it from being started (`drmaa2_j_hold`): `QUEUED_HELD`.
   *
   * @throws DrmaaError `WRONG_STATE` (`INVALID_STATE`) when it has started.
   */
  hold(): Promise<void> {
    return this.#object.change('controlJob', 'hold');
  }

  /**
   * Lets what is held be started (`drmaa2_j_release`).
   *
   * @throws DrmaaError `WRONG_STATE` (`INVALID_STATE`) when it is not held.
   */
  release(): Promise<void> {
    return this.#object.change('controlJob', 'release');
  }

  /**
   * Ends it (`drmaa2_j_terminate`); it is over some time later, as `FAILED`.
   *
   * @throws DrmaaError `WRONG_STATE` (`INVALID_STATE`) when it is over already.
   */
  terminate(): Promise<void> {
    return this.#object.change('controlJob', 'terminate');
  }

  /**
   * Has the library forget it, which is over (`drmaa2_j_reap`); the object is of no use afterwards
   * but to be freed. Not in the layout `ogf`.
   *
   * @throws DrmaaError `WRONG_STATE` (`INVALID_STATE`) when it is not over.
   */
  reap(): Promise<void> {
    return this.#object.change('controlJob', 'reap');
  }

  /** What it is doing, and what the resource manager itself calls that (`drmaa2_j_get_state`). */
  getState(): Promise<Drmaa2JobStateReport> {
    return this.#object.ask('jobState');
  }

  /**
   * All that is known of it at present (`drmaa2_j_get_info`). Some libraries know it of what is
   * over only for a while.
   */
  getInfo(): Promise<Drmaa2JobInfo> {
    return this.#object.ask('jobInfo');
  }

  /** What it was submitted as, as far as the library remembers (`drmaa2_j_get_jtemplate`). */
  getJobTemplate(): Promise<Drmaa2JobTemplate> {
    return this.#object.ask('jobTemplate');
  }

  /**
   * Waits until it runs, or is over, which the result tells; also over a time in which the resource
   * manager cannot be reached.
   *
   * @throws DrmaaError `TIMEOUT` when that took longer; PilotError `ABORTED` by the signal.
   */
  waitStarted(options?: DrmaaWaitOptions): Promise<Drmaa2JobStateReport> {
    return this.#wait('started', options);
  }

  /**
   * Waits until it is over, as `DONE` or `FAILED`; also over a time in which the resource manager
   * cannot be reached.
   *
   * @throws DrmaaError `TIMEOUT` when that took longer; PilotError `ABORTED` by the signal.
   */
  waitTerminated(options?: DrmaaWaitOptions): Promise<Drmaa2JobStateReport> {
    return this.#wait('terminated', options);
  }

  #wait(milestone: Milestone, options?: DrmaaWaitOptions): Promise<Drmaa2JobStateReport> {
    const poll = async () => {
      const report = await this.getState();
      return hasReached(report.state, milestone) ? report : undefined;
    };
    const what = milestone === 'started' ? 'the start' : 'the end';
    return waitFor(`${what} of ${this.id}`, poll, options);
  }

  /** Frees what C holds of it; the native job itself goes on. Does nothing the second time. */
  [Symbol.dispose](): void {
    this.#object.free();
  }

  /**
   * What names it in a message.
   *
   * @internal
   */
  ref(): HandleRef {
    return this.#object.ref();
  }
}
