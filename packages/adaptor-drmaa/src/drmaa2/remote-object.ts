/**
 * What the objects of the program have in common: each stands for one that C holds in a helper process.
 * One that has been freed is refused here, before anything is asked.
 */

import { DrmaaError } from '../errors.ts';
import type { CallOptions, HelperProcess } from '../helper/helper-process.ts';
import type { HandleRef } from './handles.ts';

/** Objects that nobody holds any more, and that nobody freed. */
const forgotten = new FinalizationRegistry<{ helper: HelperProcess; handle: number }>(
  ({ helper, handle }) => helper.post('free', [handle]),
);

/** A question changes nothing, and may be asked again where its process died over it. */
const QUESTION: CallOptions = { idempotent: true };

/** Something that C holds for the program. */
export class RemoteObject {
  readonly #helper: HelperProcess;
  readonly #ref: HandleRef;
  #freed = false;

  constructor(helper: HelperProcess, ref: HandleRef) {
    this.#helper = helper;
    this.#ref = ref;
    forgotten.register(this, { helper, handle: ref.handle }, this);
  }

  /** Its id, which outlives it. */
  get id(): string {
    return this.#ref.id;
  }

  /** Its session's name; nothing where it is a session itself. */
  get session(): HandleRef | undefined {
    return this.#ref.session;
  }

  /**
   * What names it in a message.
   *
   * @throws DrmaaError `WRONG_STATE` when it has been freed.
   */
  ref(): HandleRef {
    if (!this.#freed) return this.#ref;
    const { kind, id } = this.#ref;
    throw new DrmaaError('WRONG_STATE', `the ${kind} has been freed`, {
      subject: id,
      hint: 'ask its session for it again',
    });
  }

  /** Asks something about it. */
  async ask<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return (await this.#helper.call(method, [this.ref(), ...args], QUESTION)) as T;
  }

  /** Has something done to it, or with it, that is not to be done twice. */
  async change<T = void>(method: string, ...args: readonly unknown[]): Promise<T> {
    return (await this.#helper.call(method, [this.ref(), ...args])) as T;
  }

  /** Another object of the same process. */
  sibling(ref: HandleRef): RemoteObject {
    return new RemoteObject(this.#helper, ref);
  }

  /** It is gone in C, or will be without our doing. */
  forget(): void {
    this.#freed = true;
    forgotten.unregister(this);
  }

  /** Has C free it, once what is under way with it has been done. */
  free(): void {
    if (this.#freed) return;
    this.forget();
    this.#helper.post('free', [this.#ref.handle]);
  }
}
