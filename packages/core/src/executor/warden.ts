/**
 * A shell that waits for this program to die. If that comes without a word, by SIGKILL or the
 * kernel's hand, it kills what the units' processes then are: orphans that nobody knows of, beside
 * which the same units may be started again elsewhere.
 *
 * It is made an orphan itself, so that it is no child to be reaped or mistaken for a unit's.
 */
import { type StdioOptions, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';

/** Leaves the script $1 waiting at the pipe that is its descriptor 3. */
const START = `command -v setsid >/dev/null && alone=setsid || alone=
$alone /bin/sh -c "$1" pstar-warden "$2" <&3 3<&- >/dev/null 2>&1 &`;

/** A line is the word; the end of the pipe without one is the death. */
const WAIT = `trap '' HUP INT TERM
read -r word && exit
for pass in 1 2 3 4 5; do
  found=$(grep -lsF "PSTAR_PROGRESS=$1" /proc/[0-9]*/environ)
  [ -n "$found" ] || exit
  for file in $found; do pid=\${file#/proc/}; kill -KILL "\${pid%/environ}"; done
done`;

/** Runs a small program to its end, with a file as its descriptor 3; whether it succeeded. */
function call(program: string, words: readonly string[], file?: number): boolean {
  const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', file ?? 'ignore'];
  const options = { cwd: '/', env: { PATH: '/usr/bin:/bin' }, stdio };
  return spawnSync(program, words, options).status === 0;
}

/** Watches over the processes whose PSTAR_PROGRESS begins with a directory. */
export class Warden {
  readonly #pipe: number | undefined;

  /** Does without where a directory takes no pipes; that is no reason not to run units. */
  constructor(directory: string) {
    const pipe = `${directory}warden`;
    rmSync(pipe, { force: true });
    if (!call('mkfifo', ['-m', '600', pipe])) return;
    // Opened for both, because for writing alone it would have to wait for the reader.
    this.#pipe = openSync(pipe, constants.O_RDWR);
    // By us and not by the shell, which would wait for ever if we died before it had.
    const end = openSync(pipe, constants.O_RDONLY);
    call('/bin/sh', ['-c', START, 'pstar', WAIT, directory], end);
    closeSync(end);
  }

  /** All is well: the warden goes without doing anything. */
  dismiss(): void {
    if (this.#pipe === undefined) return;
    writeSync(this.#pipe, 'closed\n');
    closeSync(this.#pipe);
  }
}
