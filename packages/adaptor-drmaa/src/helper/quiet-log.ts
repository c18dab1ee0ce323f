/** The log of who gives none. */
import type { Log } from '@pstar/core/adaptor';

const ignore = (): void => {};

/** Says nothing. */
export const quietLog: Log = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => quietLog,
};
