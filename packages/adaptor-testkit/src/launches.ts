/**
 * Launches that need no agent: a shell in its place that reads its settings, which say what to do.
 * So whatever brings an agent its settings brings them here, and nothing else does.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AgentLaunch,
  type ParsedPilotJobDescription,
  PilotJobDescription,
  shellQuote,
} from '@pstar/core/adaptor';

/** What the program of a launch does. */
export const SCRIPTS = {
  /** Stays until it is ended. */
  stay: 'exec sleep 600',
  /** Says so once it runs, and stays. */
  sayAndStay: 'echo >"$HERE/ready"; exec sleep 600',
  /** Writes what it is told by a signal, and stays. */
  heed: (signal: string, then: string) => `
trap 'echo ${signal} >"$HERE/heard"; ${then}' ${signal}
echo >"$HERE/ready"
while :; do sleep 600 & wait $!; done`,
} as const;

/** How a launch differs from any other. */
export interface LaunchParts {
  readonly script: string;
  readonly description?: PilotJobDescription;
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: one of its own. */
  readonly name?: string;
  /** What its directory is called. Default: its name. */
  readonly folder?: string;
}

/** What all launches of a requirement have in common. */
export interface LaunchPlace {
  readonly directory: string;
  /** Made by {@link writeAgent}. */
  readonly agentFile: string;
  readonly manager: AgentLaunch['manager'];
}

/** Makes the program that stands in for the agent. */
export async function writeAgent(directory: string): Promise<string> {
  const agentFile = join(directory, 'agent.sh');
  await writeFile(agentFile, '. "$1"\n');
  return agentFile;
}

/** Makes a launch's directory and settings. */
export async function makeLaunch(
  { directory: below, agentFile, manager }: LaunchPlace,
  parts: LaunchParts,
): Promise<AgentLaunch> {
  const name = parts.name ?? `kit-${randomBytes(6).toString('hex')}`;
  const description = PilotJobDescription.parse(
    parts.description ?? {},
  ) as ParsedPilotJobDescription;
  const directory = join(below, parts.folder ?? name);
  const secret = randomBytes(16).toString('hex');
  const file = (own: string) => join(directory, own);
  const settingsFile = file('settings.sh');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const settings = `SECRET=${secret}\nHERE=${shellQuote(directory)}\n${parts.script}\n`;
  await writeFile(settingsFile, settings, { mode: 0o600 });
  return {
    name,
    command: [description.agent?.node ?? '/bin/sh', agentFile, settingsFile],
    settingsFile,
    agentFile,
    manager,
    directory,
    environment: { ...parts.environment, PSTAR_PILOT_ID: name },
    logFile: file('agent.log'),
    description,
  };
}

/** What stands in a launch's settings, and is for its agent alone. */
export async function secretOf({ settingsFile }: AgentLaunch): Promise<string> {
  const [, secret = ''] = /^SECRET=(.*)$/m.exec(await readFile(settingsFile, 'utf8')) ?? [];
  return secret;
}
