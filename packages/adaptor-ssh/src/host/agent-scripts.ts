/** Shell scripts that start agents over there, look after them, and end them, many by one script. PURE. */
import { type AgentLaunch, agentScript, shellQuote } from '@pstar/core/adaptor';
import { answers, calls, LAUNCH_VARIABLE, SHELL_FUNCTIONS } from './shell-functions.ts';

/** A launch with its directory over there. */
export interface PlacedLaunch {
  readonly name: string;
  readonly directory: string;
}

/** What became of one, as its host sees it. */
export type AgentState =
  | { readonly state: 'running' | 'stopped'; readonly pid: number }
  | { readonly state: 'over'; readonly exitCode: number }
  /** Nothing of it runs, and nobody has written down how it ended. */
  | { readonly state: 'lost'; readonly why: string }
  /** It was never started there, or is removed. */
  | { readonly state: 'none' };

/** From SIGTERM to SIGKILL, in tenths of a second: an agent's own grace for its units is shorter. */
const GRACE = 150;
/** How long a shell may take to come to its first command, in steps of 50 ms. */
const PATIENCE = 200;
const END_OF_FILE = 'end-of-pstar-file';

/**
 * Becomes the agent, and leaves a link first that says which process it is. What tells of a session
 * of ssh is not for units, which outlive it.
 */
export function startFile(launch: AgentLaunch): string {
  const [keeper, link] = ['keeper.sh', 'agent'].map((file) => at(launch, file));
  return `ln -s "$(/bin/sh ${keeper} reference $$)" ${link}
unset SSH_CLIENT SSH_CONNECTION SSH_TTY
${agentScript(launch)}`;
}

/** Waits for the agent, sees to it that nothing of it is left, and leaves a link that says how it ended. */
function keeperFile(launch: PlacedLaunch): string {
  const name = shellQuote(launch.name);
  return `${SHELL_FUNCTIONS}
if [ "$1" = reference ]; then
  reference "$2"
  exit
fi
trap : HUP INT TERM
ln -s "$(reference $$)" ${at(launch, 'keeper')}
${LAUNCH_VARIABLE}=${name} /bin/sh ${at(launch, 'start.sh')}
code=$?
sweep ${name}
ln -s "$code" ${at(launch, 'exit')}
`;
}

/**
 * Starts agents whose settings are in their directories, each in a session of its own, and says of
 * each whether it has come to its first command. What is written here is for its owner alone; agents,
 * and so their units, have the umask of the login.
 */
export function startScript(launches: readonly AgentLaunch[]): string {
  const files = launches.map((launch) => {
    const file = (name: string, text: string) =>
      `cat >${at(launch, name)} <<'${END_OF_FILE}'\n${text}${END_OF_FILE}\n`;
    return file('start.sh', startFile(launch)) + file('keeper.sh', keeperFile(launch));
  });
  const numbered = launches.map(({ directory, logFile }, i) => [`${i}`, directory, logFile]);
  return `${SHELL_FUNCTIONS}
login_umask=$(umask)
umask 077
${files.join('')}
start() {
  problem=$( (cd "$2" && : >>"$3") 2>&1) || { say "$1" failed "$problem"; failed="$failed $1 "; return; }
  cd "$2"
  (umask "$login_umask" && exec setsid /bin/sh "$2/keeper.sh") </dev/null >>"$3" 2>&1 &
}

await_start() {
  case $failed in *" $1 "*) return ;; esac
  steps=0
  until [ -h "$2/agent" ] || [ -h "$2/exit" ] || [ "$steps" -ge ${PATIENCE} ]; do
    sleep 0.05
    steps=$((steps + 1))
  done
  [ -h "$2/agent" ] && say "$1" started || say "$1" failed "$(tail -n 1 "$3" 2>/dev/null)"
}

${calls('start', numbered)}${calls('await_start', numbered)}`;
}

