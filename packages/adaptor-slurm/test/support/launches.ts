/** Launches as the core hands them over. */
import { type AgentLaunch, PilotJobDescription } from '@pstar/core/adaptor';

/** A launch of a pilot that is described so. */
export function launchOf(
  description: PilotJobDescription = {},
  parts: Partial<AgentLaunch> = {},
): AgentLaunch {
  const name = parts.name ?? 'pilot-1';
  const directory = parts.directory ?? `/home/me/.pstar/pilots/${name}`;
  const settingsFile = `${directory}/settings.json`;
  return {
    name,
    command: ['/usr/bin/node', '/opt/pstar/agent.mjs', settingsFile],
    settingsFile,
    agentFile: '/opt/pstar/agent.mjs',
    directory,
    manager: { host: '10.0.0.1', port: 4000 },
    environment: { PSTAR_PILOT_ID: name },
    logFile: `${directory}/agent.log`,
    description: parsed(description),
    ...parts,
  };
}

/** A description as adaptors get it. */
export function parsed(description: PilotJobDescription): AgentLaunch['description'] {
  return PilotJobDescription.parse(description) as AgentLaunch['description'];
}
