/** Text for /bin/sh, from parts that may hold anything. PURE. */
import { PilotError } from '../model/errors.ts';
import type { AgentLaunch } from './adaptor.ts';

/** One word of a shell command that stands for exactly this text. */
export function shellQuote(text: string): string {
  if (text.includes('\0')) {
    throw new PilotError('DESCRIPTION_INVALID', 'a command cannot hold a NUL byte');
  }
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command as one would type it. */
export function shellCommand(command: readonly string[]): string {
  return command.map(shellQuote).join(' ');
}

/**
 * The lines that a shell runs to become the agent: the variables, the description's `initCommands`,
 * each of which must succeed, then the agent in the shell's own process.
 */
export function agentScript(launch: AgentLaunch): string {
  const variables = Object.entries(launch.environment).map(
    ([name, value]) => `export ${name}=${shellQuote(value)}`,
  );
  const init = (launch.description.initCommands ?? []).flatMap((command, i) => [
    command,
    `[ $? -eq 0 ] || { echo ${shellQuote(`pstar: initCommands[${i}] has failed: ${command}`)} >&2; exit 1; }`,
  ]);
  return [...variables, ...init, `exec ${shellCommand(launch.command)}`, ''].join('\n');
}
