/** An error as it is thrown inside of the helper process, where the core is not loaded. */
import type { DrmaaErrorData } from '../errors.ts';

/** Arrives at the caller as a DrmaaError. */
export class NativeError extends Error {
  readonly data: DrmaaErrorData;

  constructor(data: DrmaaErrorData) {
    super(data.problem);
    this.data = data;
  }

  /** The same, said of this: an attribute, an id. */
  of(subject: string): NativeError {
    return new NativeError({ ...this.data, subject });
  }
}
