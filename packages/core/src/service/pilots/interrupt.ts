/**
 * What happens to open services when their program is interrupted: one set of signal handlers for
 * the whole process, there only while a service is open and only for signals that the program does
 * not handle itself.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';

/** What an interruption ends. */
export interface Interruptible {
  /** Ends what it has started, in order. */
  interrupt(signal: string): Promise<void>;
  /** The second signal: kills what it knows of, at once and without waiting. */
  giveUp(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof SIGNALS)[number];

/** Whoever waits for longer than this hears what for. */
const PATIENCE_MS = 1000;

/** More than a signal takes to those who listen for it. */
const DELIVERY_MS = 1000;

const DEAF =
  'worker threads hear no signals: when the program is interrupted or this thread terminated, the pilots go on ' +
  'until their lease is over; open the service in the main thread, or have that tell this one to cancel() it, ' +
  'and open it with signals: false';

/** Not by what a listener is called with: some libraries emit a signal themselves, without its name. */
const LISTENERS: Readonly<Record<Signal, () => void>> = {
  SIGINT: () => handle('SIGINT'),
  SIGTERM: () => handle('SIGTERM'),
  SIGHUP: () => handle('SIGHUP'),
};

const open = new Map<Interruptible, Log>();
let installed: readonly Signal[] = [];
let interrupted: Signal | undefined;
let isDeafnessTold = false;

/**
 * Has a service ended when the program is interrupted; the program then ends by that very signal. In a
 * worker thread, which hears no signals, it says so once.
 *
 * @returns takes it back.
 */
export function onInterrupt(service: Interruptible, log: Log): () => void {
  if (!isMainThread) {
    if (!isDeafnessTold) log.warn(DEAF);
    isDeafnessTold = true;
    return () => {};
  }
  open.set(service, log);
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
  for (const signal of installed) process.on(signal, LISTENERS[signal]);
}

function uninstall(): void {
  for (const signal of installed) process.off(signal, LISTENERS[signal]);
  installed = [];
}

function handle(signal: Signal): void {
  // A program with a handler of its own decides for itself.
  if (process.listenerCount(signal) > 1 + leavingToOthers()) return;
  if (interrupted !== undefined) {
    for (const service of open.keys()) service.giveUp();
    endBy(signal);
    return;
  }
  interrupted = signal;
  const telling = systemClock.after(PATIENCE_MS, () => tell(signal));
  const interrupting = [...open.keys()].map((service) => service.interrupt(signal));
  void Promise.allSettled(interrupting).then(() => {
    telling.cancel();
    endBy(signal);
  });
}

/** Once, however many services are being ended. */
function tell(signal: Signal): void {
  const [log] = open.values();
  log?.warn(`${signal}: ending pilots and what runs in them; a second signal kills at once`);
}

/**
 * How many listeners of each signal are those of signal-exit (seen with 3.0.7 and 4.1.0), by which many
 * libraries clean up: where there are listeners of others it leaves the end to them, as we do, and nobody would
 * end the program. Once ours is gone it cleans up, and ends the program by the signal.
 */
function leavingToOthers(): number {
  const third = Reflect.get(process, '__signal_exit_emitter__');
  const fourth = Reflect.get(globalThis, Symbol.for('signal-exit emitter'));
  return listenersOf(third) + listenersOf(fourth);
}

function listenersOf(emitter: { readonly count?: unknown } | undefined): number {
  return typeof emitter?.count === 'number' ? emitter.count : 0;
}

/** Ends as if nobody had handled the signal, so that a shell sees what happened. */
function endBy(signal: Signal): void {
  uninstall();
  process.kill(process.pid, signal);
  // Only listeners leave us here, those of signal-exit: they hear of it from a loop that has something to do.
  systemClock.after(DELIVERY_MS, () => {});
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
