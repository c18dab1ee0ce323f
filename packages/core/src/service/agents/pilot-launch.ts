/** What is written and handed over to start a pilot's agents. */
import { readFileSync, rmSync } from 'node:fs';
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { AgentLaunch, AgentOffer, SecurityContext } from '../../adaptor/adaptor.ts';
import type { PilotPolicy } from '../../manager/pilot-events.ts';
import { PilotError } from '../../model/errors.ts';
import type { ParsedPilotJobDescription } from '../../model/pilot-job-description.ts';
import type { AgentSettings } from '../../protocol/agent-settings.ts';
import { GRACE_MS, ownLimit } from '../../protocol/unit-time.ts';
import { PROTOCOL_VERSION, PSTAR_VERSION } from '../../protocol/version.ts';
import { ensureDirectory, writeFileAtomic } from '../../runtime/files.ts';
import { randomSecret } from '../../runtime/random.ts';
import { agentFile, koffiPath } from './agent-files.ts';
import { SILENT_BEATS } from './agent-link.ts';

/**
 * As HTCondor's JobLeaseDuration: long enough for a login node to restart, or for a program that computes
 * without a break. It is also the most that a pilot costs whose program never comes back.
 */
const LEASE_S = 2400;
const HEARTBEAT_S = 5;
/** What an agent may take beyond the grace to reap, to report, and to exit. */
const FAREWELL_MS = 15_000;
const KEY_BYTES = 32;
const REGISTRATION_S = 300;

/** Where agents call. */
export interface ManagerAddress {
  readonly host: string;
  readonly port: number;
}

/** A pilot's place in its service's directory. */
export interface PilotPlace {
  readonly pilotId: string;
  readonly directory: string;
  readonly settingsFile: string;
  readonly managerFile: string;
  readonly contextFile: string;
  readonly logFile: string;
  /** What agents leave behind that nobody has acknowledged. */
  readonly keptDirectory: string;
}

/** The files of a pilot. */
export function pilotPlace(serviceDirectory: string, pilotId: string): PilotPlace {
  const directory = join(serviceDirectory, 'pilots', pilotId);
  const file = (name: string) => join(directory, name);
  return {
    pilotId,
    directory,
    settingsFile: file('settings.json'),
    managerFile: file('manager.json'),
    contextFile: file('context.json'),
    logFile: file('agent.log'),
    keptDirectory: file('kept'),
  };
}

/** Tells one submission of a pilot from the next; also the identity that its agents prove. */
export function launchName(pilotId: string, round: number): string {
  return round === 1 ? pilotId : `${pilotId}.${round}`;
}

/** Heartbeat and lease of a pilot's links. */
export function linkTimes({ agent = {} }: ParsedPilotJobDescription): {
  heartbeatMs: number;
  leaseMs: number;
} {
  const leaseMs = 1000 * (agent.lease ?? LEASE_S);
  return { leaseMs, heartbeatMs: Math.min(1000 * (agent.heartbeat ?? HEARTBEAT_S), leaseMs / 2) };
}

/** How patient to be with a pilot. */
export function pilotPolicy(
  description: ParsedPilotJobDescription,
  manager: { registrationTimeoutMs?: number; registersFrom?: 'running' | 'acceptance' },
): PilotPolicy {
  const { heartbeatMs, leaseMs } = linkTimes(description);
  const own = description.agent?.registrationTimeout;
  return {
    registrationMs:
      own === undefined ? (manager.registrationTimeoutMs ?? 1000 * REGISTRATION_S) : 1000 * own,
    registersFrom: manager.registersFrom ?? 'running',
    // The agent may notice the silence that much later, and then takes its time to end.
    fenceMs: leaseMs + SILENT_BEATS * heartbeatMs + GRACE_MS + FAREWELL_MS,
    graceMs: GRACE_MS,
    patienceMs: GRACE_MS + FAREWELL_MS,
  };
}

/** The launch of one round of a pilot. */
export function agentLaunch(
  place: PilotPlace,
  round: number,
  description: ParsedPilotJobDescription,
  manager: ManagerAddress,
): AgentLaunch {
  const file = agentFile();
  const node = description.agent?.node ?? process.execPath;
  return {
    name: launchName(place.pilotId, round),
    command: [node, file, place.settingsFile],
    settingsFile: place.settingsFile,
    agentFile: file,
    manager,
    directory: place.directory,
    environment: { ...description.environment, PSTAR_PILOT_ID: place.pilotId },
    logFile: logFileOf(place, description),
    description,
  };
}

/** Where what a pilot's agent writes is found. */
export function logFileOf(place: PilotPlace, { output }: ParsedPilotJobDescription): string {
  if (output === undefined) return place.logFile;
  return isAbsolute(output) ? output : join(place.directory, output);
}

/** What the settings of a round depend on. */
export interface SettingsParts {
  readonly place: PilotPlace;
  readonly round: number;
  readonly description: ParsedPilotJobDescription;
  readonly address: ManagerAddress;
  readonly offer: AgentOffer;
  /** The adaptor has the limit kept by the resource manager as well. */
  readonly limitIsKept: boolean;
  readonly sharesFiles: boolean;
  /** Where agents are on this machine, and there is a socket for them. */
  readonly managerSocket?: string | undefined;
}

