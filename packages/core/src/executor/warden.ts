/**
 * A shell that waits for this program to die. If that comes without a word, by SIGKILL or the
 * kernel's hand, it kills what the units' processes then are: orphans that nobody knows of, beside
 * which the same units may be started again elsewhere.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** A line on stdin is the word; its end without one is the death. The shell has no work until then. */
const SCRIPT = `trap '' HUP INT TERM
read -r word && exit 0
for pass in 1 2 3 4 5; do
  found=$(grep -lsF "PSTAR_PROGRESS=$1" /proc/[0-9]*/environ)
  [ -n "$found" ] || exit 0
  for file in $found; do pid=\${file#/proc/}; kill -KILL "\${pid%/environ}"; done
done 2>/dev/null`;

/** Watches over the processes whose PSTAR_PROGRESS begins with a directory. */
export class Warden {
  readonly #shell: ChildProcess;

  constructor(directory: string) {
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'pstar-warden', directory], {
      cwd: '/',
      detached: true,
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // A node without /bin/sh has no warden, and a warden that was killed is not missed.
    this.#shell.on('error', () => {});
    this.#shell.stdin?.on('error', () => {});
    this.#shell.unref();
    (this.#shell.stdin as { unref?(): void } | null)?.unref?.();
  }

  /** All is well: the warden goes without doing anything. */
  dismiss(): void {
    this.#shell.stdin?.end('closed\n');
  }
}
