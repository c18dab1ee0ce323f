/**
 * What happens to open services when their program is interrupted: one set of signal handlers for
 * the whole process, there only while a service is open and only for signals that the program does
 * not handle itself.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** What an interruption ends. */
export interface Interruptible {
  /** Ends what it has started, in order. */
  interrupt(signal: string): Promise<void>;
  /** The second signal: kills what it knows of, at once and without waiting. */
  giveUp(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof SIGNALS)[number];

const open = new Set<Interruptible>();
let installed: readonly Signal[] = [];
let interrupted: Signal | undefined;

/**
 * Has a service ended when the program is interrupted; the program then ends by that very signal.
 *
 * @returns takes it back.
 */
export function onInterrupt(service: Interruptible): () => void {
  open.add(service);
  if (installed.length === 0) install();
  return () => {
    open.delete(service);
    // During an interruption the handlers stay: the next signal must not be the default action.
    if (open.size === 0 && interrupted === undefined) uninstall();
  };
}

function install(): void {
  // Whoever started this with nohup or as a shell's background job wants these signals ignored, and
  // to handle one would end that.
  const ignored = ignoredSignals();
  installed = SIGNALS.filter((signal) => !ignored.has(signal));
  for (const signal of installed) process.on(signal, handle);
}

function uninstall(): void {
  for (const signal of installed) process.off(signal, handle);
  installed = [];
}

function handle(signal: NodeJS.Signals): void {
  // A program with a handler of its own decides for itself.
  if (process.listenerCount(signal) > 1) return;
  if (interrupted !== undefined) {
    for (const service of open) service.giveUp();
    endBy(signal);
    return;
  }
  interrupted = signal as Signal;
  void Promise.allSettled([...open].map((service) => service.interrupt(signal))).then(() =>
    endBy(signal),
  );
}

/** Ends as if nobody had handled the signal, so that a shell sees what happened. */
function endBy(signal: NodeJS.Signals): void {
  uninstall();
  process.kill(process.pid, signal);
}

/** The signals that this process was started to ignore, where the system tells. */
function ignoredSignals(): Set<Signal> {
  let mask = 0n;
  try {
    const [, hex = '0'] =
      /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    mask = BigInt(`0x${hex}`);
  } catch {
    // No /proc: then none is known to be.
  }
  const isIgnored = (signal: Signal) => (mask >> BigInt(constants.signals[signal] - 1)) & 1n;
  return new Set(SIGNALS.filter(isIgnored));
}
