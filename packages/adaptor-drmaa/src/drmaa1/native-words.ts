/** What the two ends of a helper for DRMAA 1 say to each other, besides strings and numbers. */
import type { DrmaaErrorData } from '../errors.ts';
import type { NativeValue } from './attributes.ts';
import type { DrmaaJobState } from './states.ts';

/** An answer, or what is wrong about this one of several. */
export type Told<T> = { readonly value: T } | { readonly error: DrmaaErrorData };

/** Attributes by their names in C, in the order in which they are set. */
export type NativeTemplate = readonly (readonly [name: string, value: NativeValue])[];

/** What `drmaa_job_ps` says of one of many. */
export type NativeJobStatus = Told<DrmaaJobState>;

/** What `drmaa_wait` says; what is absent is not so. */
export interface NativeUsage {
  readonly jobId: string;
  readonly exited?: boolean;
  readonly exitStatus?: number;
  readonly signaled?: boolean;
  readonly termSignal?: string;
  readonly coreDump?: boolean;
  readonly aborted?: boolean;
  /** `name=value`. */
  readonly usage?: readonly string[];
}
