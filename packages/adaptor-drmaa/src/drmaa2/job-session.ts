/** A session of DRMAA 2 in which native jobs are run. */
import type { DrmaaWaitOptions } from '../drmaa1/polling.ts';
import { DrmaaError } from '../errors.ts';
import type { HandleRef } from './handles.ts';
import { Drmaa2Job } from './job.ts';
import { Drmaa2JobArray } from './job-array.ts';
import type { Milestone } from './milestones.ts';
import type { RemoteObject } from './remote-object.ts';
import { SessionEnd } from './session.ts';
import type { Drmaa2JobInfo, Drmaa2JobTemplate } from './types.ts';
import { waitFor } from './waiting.ts';

/** Which indices of an array are run. */
export interface Drmaa2BulkRange {
  readonly beginIndex: number;
  /** The last; it is reached where the steps come to it. */
  readonly endIndex: number;
  /** 1 without it. */
  readonly step?: number;
  /** So many at once; as many as there is room for without it. */
  readonly maxParallel?: number;
}

/**
 * A job session (GFD.194, `JobSession`): native jobs are run in it and found again, also after the
 * program has ended. It persists under its name until `destroyJobSession`, and has a process of its
 * own while it is open. Errors are those of a {@link Drmaa2Job}.
 */
export class Drmaa2JobSession {
  readonly #object: RemoteObject;
  readonly #end: SessionEnd;

  /** @internal */
  constructor(object: RemoteObject, closed: () => Promise<void>) {
    this.#object = object;
    this.#end = new SessionEnd(object, closed);
  }

  /** The name that it was made with, by which it can be opened again. */
  get name(): string {
    return this.#object.id;
  }

  /** Where its resource manager is, in the library's own words (`drmaa2_jsession_get_contact`). */
  getContact(): Promise<string | undefined> {
    return this.#object.ask('sessionContact');
  }

  /** What a template's `jobCategory` may be (`drmaa2_jsession_get_job_categories`). */
  getJobCategories(): Promise<readonly string[]> {
    return this.#object.ask('jobCategories');
  }

  /**
   * The native jobs of the session, or those that are as the filter says: what is absent there matches
   * everything (`drmaa2_jsession_get_jobs`).
   *
   * @throws DrmaaError `ATTRIBUTE_UNSUPPORTED` for a filter that the library does not know.
   */
  async getJobs(filter?: Drmaa2JobInfo): Promise<Drmaa2Job[]> {
    const refs = await this.#object.ask<HandleRef[]>('jobs', filter);
    return refs.map((ref) => this.#job(ref));
  }

  /**
   * An array that was submitted in this session, by its id (`drmaa2_jsession_get_job_array`).
   *
   * @throws DrmaaError as the library says, `DESCRIPTION_INVALID` (`INVALID_ARGUMENT`) as a rule, when
   * there is none.
   */
  async getJobArray(id: string): Promise<Drmaa2JobArray> {
    return this.#array(await this.#object.ask('jobArray', id));
  }

  /**
   * Submits a native job (`drmaa2_jsession_run_job`); it goes on when this program ends.
   *
   * @throws DrmaaError `DESCRIPTION_INVALID`, `ATTRIBUTE_UNSUPPORTED` (nothing was submitted); when the
   * library died or did not return, `inDoubt`: look for it among `getJobs()` before submitting again.
   */
  async runJob(template: Drmaa2JobTemplate): Promise<Drmaa2Job> {
    return this.#job(await this.#object.change('runJob', template));
  }

  /**
   * Submits the same once for each index, which `$DRMAA2_INDEX$` stands for in paths
   * (`drmaa2_jsession_run_bulk_jobs`).
   *
   * @throws DrmaaError as `runJob`; `ATTRIBUTE_UNSUPPORTED` where `maxParallel` is not supported.
   */
  async runBulkJobs(template: Drmaa2JobTemplate, range: Drmaa2BulkRange): Promise<Drmaa2JobArray> {
    const { beginIndex: begin, endIndex: end, step = 1, maxParallel } = range;
    for (const [name, value] of Object.entries({ begin, end, step, maxParallel }))
      if (value !== undefined && !Number.isSafeInteger(value))
        throw new DrmaaError('DESCRIPTION_INVALID', 'not an integer', { subject: name });
    const given = { begin, end, step, maxParallel };
    return this.#array(await this.#object.change('runBulkJobs', template, given));
  }

  /**
   * Waits until one of the native jobs runs, or is over, and tells which
   * (`drmaa2_jsession_wait_any_started`).
   *
   * @throws DrmaaError `TIMEOUT` when that took longer; PilotError `ABORTED` by the signal.
   */
  waitAnyStarted(jobs: readonly Drmaa2Job[], options?: DrmaaWaitOptions): Promise<Drmaa2Job> {
    return this.#waitAny(jobs, 'started', options);
  }

  /**
   * Waits until one of the native jobs is over, and tells which
   * (`drmaa2_jsession_wait_any_terminated`).
   *
   * @throws DrmaaError `TIMEOUT` when that took longer; PilotError `ABORTED` by the signal.
   */
  waitAnyTerminated(jobs: readonly Drmaa2Job[], options?: DrmaaWaitOptions): Promise<Drmaa2Job> {
    return this.#waitAny(jobs, 'terminated', options);
  }

  /**
   * Closes the session and ends its process. It persists, with its native jobs; what was asked of it
   * and them is refused from now on. Does nothing the second time.
   *
   * @throws DrmaaError as the library says; the session is closed here all the same.
   */
  close(): Promise<void> {
    return this.#end.close();
  }

  /** As {@link Drmaa2JobSession.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #waitAny(
    jobs: readonly Drmaa2Job[],
    milestone: Milestone,
    options?: DrmaaWaitOptions,
  ): Promise<Drmaa2Job> {
    if (jobs.length === 0)
      throw new DrmaaError('DESCRIPTION_INVALID', 'there is nothing to wait for', {
        subject: 'jobs',
      });
    const poll = async () => {
      const refs = jobs.map((job) => job.ref());
      const found = await this.#object.ask<HandleRef | undefined>('anyReached', refs, milestone);
      return found && jobs[refs.findIndex(({ handle }) => handle === found.handle)];
    };
    return waitFor(`waiting for one of ${jobs.length}`, poll, options);
  }

  #job(ref: HandleRef): Drmaa2Job {
    return new Drmaa2Job(this.#object.sibling(ref));
  }

  #array(ref: HandleRef): Drmaa2JobArray {
    return new Drmaa2JobArray(this.#object.sibling(ref));
  }
}