/** The settings of a round, and what had to be made outside of the pilot's directory for it. */
export interface WrittenSettings {
  readonly settings: AgentSettings;
  readonly made: readonly string[];
}

/** Makes a pilot's directory and settings, with a key of their own. */
export async function writeSettings(parts: SettingsParts): Promise<WrittenSettings> {
  const { place, description } = parts;
  const settings = agentSettings(parts, randomSecret(KEY_BYTES).toString('base64'));
  await ensureDirectory(place.directory);
  // Elsewhere it is none of this machine's directories.
  const made = parts.sharesFiles ? await makeRoot(settings.root, description) : [];
  // Of an earlier round, with an address that may be old.
  await rm(place.managerFile, { force: true });
  if (description.output === undefined) await rm(place.logFile, { force: true });
  await writeFileAtomic(place.settingsFile, JSON.stringify(settings, null, 2));
  return { settings, made };
}

/** Where it is not the store's, it is the description that is to be changed. */
async function makeRoot(
  root: string,
  { agent, workingDirectory }: ParsedPilotJobDescription,
): Promise<readonly string[]> {
  try {
    return await ensureDirectory(root, 0o755);
  } catch (error) {
    const isOurs = agent?.scratch === undefined && workingDirectory === undefined;
    if (isOurs || !(error instanceof PilotError) || error.code !== 'STORE_UNWRITABLE') throw error;
    throw new PilotError('DESCRIPTION_INVALID', error.problem, {
      subject: agent?.scratch === undefined ? 'workingDirectory' : 'agent.scratch',
      hint: 'write a directory that is there, or can be made, and that you may write to',
      cause: error,
    });
  }
}

function agentSettings(parts: SettingsParts, key: string): AgentSettings {
  const { place, round, description, address, offer, sharesFiles, managerSocket } = parts;
  const { agent = {}, environment = {}, idleTimeout } = description;
  const name = launchName(place.pilotId, round);
  const cores = agent.cores ?? offer.cores;
  const memory = agent.memory ?? offer.memory;
  const koffi = koffiPath();
  return {
    protocol: PROTOCOL_VERSION,
    version: PSTAR_VERSION,
    pilot: place.pilotId,
    identity: name,
    key,
    manager: address,
    ...(managerSocket !== undefined && { managerSocket, managerIsHere: true }),
    managerFile: place.managerFile,
    keptDirectory: place.keptDirectory,
    settingsFile: place.settingsFile,
    root: agent.scratch
      ? join(agent.scratch, name)
      : (description.workingDirectory ?? place.directory),
    sharesFiles,
    ...(cores !== undefined && { cores }),
    ...(memory !== undefined && { memory }),
    ...(agent.gpus !== undefined && { gpus: agent.gpus }),
    ...(agent.resources !== undefined && { resources: agent.resources }),
    ...wallTime(parts),
    ...(idleTimeout !== undefined && { idleTimeoutMs: 1000 * idleTimeout }),
    ...linkTimes(description),
    graceMs: GRACE_MS,
    executor: agent.executor ?? 'process',
    ...(koffi !== undefined && { koffi }),
    environment,
  };
}

function wallTime({ description, limitIsKept }: SettingsParts): Partial<AgentSettings> {
  if (description.wallTimeLimit === undefined) return {};
  const ms = 1000 * description.wallTimeLimit;
  if (!limitIsKept) return { wallTimeLimitMs: ms, isKilledAtLimit: false };
  return { wallTimeLimitMs: ownLimit(ms) };
}

/** A pilot's settings as they were written; undefined once they are removed. */
export function readSettings(place: PilotPlace): AgentSettings | undefined {
  return readJson(place.settingsFile) as AgentSettings | undefined;
}

/** Keeps a pilot's credentials where a later process finds them. */
export async function writeContext(place: PilotPlace, context: SecurityContext): Promise<void> {
  await ensureDirectory(place.directory);
  await writeFileAtomic(place.contextFile, JSON.stringify(context));
}

/** The credentials that a pilot was created with. */
export function readContext(place: PilotPlace): SecurityContext | undefined {
  return readJson(place.contextFile) as SecurityContext | undefined;
}

/** Tells agents that look for their manager where it is now. */
export function publishAddress(place: PilotPlace, address: ManagerAddress): Promise<void> {
  return writeFileAtomic(place.managerFile, JSON.stringify(address));
}

/** Removes what a refused submission has made. */
export function forgetPlace(place: PilotPlace): void {
  rmSync(place.directory, { recursive: true, force: true });
}

/**
 * Removes secrets, and what the description wants removed, once all of a pilot is over. What agents
 * have left stays until it is taken in.
 */
export async function cleanUpPlace(
  place: PilotPlace,
  cleanup: boolean | 'default' = 'default',
): Promise<void> {
  if (cleanup === true) {
    const names = await readdir(place.directory).catch(() => []);
    for (const name of names.map((each) => join(place.directory, each))) {
      if (name !== place.keptDirectory) await rm(name, { recursive: true, force: true });
    }
  }
  const { settingsFile, contextFile, managerFile, logFile } = place;
  for (const file of [settingsFile, contextFile, managerFile]) await rm(file, { force: true });
  if (cleanup === false) return;
  const log = await stat(logFile).catch(() => undefined);
  if (log?.size === 0) await rm(logFile, { force: true });
  // What is not empty stays.
  await rmdir(place.directory).catch(() => {});
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
