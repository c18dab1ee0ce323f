/** A job template of DRMAA 1: an object in C for as long as it is needed, and what was put there. */

import { DrmaaError } from '../errors.ts';
import type { HelperProcess } from '../helper/helper-process.ts';
import {
  attributeOf,
  type DrmaaAttributeName,
  type DrmaaJobAttributes,
  type NativeAttributes,
  type NativeValue,
  readValue,
  writtenValue,
} from './attributes.ts';
import { mended } from './quirks.ts';

/** Where templates live. */
export interface TemplateHome {
  readonly helper: HelperProcess;
  /** Whose quirks they are mended for. */
  readonly drmSystem: string;
  /** The library's, where it is not this program's. */
  readonly timeZone?: string | undefined;
}

/** An object in C. It is gone with the process that it was made in. */
interface Handle {
  readonly id: number;
  readonly generation: number;
  readonly helper: HelperProcess;
}

/** Frees what nobody holds any more. */
const forgotten = new FinalizationRegistry<Handle>(({ helper, id }) => helper.post('delete', [id]));

/**
 * What shall be run, kept by the library (GFD.133, `drmaa_allocate_job_template`). It may be run many
 * times, and changed in between. What C holds for it is freed by `delete()` or `using`, at the latest
 * when the session ends or nobody holds it any more; it outlives the death of the library's process.
 */
export class DrmaaJobTemplate {
  readonly #home: TemplateHome;
  #values: DrmaaJobAttributes = {};
  /** What C has been told. */
  #told: NativeAttributes = new Map();
  #handle: Handle | undefined;
  #deleted = false;
  /** One thing after the other: libraries do not expect two threads at one template. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(home: TemplateHome) {
    this.#home = home;
  }

  /** @internal */
  static async allocate(
    home: TemplateHome,
    attributes: DrmaaJobAttributes,
  ): Promise<DrmaaJobTemplate> {
    const template = new DrmaaJobTemplate(home);
    template.#values = { ...attributes };
    await template.use(async () => {});
    return template;
  }

  /**
   * Sets an attribute (`drmaa_set_attribute`, `drmaa_set_vector_attribute`). One that is refused keeps
   * the value that it had.
   *
   * @throws DrmaaError `ATTRIBUTE_UNSUPPORTED` for a name that is none; `DESCRIPTION_INVALID` for a
   * value or an attribute that the library does not take; `WRONG_STATE` after `delete()`
   */
  async set<N extends DrmaaAttributeName>(
    name: N,
    value: NonNullable<DrmaaJobAttributes[N]>,
  ): Promise<void> {
    const before = this.#values;
    await this.#inTurn(async () => {
      this.#values = { ...this.#values, [name]: value };
      try {
        await this.#current();
      } catch (error) {
        this.#values = before;
        throw error;
      }
    });
  }

  /**
   * The value of an attribute: the one that was set, or the library's (`drmaa_get_attribute`,
   * `drmaa_get_vector_attribute`); undefined where there is none.
   *
   * @throws DrmaaError `ATTRIBUTE_UNSUPPORTED` for a name that is none; `DESCRIPTION_INVALID` for an
   * attribute that the library does not know; `WRONG_STATE` after `delete()`
   */
  async get<N extends DrmaaAttributeName>(name: N): Promise<DrmaaJobAttributes[N]> {
    const [native] = attributeOf(name);
    if (this.#values[name] !== undefined && !this.#deleted) return this.#values[name];
    const value = await this.use((handle) =>
      this.#home.helper.call('get', [handle, native], READS),
    );
    if (value === undefined) return undefined as DrmaaJobAttributes[N];
    return readValue(name, value as NativeValue) as DrmaaJobAttributes[N];
  }

  /** All that was set. */
  attributes(): DrmaaJobAttributes {
    return { ...this.#values };
  }

  /**
   * Frees it (`drmaa_delete_job_template`), once what is under way with it is done. Does nothing the
   * second time.
   */
  async delete(): Promise<void> {
    this.#deleted = true;
    await this.#turn;
    await this.#release();
  }

  /** As `delete()`, without waiting for it. */
  [Symbol.dispose](): void {
    this.delete().catch(() => {});
  }

  /**
   * Does something with the object in C; again where the object has gone with its process before it was
   * reached.
   *
   * @internal
   */
  use<T>(action: (handle: number) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const handle = await this.#current();
      try {
        return await action(handle.id);
      } catch (error) {
        if (this.#isPresent(handle) || (error as DrmaaError).code !== 'WRONG_STATE') throw error;
        return action((await this.#current()).id);
      }
    });
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => {
      if (this.#deleted) throw new DrmaaError('WRONG_STATE', 'the job template has been deleted');
      return action();
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  #isPresent(handle: Handle): boolean {
    return handle.generation === this.#home.helper.generation;
  }

  /** The object in C, with the present values. */
  async #current(): Promise<Handle> {
    const { helper } = this.#home;
    const wanted = nativeOf(this.#values, this.#home);
    // What is not wanted any more cannot be taken back.
    if ([...this.#told.keys()].some((name) => !wanted.has(name))) await this.#release();
    if (this.#handle !== undefined && this.#isPresent(this.#handle)) {
      const changes = [...wanted].filter(([name, value]) => !same(this.#told.get(name), value));
      try {
        if (changes.length > 0) await helper.call('set', [this.#handle.id, changes]);
      } catch (error) {
        // Some of it may have been set.
        await this.#release();
        throw error;
      }
      this.#told = wanted;
      return this.#handle;
    }
    const id = (await helper.call('allocate', [[...wanted]], READS)) as number;
    this.#handle = { id, generation: helper.generation, helper };
    this.#told = wanted;
    forgotten.register(this, this.#handle, this);
    return this.#handle;
  }

  /** Frees the object in C; the next use makes another. */
  async #release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#told = new Map();
    forgotten.unregister(this);
    if (handle !== undefined && this.#isPresent(handle))
      await this.#home.helper.call('delete', [handle.id], READS);
  }
}

/** For calls that may be made again in another process: it knows nothing of the object. */
const READS = { idempotent: true };

function same(one: NativeValue | undefined, other: NativeValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Attributes as C is told them.
 *
 * @throws DrmaaError `ATTRIBUTE_UNSUPPORTED`, `DESCRIPTION_INVALID`
 */
export function nativeOf(
  values: DrmaaJobAttributes,
  { drmSystem, timeZone }: Omit<TemplateHome, 'helper'>,
): NativeAttributes {
  const written = Object.entries(values).filter(([, value]) => value !== undefined);
  const native = new Map(written.map(([name, value]) => writtenValue(name, value)));
  return mended(native, drmSystem, timeZone);
}
