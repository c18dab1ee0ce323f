/**
 * What shells over there know, so that a host needs nothing but /bin/sh, /proc and the usual tools to
 * look after its agents: it is asked in a shell's words, and answers in lines that begin so that no
 * greeting of a login shell is taken for one. PURE.
 *
 * What has happened to an agent stands in symbolic links of its directory: a link is there as a whole
 * or not at all, and fits on a disk that is full. `agent` and `keeper` name a process, by its number,
 * its start and the boot that both are of, so that no other is ever taken for it; `exit` says how the
 * agent has ended.
 */
import { shellQuote } from '@pstar/core/adaptor';

/** Names the launch in the environment of the agent and of all that it starts. */
export const LAUNCH_VARIABLE = 'PSTAR_LAUNCH';
const MARK = 'pstar:';

/** What every script begins with. */
export const SHELL_FUNCTIONS = `
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)

say() {
  printf '${MARK}%s\\n' "$*"
}

# The SHA-256 of a file.
hash_of() {
  if command -v sha256sum >/dev/null; then
    sha256sum <"$1"
  else
    openssl dgst -r -sha256 <"$1"
  fi | cut -c 1-64
}

# Sets $status and $started of a process; fails when there is none.
look_at() {
  status=$(cat "/proc/$1/stat" 2>/dev/null) && [ -n "$status" ] || return 1
  set -- \${status##*') '}
  status=$1
  started=\${20}
}

# Names a process for as long as this machine runs.
reference() {
  look_at "$1" && echo "$1:$started:$boot"
}

# Whether the process of a reference is there still; then $pid and $status are its own.
lives() {
  pid=\${1%%:*}
  [ -n "$pid" ] && look_at "$pid" && [ "$1" = "$pid:$started:$boot" ] && [ "$status" != Z ]
}

# The processes of a launch, with their descendants and the other members of their sessions: these
# may have dropped the variable.
members() {
  marked=$(grep -lszxF "${LAUNCH_VARIABLE}=$1" /proc/[0-9]*/environ | cut -d/ -f3)
  [ -n "$marked" ] || return
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v marked="$(echo $marked)" '
    { pid = $1; sub(/^.*\\) /, "") }
    $1 != "Z" { parent[pid] = $2; session[pid] = $4 }
    END {
      n = split(marked, list, " ")
      for (i = 1; i <= n; i++) if (list[i] in parent) {
        found[list[i]] = 1
        if (session[list[i]] == list[i]) led[list[i]] = 1
      }
      do {
        more = 0
        for (pid in parent) if (!(pid in found) && (parent[pid] in found || session[pid] in led)) {
          found[pid] = 1
          more = 1
        }
      } while (more)
      for (pid in found) print pid
    }'
}

# Kills all that is left of a launch: a process may start others until it is dead, hence the loop.
sweep() {
  round=0
  while [ "$round" -lt 100 ] && found=$(members "$1") && [ -n "$found" ]; do
    kill -KILL $found 2>/dev/null
    round=$((round + 1))
    [ "$round" -le 5 ] || sleep 0.1
  done
}

clear_secrets() {
  rm -f "$1/settings.json" "$1/manager.json"
}

# Removes a directory, while a warden may be writing into it: not without the settings.
clear_away() {
  clear_secrets "$1"
  rm -rf "$1" 2>/dev/null || rm -rf "$1"
  case $1 in */pstar/pilots/*) rmdir "\${1%/*}" 2>/dev/null || : ;; esac
}
`;

/** Calls of functions, one a line, with words that stand for exactly these texts. */
export function calls(name: string, lines: Iterable<readonly string[]>): string {
  return [...lines].map((words) => `${name} ${words.map(shellQuote).join(' ')}\n`).join('');
}

/** What a script has said, as words, a list for each time that it did. */
export function answers(stdout: string): readonly (readonly string[])[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith(MARK))
    .map((line) => line.slice(MARK.length).split(' '));
}
