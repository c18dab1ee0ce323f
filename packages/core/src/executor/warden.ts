/**
 * A shell that waits for this program to die. If that comes without a word, by SIGKILL or the
 * kernel's hand, it kills what the units' processes then are: orphans that nobody knows of, beside
 * which the same units may be started again elsewhere. Once it has seen that none is left, it leaves
 * a note of that where it was told to.
 *
 * It is made an orphan itself, so that it is no child to be reaped or mistaken for a unit's.
 */
import { type StdioOptions, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';

/** Where a warden writes that nothing of the units is left. */
export interface DeathNote {
  /** Made empty, with its directory where that is not there. */
  readonly file: string;
  /** Once this file is removed nobody wants to know any more, and no note is left. */
  readonly wantedWhile: string;
}

/** Leaves the script $1 waiting at the pipe that is its descriptor 3. */
const START = `command -v setsid >/dev/null && alone=setsid || alone=
$alone /bin/sh -c "$1" pstar-warden "$2" "$3" "$4" <&3 3<&- >/dev/null 2>&1 &`;

/**
 * A line is the word; the end of the pipe without one is the death.
 *
 * Nothing is left when twice in a row nobody has the mark in its environment, nor a file of the lanes
 * open, as has what was cleared of its environment, or was about to be started. One look is not
 * enough: a process may fork and go while it is under way. The warden has the pipe open itself: that
 * it finds itself, and nobody else, shows that the look was one.
 */
const WAIT = `trap '' HUP INT TERM
read -r word && exit
clear=0 pass=0
while [ "$clear" -lt 2 ]; do
  pass=$((pass + 1))
  [ "$pass" -le 60 ] || exit
  [ "$pass" -le 5 ] || sleep 1
  found=$(grep -lsF "PSTAR_PROGRESS=$1" /proc/[0-9]*/environ)
  [ "$?" -le 2 ] || exit
  for file in $found; do pid=\${file#/proc/}; kill -KILL "\${pid%/environ}"; done
  clear=$((clear + 1))
  [ -z "$found" ] || clear=0
  [ -n "$2" ] || continue
  open=$(exec <&-; find /proc/[0-9]*/fd -lname "$1*")
  [ "$open" = "/proc/$$/fd/0" ] || clear=0
done
[ -n "$2" ] && [ -e "$3" ] || exit
umask 077
mkdir "\${2%/*}"
: >"$2"
[ -e "$3" ] && exit
rm -f "$2"
rmdir "\${2%/*}" "\${3%/*}"`;

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
  constructor(directory: string, note?: DeathNote) {
    const pipe = `${directory}warden`;
    rmSync(pipe, { force: true });
    if (!call('mkfifo', ['-m', '600', pipe])) return;
    // Opened for both, because for writing alone it would have to wait for the reader.
    this.#pipe = openSync(pipe, constants.O_RDWR);
    // By us and not by the shell, which would wait for ever if we died before it had.
    const end = openSync(pipe, constants.O_RDONLY);
    const { file = '', wantedWhile = '' } = note ?? {};
    call('/bin/sh', ['-c', START, 'pstar', WAIT, directory, file, wantedWhile], end);
    closeSync(end);
  }

  /** All is well: the warden goes without doing anything. */
  dismiss(): void {
    if (this.#pipe === undefined) return;
    writeSync(this.#pipe, 'closed\n');
    closeSync(this.#pipe);
  }
}
