/**
 * Launches that need no agent: a shell in its place that reads its settings, which say what to do.
 * So whatever brings an agent its settings brings them here, and nothing else does. Settings are JSON,
 * as an agent's are, because an adaptor may have them rewritten for another machine.
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
  /** Says so once it runs, says through a gate that it still does, and stays. */
  answer: `
echo >"$HERE/ready"; until [ -e "$HERE/gate" ]; do sleep 0.05; done
echo >"$HERE/late"; exec sleep 600`,
  /** Writes what it is told by a signal, and stays. */
  heed: (signal: string, then: string) => `
trap 'echo ${signal} >"$HERE/heard"; ${then}' ${signal}
echo >"$HERE/ready"
while :; do sleep 600 & wait $!; done`,
  /** Is slow to end by SIGTERM: waits for a gate, and says so when it is through. */
  tarry: `
trap 'echo >"$HERE/heard"; until [ -e "$HERE/gate" ]; do sleep 0.05; done; echo >"$HERE/late"; exit 0' TERM
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

/**
 * A program for a shell as well as for Node.js, which an adaptor may look for over there by itself; it
 * then becomes the shell, as far as one process can.
 */
const AGENT = String.raw`':' //; eval "$(sed -n 's/^ *"script": "\([^"]*\)".*/\1/p' "$1" | base64 -d)"; exit
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
const words = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
const shell = spawn('/bin/sh', words, { stdio: 'inherit' });
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
for (const signal of signals) process.on(signal, () => shell.kill(signal));
shell.on('exit', (code, signal) => {
  for (const each of signals) process.removeAllListeners(each);
  if (signal === null) process.exit(code);
  else process.kill(process.pid, signal);
});
`;

/** Makes the program that stands in for the agent. */
export async function writeAgent(directory: string): Promise<string> {
  const agentFile = join(directory, 'agent.mjs');
  await writeFile(agentFile, AGENT);
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
  const settingsFile = file('settings.json');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const script = Buffer.from(`HERE=${shellQuote(directory)}\n${parts.script}\n`).toString('base64');
  const settings = { root: directory, secret, script };
  await writeFile(settingsFile, JSON.stringify(settings, null, 2), { mode: 0o600 });
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
  const settings = JSON.parse(await readFile(settingsFile, 'utf8')) as { readonly secret: string };
  return settings.secret;
}
