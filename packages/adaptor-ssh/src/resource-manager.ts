/** `ssh://`: an agent on each host of a pilot, started and looked after through ssh. */
import { existsSync } from 'node:fs';
import {
  type AgentLaunch,
  abortable,
  type Log,
  type NativeState,
  PilotError,
  type ResourceManager,
  type ResourceManagerInfo,
} from '@pstar/core/adaptor';
import { type Agents, agentsOf, type Offered } from './geometry.ts';
import { signalScript, startFile } from './host/agent-scripts.ts';
import { refuseUnwritable } from './host/collecting.ts';
import type { HostSite } from './host/host-site.ts';
import type { Hosts } from './hosts.ts';
import { type LaunchRecords, newRecord } from './launch-records.ts';
import { launchNameOf, nativeIdOf, nativeStateOf } from './native-states.ts';
import { type Part, RemoteAgents } from './remote-agents.ts';

/** What the connection consists of. */
export interface SshResourceManagerParts {
  readonly hosts: Hosts;
  readonly records: LaunchRecords;
  /** The URL's; none where each pilot names its own. */
  readonly targets: readonly string[];
  readonly log: Log;
  /** Gives the same for targets that are one machine. */
  machineOf(target: string): string;
}

/** The hosts of a URL, and those that pilots name. */
export class SshResourceManager implements ResourceManager {
  readonly sharesFiles = false;
  readonly pollIntervalMs = 2000;
  readonly registrationTimeoutMs = 120_000;
  readonly #parts: SshResourceManagerParts;
  readonly #agents: RemoteAgents;

  constructor(parts: SshResourceManagerParts) {
    this.#parts = parts;
    this.#agents = new RemoteAgents(parts.hosts, parts.records, parts.log);
  }

