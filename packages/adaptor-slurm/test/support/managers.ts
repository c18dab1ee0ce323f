/** Connections to a Slurm in memory, in a directory of a test's own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AgentLaunch,
  type Clock,
  localCommandRunner,
  type PilotJobDescription,
} from '@pstar/core/adaptor';
import { systemClock } from '@pstar/core/testing';
import { LaunchFiles } from '../../src/launch-files.ts';
import { SlurmResourceManager } from '../../src/resource-manager.ts';
import type { JobRow } from '../../src/transport.ts';
import { launchOf } from './launches.ts';
import type { MemoryTransport } from './transport.ts';

/** Another connection to the same Slurm. */
export function connectedTo(
  transport: MemoryTransport,
  place: string,
  url = {},
  clock: Clock = systemClock,
): SlurmResourceManager {
  return new SlurmResourceManager({
    transport,
    clock,
    directory: join(place, 'slurm'),
    files: localCommandRunner().files,
    names: async () => ['me', '10.0.0.2'],
    defaults: { url, site: { options: [], initCommands: [] } },
  });
}

/** A launch with its directory and its settings. */
export async function launchedIn(
  place: string,
  name: string,
  description: PilotJobDescription = {},
  parts: Partial<AgentLaunch> = {},
): Promise<AgentLaunch> {
  const launch = launchOf(description, { name, directory: join(place, name), ...parts });
  await mkdir(launch.directory);
  await writeFile(launch.settingsFile, '{}');
  return launch;
}

/** As if that id had been given to a job of that name. */
export async function identifiedIn(place: string, id: string, job: string): Promise<void> {
  await new LaunchFiles(join(place, 'slurm'), localCommandRunner().files).identify(id, job);
}

/** A job of the queue. */
export function row(id: string, state: string, parts: Partial<JobRow> = {}): JobRow {
  return { id, name: 'x', state, reason: '', nodes: '', batchHost: '', ...parts };
}
