/** An array of native jobs of DRMAA 2. */
import type { HandleRef } from './handles.ts';
import { Drmaa2Job } from './job.ts';
import type { RemoteObject } from './remote-object.ts';
import type { Drmaa2JobTemplate } from './types.ts';

/**
 * Native jobs that were submitted together (GFD.194, `JobArray`). What is done to the array is done
 * to each of them; one that cannot may fail the whole with `WRONG_STATE` and leave the others done,
 * which the standard leaves open. Errors and lifetime are those of a {@link Drmaa2Job}.
 */
export class Drmaa2JobArray {
  readonly #object: RemoteObject;

  /** @internal */
  constructor(object: RemoteObject) {
    this.#object = object;
  }

  /** What the resource manager knows it by (GFD.194, `jobArrayId`). */
  get id(): string {
    return this.#object.id;
  }

  /** The name of the session that it was submitted in. */
  get sessionName(): string {
    return this.#object.session?.id ?? '';
  }

  /**
   * Its native jobs, which are held in C until each of the objects is freed
   * (`drmaa2_jarray_get_jobs`).
   */
  async getJobs(): Promise<Drmaa2Job[]> {
    const refs = await this.#object.ask<HandleRef[]>('arrayJobs');
    return refs.map((ref) => new Drmaa2Job(this.#object.sibling(ref)));
  }

  /** What each was submitted as, as far as the library remembers (`drmaa2_jarray_get_jtemplate`). */
  getJobTemplate(): Promise<Drmaa2JobTemplate> {
    return this.#object.ask('arrayTemplate');
  }

  /** As {@link Drmaa2Job.suspend}, of all that run. */
  suspend(): Promise<void> {
    return this.#object.change('controlArray', 'suspend');
  }

  /** As {@link Drmaa2Job.resume}, of all that are suspended. */
  resume(): Promise<void> {
    return this.#object.change('controlArray', 'resume');
  }

  /** As {@link Drmaa2Job.hold}, of all that have not started. */
  hold(): Promise<void> {
    return this.#object.change('controlArray', 'hold');
  }

  /** As {@link Drmaa2Job.release}, of all that are held. */
  release(): Promise<void> {
    return this.#object.change('controlArray', 'release');
  }

  /** As {@link Drmaa2Job.terminate}, of all that are not over. */
  terminate(): Promise<void> {
    return this.#object.change('controlArray', 'terminate');
  }

  /** As {@link Drmaa2Job.reap}, of all that are over. Only the layout `pbs` has it. */
  reap(): Promise<void> {
    return this.#object.change('controlArray', 'reap');
  }

  /** Frees what C holds of it; the native jobs go on. Does nothing the second time. */
  [Symbol.dispose](): void {
    this.#object.free();
  }
}
