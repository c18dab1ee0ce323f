/** Signals by their numbers, as Linux counts them: what agents report is a number of their node. */

const NAMES =
  `HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP
  TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS`.split(/\s+/);

/** The signal's name, `SIGKILL`; a real-time signal, which has none, is `SIG34`. */
export function signalName(signal: number): string {
  return `SIG${NAMES[signal - 1] ?? signal}`;
}
