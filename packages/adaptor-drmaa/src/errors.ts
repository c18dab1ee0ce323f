/**
 * What a DRMAA library says that is wrong, and what is wrong with the library itself: a
 * {@link DrmaaError}. It crosses from the helper process as {@link DrmaaErrorData}.
 */
import {
  AdaptorError,
  type PilotErrorCode,
  type PilotErrorData,
  type PilotErrorOptions,
} from '@pstar/core/adaptor';
import type { Drmaa1ErrorName } from './drmaa1/errors.ts';
import type { Drmaa2ErrorName } from './drmaa2/errors.ts';

/** The name that the standard has for an error, without `DRMAA_ERRNO_` or `DRMAA2_`. */
export type DrmaaErrorName = Drmaa1ErrorName | Drmaa2ErrorName;

/** What a DrmaaError knows besides what every PilotError does. */
export interface DrmaaFacts {
  /** The standard's name of the error; absent when it is not the library that said so. */
  readonly drmaa?: DrmaaErrorName | undefined;
  /** The library's own words. */
  readonly diagnosis?: string | undefined;
  /** The C function that failed, was under way or is missing: `drmaa_run_job`. */
  readonly call?: string | undefined;
  /** Whether it may have been done all the same. */
  readonly inDoubt?: boolean | undefined;
}

/** A DrmaaError as the helper process tells it. */
export interface DrmaaErrorData extends PilotErrorData, DrmaaFacts {}

/**
 * A DRMAA library did not do what was asked: it refused, lacks the function, blocked for too long, or
 * its process died. `code` is that of any PilotError, `drmaa` what the standard calls it.
 */
export class DrmaaError extends AdaptorError {
  static override readonly kind: string = 'DrmaaError';

  declare readonly drmaa?: DrmaaErrorName;
  /** The library's own words. */
  declare readonly diagnosis?: string;
  /** The C function that failed, was under way or is missing: `drmaa_run_job`. */
  declare readonly call?: string;
  /**
   * Whether it may have been done all the same: a call that changes something was under way when the
   * library died or had to be killed. Look before asking again.
   */
  readonly inDoubt: boolean;

  constructor(code: PilotErrorCode, problem: string, options: PilotErrorOptions & DrmaaFacts = {}) {
    super(code, problem, options);
    const { drmaa, diagnosis, call, inDoubt = false } = options;
    if (drmaa !== undefined) this.drmaa = drmaa;
    if (diagnosis !== undefined) this.diagnosis = diagnosis;
    if (call !== undefined) this.call = call;
    this.inDoubt = inDoubt;
  }

  /** With what is DRMAA's own besides. */
  override toData(): DrmaaErrorData {
    const { drmaa, diagnosis, call, inDoubt } = this;
    return {
      ...super.toData(),
      ...(drmaa !== undefined && { drmaa }),
      ...(diagnosis !== undefined && { diagnosis }),
      ...(call !== undefined && { call }),
      ...(inDoubt && { inDoubt }),
    };
  }

  /** Rebuilds an error that came as data. */
  static override fromData(data: DrmaaErrorData): DrmaaError {
    return new DrmaaError(data.code, data.problem, data);
  }
}
