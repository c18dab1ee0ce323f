/** How something that is still to be done will turn out. */

import type { PilotError } from '../model/errors.ts';

/** A promise with its other end; nobody need wait for it. */
export class Outcome<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: PilotError) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Nobody need wait for a step that another one follows.
    this.promise.catch(() => {});
  }
}
