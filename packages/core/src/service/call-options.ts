/** The last parameter of every call that can take long. */
export interface CallOptions {
  /** Gives the call up with `ABORTED`; what it has begun is undone, or said to go on. */
  readonly signal?: AbortSignal | undefined;
}