  async submit(launch: AgentLaunch, { signal }: { signal?: AbortSignal } = {}): Promise<string> {
    signal?.throwIfAborted();
    const { records } = this.#parts;
    const agents = this.#agentsOf(launch).map((agent, i, { length }) => ({
      ...agent,
      name: length === 1 ? launch.name : `${launch.name}.h${i + 1}`,
    }));
    const record = newRecord(
      launch,
      agents.map(({ offered: _, ...part }) => part),
    );
    await refuseUnwritable(launch.logFile);
    await records.begin(record);
    const placed = await this.#placeAll(launch, agents, signal);
    const started = await Promise.allSettled(
      placed.map(({ site, there }) => this.#agents.start(site, there)),
    );
    const failure = started.find((each) => each.status === 'rejected');
    if (failure === undefined) {
      await records.change(launch.name, (known) => ({ ...known, isAccepted: true }));
      return nativeIdOf(record);
    }
    // Where the connection was lost it is not known whether it has started: find() finds out.
    if (!isLoss(failure.reason)) await this.#undo(launch.name);
    throw failure.reason;
  }

  /** Removes what is left of launches that have not come to be, where a host did not answer then. */
  async tidy(): Promise<void> {
    for (const { name, isAccepted, settingsFile } of await this.#parts.records.all()) {
      if (!isAccepted && !existsSync(settingsFile)) await this.#undo(name).catch(() => {});
    }
  }

  async states(ids: readonly string[]): Promise<readonly NativeState[]> {
    const names = ids.map(launchNameOf);
    await this.#agents.look(await this.#open(names));
    const records = await Promise.all(names.map((name) => this.#parts.records.read(name)));
    return records.flatMap((record, i) => {
      if (record === undefined || nativeIdOf(record) !== ids[i]) return [];
      return nativeStateOf(record, (part) => this.#agents.viewOf(record.name, part));
    });
  }

  /** What was being started in a crash, or when the connection was lost, is all there or it is undone. */
  async find(launchName: string): Promise<string | undefined> {
    const { records } = this.#parts;
    const record = await records.read(launchName);
    if (record === undefined || record.isAccepted) return record && nativeIdOf(record);
    if ((await this.#agents.started(record)) < record.parts.length) {
      await this.#undo(launchName);
      return undefined;
    }
    await records.change(launchName, (known) => ({ ...known, isAccepted: true }));
    return nativeIdOf(record);
  }

  async cancel(ids: readonly string[]): Promise<void> {
    const names = ids.map(launchNameOf);
    const open = await this.#open(names);
    for (const name of new Set(open.map(({ record }) => record.name))) {
      await this.#parts.records.change(name, (known) => ({ ...known, isCanceled: true }));
    }
    await this.#agents.end(open);
  }

  async signal(id: string, signal: string): Promise<void> {
    for (const { part } of await this.#open([launchNameOf(id)])) {
      const site = await this.#parts.hosts.site(part.target);
      const script = signalScript(part, signal);
      await site.run(script);
    }
  }

  async render(launch: AgentLaunch): Promise<string> {
    const directory = `${launch.description.agent?.scratch ?? '~/.cache/pstar/pilots'}/${launch.name}`;
    const there = { ...launch, directory };
    return this.#agentsOf(launch)
      .map(({ target, offered }) => {
        const own = withOffer(there, offered);
        return `# on ${target}, in ${directory}, by setsid:\n${startFile(own)}`;
      })
      .join('\n');
  }

  async info(): Promise<ResourceManagerInfo> {
    const { hosts, targets } = this.#parts;
    const sites = await hosts.sites();
    const about = await Promise.all(sites.map(aboutOf));
    const names = targets.length > 0 ? targets.join(', ') : 'the hosts that pilots name';
    return { name: `ssh to ${names}`, details: Object.fromEntries(about) };
  }

  async close(): Promise<void> {
    const { hosts, records } = this.#parts;
    try {
      await records.tidy();
    } finally {
      await hosts.close();
    }
  }

  #agentsOf({ description }: AgentLaunch): Agents {
    const { targets, machineOf } = this.#parts;
    return agentsOf(description, targets, machineOf);
  }

  /** Places a launch on all its hosts, or on none. */
  async #placeAll(
    launch: AgentLaunch,
    agents: readonly (Agents[number] & { readonly name: string })[],
    signal: AbortSignal | undefined,
  ) {
    const { hosts, records } = this.#parts;
    const touched = new Set<string>();
    const placing = agents.map(async ({ target, name, offered }) => {
      const site = await abortable(hosts.site(target), signal, `the way to ${target}`);
      touched.add(target);
      const there = await site.place({ ...withOffer(launch, offered), name }, signal);
      const { directory } = there.launch;
      await records.changePart(launch.name, target, { directory, program: there.program });
      return { site, there };
    });
    const placed = await Promise.allSettled(placing);
    const failure = placed.find((each) => each.status === 'rejected');
    if (failure === undefined && !signal?.aborted) {
      return placed.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    }
    // Nothing runs yet; what cannot be removed now is removed when the host answers again.
    await this.#undo(launch.name, touched).catch((err: unknown) => {
      this.#parts.log.debug({ launch: launch.name, err }, 'not all of it is removed yet');
    });
    signal?.throwIfAborted();
    throw failure?.reason;
  }

  /** @param touched the targets where there may be something of it; all by default */
  async #undo(name: string, touched?: ReadonlySet<string>): Promise<void> {
    const { records } = this.#parts;
    const record = await records.read(name);
    if (record === undefined) return;
    const parts = record.parts.filter(({ target }) => touched?.has(target) ?? true);
    await this.#agents.undo({ ...record, parts });
    await records.forget(name);
  }

  /** The shares of these launches that are not known to be over. */
  async #open(names: readonly string[]): Promise<readonly Part[]> {
    const records = await Promise.all(names.map((name) => this.#parts.records.read(name)));
    return records.flatMap((record) =>
      (record?.parts ?? []).flatMap((part) => {
        const { directory, end } = part;
        if (record === undefined || directory === undefined || end !== undefined) return [];
        return { record, part: { ...part, directory } };
      }),
    );
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof PilotError && ['CONNECTION_LOST', 'TIMEOUT'].includes(error.code);
}

function withOffer(launch: AgentLaunch, { node, cores, memory }: Offered): AgentLaunch {
  const environment = {
    ...launch.environment,
    PSTAR_NODE_NAME: node,
    ...(cores !== undefined && { PSTAR_NODE_CORES: String(cores) }),
    ...(memory !== undefined && { PSTAR_NODE_MEMORY: String(memory) }),
  };
  return { ...launch, environment };
}

async function aboutOf(site: HostSite): Promise<[string, unknown]> {
  const { host } = site;
  const tunnel = await site.openTunnel();
  const way = tunnel && { agentsDial: tunnel.remote, by: tunnel.kind };
  return [host.name, { connection: host.state.state, ...way }];
}
