/**
 * What a user's program may have beside its services that listens for signals too: loaded before the program,
 * by `--import`, and named by the environment.
 */
import process from 'node:process';

/** As signal-exit does: where there are more listeners than its own, it leaves the end to them. */
function leaveToOthers(emitter: { count: number }, ownCount: () => number): void {
  emitter.count += 1;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const listener = (): void => {
      if (process.listenerCount(signal) !== ownCount()) return;
      emitter.count -= 1;
      process.off(signal, listener);
      process.stdout.write('cleaned\n');
      process.kill(process.pid, signal);
    };
    process.on(signal, listener);
  }
}

const third = { count: 0 };
const fourth = { count: 0 };

const kinds: Readonly<Record<string, () => void>> = {
  'signal-exit 3': () => {
    Reflect.set(process, '__signal_exit_emitter__', third);
    leaveToOthers(third, () => third.count);
  },
  'signal-exit 4': () => {
    Reflect.set(globalThis, Symbol.for('signal-exit emitter'), fourth);
    leaveToOthers(fourth, () => third.count + fourth.count);
  },
  'a handler': () => {
    process.on('SIGINT', () => process.stdout.write('handled\n'));
  },
  // As prompts do that read Ctrl-C from a terminal in raw mode: without the signal's name.
  'an emitter': () => {
    process.on('SIGUSR2', () => process.emit('SIGINT'));
  },
};

const { LISTENERS = '' } = process.env;
for (const kind of LISTENERS.split(', ')) kinds[kind]?.();
