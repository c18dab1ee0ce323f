/** Text for /bin/sh, from parts that may hold anything. PURE. */
import { assert } from '../model/assert.ts';
import { PilotError } from '../model/errors.ts';
import { isVariableName } from '../model/variable-name.ts';
import { UNIT_NODE_OPTIONS } from '../protocol/node-options.ts';
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

/** Commands that a site runs before those of a description. */
export interface SiteCommands {
  /** Where they are written, for the message of one that fails. */
  readonly source: string;
  readonly commands: readonly string[];
}

const HAND_ON_NODE_OPTIONS = `[ -z "\${NODE_OPTIONS-}" ] || export ${UNIT_NODE_OPTIONS}="$NODE_OPTIONS"
unset NODE_OPTIONS`;

/**
 * The lines that a shell runs to become the agent: the variables, the site's commands and the
 * description's `initCommands`, each of which must succeed, then the agent in the shell's own process.
 * `NODE_OPTIONS` is for those commands and for units, and the agent is started without.
 */
export function agentScript(launch: AgentLaunch, site?: SiteCommands): string {
  const variables = Object.entries(launch.environment).map(([name, value]) => {
    assert(isVariableName(name), `${name} is no name of a variable`);
    return `export ${name}=${shellQuote(value)}`;
  });
  const init = [
    ...(site?.commands ?? []).map((command) => mustSucceed(command, site?.source ?? '')),
    ...(launch.description.initCommands ?? []).map((command, i) =>
      mustSucceed(command, `initCommands[${i}]`),
    ),
  ];
  const agent = [HAND_ON_NODE_OPTIONS, `exec ${shellCommand(launch.command)}`];
  return [...variables, ...init, ...agent, ''].join('\n');
}

/**
 * As a word of `eval`, so that a quote left open ends with it; of `command eval`, because of `eval`
 * alone a syntax error is the silent end of some shells.
 */
function mustSucceed(command: string, source: string): string {
  const message = shellQuote(`pstar: ${source} has failed: ${command}`);
  return `command eval ${shellQuote(command)}\n[ $? -eq 0 ] || { echo ${message} >&2; exit 1; }`;
}
