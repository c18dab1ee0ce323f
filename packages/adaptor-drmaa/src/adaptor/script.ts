/** The script that becomes the agent: what the resource manager starts on the first node. PURE. */
import { type AgentLaunch, agentScript, shellQuote } from '@pstar/core/adaptor';

/** What a script is made of. */
export interface ScriptParts {
  readonly launch: AgentLaunch;
  /** Where it will be. */
  readonly file: string;
  /** For people: what it is submitted with, as lines of comment. */
  readonly header: readonly string[];
  /** Where the description's `error` goes. */
  readonly errorFile: string | undefined;
  /** The shell's words for its own native id, once it runs. */
  readonly ownId: string;
  /** Where it says its native id, as soon as it runs; undefined where it can be found without. */
  readonly idFile: string | undefined;
  /** What tells an agent of its node. */
  readonly nodeLines: string;
  /** Whether it is to start agents on the other hosts of a parallel environment. */
  readonly several: boolean;
  /** The site's, which go before the description's. */
  readonly initCommands: readonly string[];
}

/** The script's exit code once it was told that it will be killed: 128 and SIGUSR2, as shells have it. */
export const NOTIFIED = 140;

/** The variable that has a site's commands. */
export const INIT_COMMANDS = 'PSTAR_DRMAA_INIT_COMMANDS';

/**
 * Writes the script. It stays, and the agent is its child in the same process group: what is meant for
 * the group reaches both, so that the agent stops and is killed as the script is. What Grid Engine sends
 * before it kills (SIGUSR2, by `-notify`) becomes SIGTERM, which agents heed; as they end well then, only
 * the script's exit code tells it from an end of their own. What it sends before it stops (SIGUSR1) is of
 * no use to them.
 */
export function launchScript(parts: ScriptParts): string {
  const { launch, header, errorFile, several, idFile, ownId, initCommands, nodeLines } = parts;
  const { logFile, description, directory } = launch;
  const error = errorFile === undefined ? '2>&1' : `2>>${shellQuote(errorFile)}`;
  const place = shellQuote(description.workingDirectory ?? directory);
  const site = { source: INIT_COMMANDS, commands: initCommands };
  const own = idFile === undefined ? '' : `printf '%s\\n' "${ownId}" >${shellQuote(idFile)}\n`;
  return `#!/bin/sh
${header.join('\n')}
# What is made here is for its owner alone; the agent and its units have the job's own umask.
job_umask=$(umask)
umask 077
exec >>${shellQuote(logFile)} ${error} </dev/null
cd ${place} || exit
${own}umask "$job_umask"

# The agent of one node.
pstar_agent() {
${agentScript(launch, site)}}

trap '' USR1 USR2
${several ? othersLines(parts) : ''}${nodeLines}pstar_agent &
agent=$!
notified=
trap 'kill -TERM "$agent" 2>/dev/null; again=yes' TERM
trap 'kill -TERM "$agent" 2>/dev/null; again=yes; notified=${NOTIFIED}' USR2
${waitLines('wait "$agent"; code=$?')}${several ? waitLines('wait') : ''}exit "\${notified:-$code}"
`;
}

/** Waiting ends with every signal that is trapped. */
function waitLines(command: string): string {
  return `again=yes
while [ -n "$again" ]; do
  again=
  ${command}
done
`;
}

/** A host has a line for each of its queues: one agent has the slots of all of them. */
const SLOTS_BY_HOST = `awk '{ if (!($1 in n)) h[++k] = $1; n[$1] += $2 }
END { for (i = 1; i <= k; i++) print h[i], n[h[i]] }' "$PE_HOSTFILE"`;

/** One more on each other host. What is put together there is read by a shell. */
function othersLines({ file }: ScriptParts): string {
  return `if [ "$1" != node ]; then
  while read -r host slots; do
    if [ "$1" != node ]; then
      set -- node "$host" "$slots"
    else
      qrsh -inherit -nostdin "$host" /bin/sh ${shellQuote(shellQuote(file))} node "$host" "$slots" &
    fi
  done <<END
$(${SLOTS_BY_HOST})
END
fi
`;
}
