/** Launches for tests: what an agent is started with. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AgentLaunch,
  type ParsedPilotJobDescription,
  PilotJobDescription,
} from '@pstar/core/adaptor';

export function parsed(description: PilotJobDescription): ParsedPilotJobDescription {
  return PilotJobDescription.parse(description) as ParsedPilotJobDescription;
}

export function launch(
  description: PilotJobDescription = {},
  directory = join(tmpdir(), 'pilot-1'),
): AgentLaunch {
  return {
    name: 'pilot-1',
    command: ['/usr/bin/node', '/opt/agent.mjs', join(directory, 'settings.json')],
    settingsFile: join(directory, 'settings.json'),
    agentFile: '/opt/agent.mjs',
    manager: { host: '127.0.0.1', port: 9 },
    directory,
    environment: { PSTAR_PILOT_ID: 'pilot-1' },
    logFile: join(directory, 'agent.log'),
    description: parsed(description),
  };
}
