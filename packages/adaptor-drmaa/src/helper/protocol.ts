/** What a program and its helper processes say to each other, and what is shared by both ends. */
import type { DrmaaErrorData } from '../errors.ts';

/** Which native service a helper runs. */
export type ServiceKind = 'drmaa1' | 'drmaa2';

/** To the helper: `open` comes first and once, `close` last. */
export type ToHelper =
  | {
      readonly type: 'open';
      readonly kind: ServiceKind;
      readonly library: string;
      readonly settings: unknown;
    }
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: string;
      readonly args: readonly unknown[];
    }
  | { readonly type: 'post'; readonly method: string; readonly args: readonly unknown[] }
  | { readonly type: 'close' };

/** From the helper; `opened` and `closed` answer `open` and `close`. */
export type FromHelper =
  | { readonly type: 'opened'; readonly error?: DrmaaErrorData }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: DrmaaErrorData }
  | { readonly type: 'event'; readonly name: string; readonly data: unknown }
  | { readonly type: 'closed' };

/** The descriptor of the file in which the helper notes the C functions that are under way. */
export const RECORD_FD = 4;
/** So many bytes of it are for one function: the id of the call that it is for, and its name. */
export const RECORD_SLOT = 64;
