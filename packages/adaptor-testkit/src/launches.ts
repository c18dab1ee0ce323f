/**
 * Launches that need no agent: a shell in its place that reads its settings, which say what to do.
 * So whatever brings an agent its settings brings them here, and nothing else does.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
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

/** A launch with what only the kit knows of it. */
export interface KitLaunch extends AgentLaunch {
  /** Stands in the settings; nobody but the agent may know it. */
  readonly secret: string;
}

/** Makes a launch's directory and settings below a directory. */
export async function makeLaunch(
  below: string,
  manager: AgentLaunch['manager'],
  parts: LaunchParts,
): Promise<KitLaunch> {
  const name = parts.name ?? `kit-${randomBytes(6).toString('hex')}`;
  const description = PilotJobDescription.parse(
    parts.description ?? {},
  ) as ParsedPilotJobDescription;
  const directory = join(below, parts.folder ?? name);
  const secret = randomBytes(16).toString('hex');
  const file = (own: string) => join(directory, own);
  const agentFile = join(below, 'agent.sh');
  const settingsFile = file('settings.sh');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  await writeFile(agentFile, '. "$1"\n');
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
    secret,
  };
}
