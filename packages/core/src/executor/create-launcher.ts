/** Picks the launcher that this node can have. */
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { ChildProcessLauncher } from './child-process.ts';
import type { EndListener, Launcher } from './launcher.ts';
import { loadLibc } from './libc.ts';
import { PosixSpawnLauncher } from './posix-spawn.ts';

/** posix_spawn where it can be had, otherwise child_process with a note that says why. */
export function createLauncher(options: {
  readonly baseEnvironment: Readonly<Record<string, string>>;
  readonly koffi?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly onEnd: EndListener;
}): Launcher {
  const { baseEnvironment, clock, onEnd } = options;
  const loaded = loadLibc(options.koffi);
  if ('libc' in loaded) return new PosixSpawnLauncher(loaded.libc, baseEnvironment, clock, onEnd);
  const note = `started by child_process at a third of the rate: ${loaded.problem}`;
  options.log.warn({ note }, 'the fast launcher is not available');
  return new ChildProcessLauncher(baseEnvironment, onEnd, note);
}