/** Why each could not be started; undefined where it was. */
export function readStarts(stdout: string, count: number): readonly (string | undefined)[] {
  const said = new Map(
    answers(stdout).map(([index, what, ...words]) => [Number(index), { what, words }]),
  );
  return Array.from({ length: count }, (_, i) => {
    const { what, words = [] } = said.get(i) ?? {};
    return what === 'started' ? undefined : words.join(' ') || 'nothing is known of its start';
  });
}

/** Says of each what its state is; of what was killed with its keeper nothing is left then. */
export function lookScript(launches: readonly PlacedLaunch[]): string {
  return `${SHELL_FUNCTIONS}
look() {
  [ -d "$2" ] || { say "$1" none; return; }
  for look in first again; do
    code=$(readlink "$2/exit") && { say "$1" over "$code"; return; }
    agent=$(readlink "$2/agent")
    if lives "$agent" || lives "$(readlink "$2/keeper")"; then
      case $status in
      [tT]) say "$1" stopped "$pid" ;;
      *) say "$1" running "$pid" ;;
      esac
      return
    fi
  done
  [ -n "$agent" ] || { say "$1" none; return; }
  sweep "$3"
  case $agent in
  *:$boot) say "$1" lost it was killed, and its keeper with it ;;
  *) say "$1" lost the machine was started anew ;;
  esac
}

${calls('look', numberedOf(launches))}`;
}

/** What {@link lookScript} has said; undefined where it said nothing. */
export function readLooks(stdout: string, count: number): readonly (AgentState | undefined)[] {
  const states = new Map(answers(stdout).map(([i, ...words]) => [Number(i), stateOf(words)]));
  return Array.from({ length: count }, (_, i) => states.get(i));
}

function stateOf([state = '', ...words]: readonly string[]): AgentState | undefined {
  const number = Number(words[0]);
  if (state === 'running' || state === 'stopped') return { state, pid: number };
  if (state === 'over') return { state, exitCode: number };
  if (state === 'lost') return { state, why: words.join(' ') };
  return state === 'none' ? { state } : undefined;
}

/**
 * Ends agents: asks them by SIGTERM, all at once, and kills what is left after their grace. Settles
 * when nothing of them runs.
 */
export function endScript(launches: readonly PlacedLaunch[]): string {
  const numbered = numberedOf(launches);
  return `${SHELL_FUNCTIONS}
ask() {
  agent=$(readlink "$2/agent")
  target=
  lives "$agent" && target=$pid
  lives "$(readlink "$2/keeper")" && target=-$pid
  [ -n "$target" ] || return
  kill -TERM "$target" 2>/dev/null
  # One that is stopped hears nothing until it goes on.
  kill -CONT "$target" 2>/dev/null
}

await_end() {
  while lives "$(readlink "$2/agent")" && [ "$tenths" -lt ${GRACE} ]; do
    sleep 0.1
    tenths=$((tenths + 1))
  done
  sweep "$3"
}

tenths=0
${calls('ask', numbered)}${calls('await_end', numbered)}`;
}

/** Sends a signal to an agent. */
export function signalScript({ directory }: PlacedLaunch, signal: string): string {
  const number = signal.replace(/^SIG/, '');
  return `${SHELL_FUNCTIONS}
lives "$(readlink ${shellQuote(`${directory}/agent`)})" && kill -s ${shellQuote(number)} "$pid"
:
`;
}

/** Removes directories, or of those that are kept what is secret or of no use to anybody. */
export function removeScript(directories: readonly string[], keeps = false): string {
  const action = keeps ? 'clear_secrets' : 'clear_away';
  return `${SHELL_FUNCTIONS}\n${calls(
    action,
    directories.map((each) => [each]),
  )}`;
}

function numberedOf(launches: readonly PlacedLaunch[]): string[][] {
  return launches.map(({ name, directory }, i) => [`${i}`, directory, name]);
}

function at({ directory }: PlacedLaunch, file: string): string {
  return shellQuote(`${directory}/${file}`);
}
