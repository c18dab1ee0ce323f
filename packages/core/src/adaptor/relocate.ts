/** Rewrites a launch for a place that does not see this machine's files. */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { PilotError } from '../model/errors.ts';
import type { AgentSettings } from '../protocol/agent-settings.ts';
import type { AgentLaunch, ConnectContext } from './adaptor.ts';

/** Where a launch goes: paths over there. */
export interface LaunchSite {
  /** The launch's own, mode 0700, made by whoever places it. */
  readonly directory: string;
  readonly agentFile: string;
  /** Default: `agent.node` of the description, else `node` in the PATH. */
  readonly node?: string;
  /** The koffi module; without it agents start processes more slowly. */
  readonly koffi?: string;
  /** Where its agents reach this manager from there. */
  readonly manager: { readonly host: string; readonly port: number };
  /** A unix socket in the directory that leads to {@link ConnectContext.admit}, where there is one. */
  readonly managerSocket?: string;
}

/** A launch for another place. */
export interface RelocatedLaunch {
  readonly launch: AgentLaunch;
  /** To be written at `launch.settingsFile` over there, with mode 0600: it holds the key. */
  readonly settings: string;
}

/**
 * Rewrites a launch, and the settings that are at its present settings file. Over there, all that
 * agents write by themselves is in the site's directory: `agent.log`, `kept`, and `manager.json`,
 * which is for whoever tells them that their manager has moved. `output` is not there any more: the
 * log is written over there, and belongs where it says once it is brought back. Scratch space and
 * working directory of the description are paths over there.
 *
 * @throws PilotError `ATTRIBUTE_UNSUPPORTED` for `error`, which nobody would bring back
 */
export function relocate(launch: AgentLaunch, site: LaunchSite): RelocatedLaunch {
  const { output: _, ...description } = launch.description;
  if (description.error !== undefined) {
    const problem = 'errors of agents on another machine come with their output';
    throw new PilotError('ATTRIBUTE_UNSUPPORTED', problem, {
      subject: 'error',
      hint: 'leave it out',
    });
  }
  const { agent, workingDirectory } = description;
  const file = (name: string) => posix.join(site.directory, name);
  const settingsFile = file('settings.json');
  const node = site.node ?? agent?.node ?? 'node';
  const {
    koffi: _1,
    managerSocket: _2,
    managerIsHere: _3,
    ...before
  } = JSON.parse(readFileSync(launch.settingsFile, 'utf8')) as AgentSettings;
  const settings: AgentSettings = {
    ...before,
    manager: site.manager,
    managerFile: file('manager.json'),
    keptDirectory: file('kept'),
    settingsFile,
    root:
      agent?.scratch === undefined
        ? (workingDirectory ?? site.directory)
        : posix.join(agent.scratch, launch.name),
    sharesFiles: false,
    ...(site.koffi !== undefined && { koffi: site.koffi }),
    ...(site.managerSocket !== undefined && { managerSocket: site.managerSocket }),
  };
  return {
    launch: {
      ...launch,
      command: [node, site.agentFile, settingsFile],
      settingsFile,
      agentFile: site.agentFile,
      manager: site.manager,
      directory: site.directory,
      logFile: file('agent.log'),
      description,
    },
    settings: JSON.stringify(settings, null, 2),
  };
}
