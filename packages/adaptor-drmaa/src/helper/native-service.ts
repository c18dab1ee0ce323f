/**
 * What a standard's half inside of the helper is: methods by name, called in the order in which they
 * were asked for, several at once. It knows C and nothing of messages.
 */

/** Sends an event to the program that the helper belongs to. */
export type Emit = (name: string, data: unknown) => void;

/** The open library, seen from the messages. */
export interface NativeService {
  /**
   * What can be called. Arguments and results are what the structured clone knows. A NativeError that
   * is thrown arrives as DrmaaError; whatever else is thrown is a defect and arrives as such.
   */
  readonly methods: Readonly<Record<string, (...args: never[]) => unknown>>;
  /** Leaves the session and frees what is left; the process ends right after. */
  close(): void | Promise<void>;
}

/** What `src/drmaa1/native-service.ts` and `src/drmaa2/native-service.ts` export as `open`. */
export type OpenService = (
  library: string,
  settings: unknown,
  emit: Emit,
) => NativeService | Promise<NativeService>;
