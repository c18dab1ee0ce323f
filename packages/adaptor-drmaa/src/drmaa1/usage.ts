/** How a native job ended, as `drmaa_wait` tells it (GFD.133). */
import type { NativeUsage } from './native-words.ts';

/** The end of a native job. Neither exited, signaled nor aborted: it has ended, and that is all that is known. */
export interface DrmaaJobUsage {
  readonly jobId: string;
  /** It ended by itself; exitStatus says how. */
  readonly exited: boolean;
  readonly exitStatus?: number;
  /** A signal ended it; termSignal is its name, `SIGKILL`. */
  readonly signaled: boolean;
  readonly termSignal?: string;
  /** Whether the signal left a core image. */
  readonly coreDump: boolean;
  /** The resource manager ended it, perhaps before it ran. */
  readonly aborted: boolean;
  /** What it took, by the resource manager's own names; undefined when it does not know. */
  readonly usage: Readonly<Record<string, string>> | undefined;
}

/** The words of the helper, complete. */
export function usageOf(native: NativeUsage): DrmaaJobUsage {
  const { exited = false, signaled = false, coreDump = false, aborted = false } = native;
  const usage = native.usage?.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
  });
  return {
    ...native,
    exited,
    signaled,
    coreDump,
    aborted,
    usage: usage && Object.fromEntries(usage),
  };
}
