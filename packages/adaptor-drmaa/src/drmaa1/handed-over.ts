/**
 * What a session has handed over and not seen the end of: asked for by name when the library says that
 * it knows nothing of it. Grid Engine 8.1.9, entered again by its contact while there are hundreds of
 * native jobs, forgets some that are still queued; `drmaa_job_ps` knows them all the same.
 */
import type { DrmaaJobStatus } from './state-watch.ts';

/** What has become of a native job: it is queued or runs, it has ended, or nobody knows it. */
export type DrmaaFate = 'there' | 'ended' | 'gone';

/** So many are asked about in one message. */
const AT_ONCE = 64;

/** The native jobs that one session may have to wait for. */
export class HandedOver {
  readonly #ask: (ids: readonly string[]) => Promise<readonly DrmaaJobStatus[]>;
  readonly #ids = new Set<string>();

  constructor(ask: (ids: readonly string[]) => Promise<readonly DrmaaJobStatus[]>) {
    this.#ask = ask;
  }

  /** They are with the resource manager. */
  add(ids: readonly string[]): void {
    for (const id of ids) this.#ids.add(id);
  }

  /** Its end has been told. */
  delete(id: string): void {
    this.#ids.delete(id);
  }

  /** Whether it was handed over here, and its end has not been told. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** The ids, oldest first. */
  get ids(): readonly string[] {
    return [...this.#ids];
  }

  /** What has become of one; where it cannot be said at the moment, it is taken to be there. */
  async fateOf(id: string): Promise<DrmaaFate> {
    const [status] = await this.#ask([id]).catch(() => []);
    return this.#fate(id, status);
  }

  /** The first of these that has not ended; undefined when there is none. */
  async firstThere(ids: readonly string[]): Promise<string | undefined> {
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const asked = ids.slice(at, at + AT_ONCE);
      const statuses = await this.#ask(asked).catch(() => []);
      const found = asked.find((id, index) => this.#fate(id, statuses[index]) === 'there');
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #fate(id: string, status: DrmaaJobStatus | undefined): DrmaaFate {
    const gone = status?.error?.drmaa === 'INVALID_JOB';
    if (!gone) return status?.state === 'DONE' || status?.state === 'FAILED' ? 'ended' : 'there';
    this.#ids.delete(id);
    return 'gone';
  }
}
