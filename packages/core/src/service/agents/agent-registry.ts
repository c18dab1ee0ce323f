/**
 * The agents of a PilotJobService: lets in those that speak our language and belong to a pilot,
 * carries messages between them and the work unit services, and tells the pilot machine who came
 * and went. What follows from that is the machine's to say.
 */
import type { PilotInput } from '../../manager/pilot-events.ts';
import type { PilotRecord } from '../../manager/pilot-record.ts';
import type { AgentEnding } from '../../manager/work-events.ts';
import { PilotError } from '../../model/errors.ts';
import { isFinalPilotJobState } from '../../model/pilot-job-state.ts';
import { isCallMessage } from '../../protocol/call-messages.ts';
import type { AgentMessage, ManagerMessage } from '../../protocol/messages.ts';
import { isTransfer } from '../../protocol/transfer-messages.ts';
import { PROTOCOL_VERSION, PSTAR_VERSION } from '../../protocol/version.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { RunningTimers } from '../../runtime/running-timers.ts';
import { isAgentId, type LeftReports } from '../../transport/kept-reports.ts';
import type { Link } from '../../transport/link.ts';
import type { WorkClient, WorkMessage } from '../base/work-client.ts';
import { AgentConnection, type AgentWord, LinkWatch } from './agent-link.ts';

/** How long who has a key may take to say who it is. */
const HELLO_MS = 10_000;
/** How long the words of an agent may come after the word that its process is over. */
const PARTING_MS = 2_000;
/** An agent that has said what cannot be on so many links, one after the other, would do so on the next. */
const LIES_MAX = 5;
/** What an agent has left came by no link. */
const NO_CHANNEL = -1;

/** How often a link is proved alive, and how long an agent goes on without one. */
export interface LinkTimes {
  readonly heartbeatMs: number;
  readonly leaseMs: number;
}

/** What the registry is made of. */
export interface AgentRegistryParts {
  readonly clock: Clock;
  readonly timers: RunningTimers;
  readonly log: Log;
  dispatch(input: PilotInput): void;
  /** The pilot whose key an identity has proved. */
  pilotOf(identity: string): string | undefined;
  timesOf(pilotId: string): LinkTimes;
  /** What the agents of a pilot have left behind. */
  leftOf(pilotId: string): LeftReports;
}

/** How an agent has come to its end. */
interface Gone {
  readonly how: AgentEnding;
  readonly detail: string;
}

/** All agents of one service, and all services that give them work. */
export class AgentRegistry {
  readonly #parts: AgentRegistryParts;
  readonly #agents = new Map<string, AgentConnection>();
  readonly #watches = new Map<string, LinkWatch>();
  /** Those that never come back, with what they left: a service that is added later asks. */
  readonly #gone = new Map<string, Gone>();
  readonly #silent = new Map<string, string>();
  readonly #clients = new Set<WorkClient>();
  /** Links that have not said yet whose they are. */
  readonly #unnamed = new Set<LinkWatch>();
  /** When a link of a pilot's agents was last lost, by the monotonic clock. */
  readonly #lastLost = new Map<string, number>();
  /** Agents whose last links have ended with what cannot be: how many did, and what it was. */
  readonly #lies = new Map<string, { readonly times: number; readonly problem: string }>();
  /** Called whenever a link of an agent is over, or something has come by one. */
  readonly #partings = new Set<() => void>();
  #closed = false;

  constructor(parts: AgentRegistryParts) {
    this.#parts = parts;
  }

  /** Takes over what an earlier process knew of a pilot's agents. */
  restore(pilot: Readonly<PilotRecord>): void {
    for (const { id, node, endsAt, at } of pilot.agents.values()) {
      const hello = { agent: id, pilot: pilot.id, node };
      this.#agents.set(id, new AgentConnection(hello, endsAt));
      if (at.link === 'gone') this.#gone.set(id, at);
      else if (isFinalPilotJobState(pilot.state)) this.#silent.set(id, pilot.detail);
      else this.#silent.set(id, 'the manager was away');
    }
  }

  /** Listens to a link that has proved an identity, until it says who it is. */
  accept(link: Link, identity: string): void {
    const { timers, log } = this.#parts;
    if (this.#closed) {
      link.destroy();
      return;
    }
    const patience = timers.after(HELLO_MS, () => watch.drop('it did not say who it is'));
    let connection: AgentConnection | undefined;
    // Before the watch hears of it.
    link.on('close', (error) => {
      if (connection === undefined || connection.link !== link) return;
      if (error?.code === 'PROTOCOL_MISMATCH') this.#noteLie(connection.agentId, error.problem);
      else this.#lies.delete(connection.agentId);
    });
    const named = () => {
      patience.cancel();
      this.#unnamed.delete(watch);
    };
    const watch = new LinkWatch(link, timers, {
      message: (message) => {
        if (connection !== undefined) {
          this.#receive(connection, message);
          for (const look of this.#partings) look();
          return;
        }
        named();
        connection = this.#greet(link, watch, identity, message);
      },
      drained: () => {
        if (connection === undefined) return;
        for (const client of this.#clients) client.agentDrained?.(connection);
      },
      over: (why) => {
        named();
        if (connection === undefined) log.debug({ peer: link.peer, why }, 'a link ended unnamed');
        else this.#lost(connection, link, why);
      },
    });
    this.#unnamed.add(watch);
  }

  /** The effect of a journalled arrival. */
  joined(agentId: string): void {
    const agent = this.#agents.get(agentId);
    const watch = this.#watches.get(agentId);
    // Its link may be over already, or another have come: whatever is journalled next says so.
    if (agent?.link === undefined || agent.connected || watch === undefined) return;
    const { heartbeatMs, leaseMs } = this.#parts.timesOf(agent.pilotId);
    agent.welcome({ type: 'welcome', ...ourVersion(), heartbeatMs, leaseMs });
    watch.pulse(heartbeatMs, () => this.#parts.clock.now());
    this.#silent.delete(agentId);
    for (const client of this.#clients) this.#tell(() => agent.attach(client));
  }

  /** The effect of a journalled loss of a link. */
  silent(agentId: string, why: string): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined || agent.connected) return;
    this.#silent.set(agentId, why);
    for (const client of this.#clients) this.#tell(() => client.agentSilent(agent, why));
  }

  /** The effect of a journalled end. */
  gone(agentId: string, how: AgentEnding, detail: string): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined) return;
    this.#gone.set(agentId, { how, detail });
    this.#silent.delete(agentId);
    agent.depart();
    this.#watches.get(agentId)?.dismiss(undefined);
    this.#watches.delete(agentId);
    for (const look of this.#partings) look();
    for (const client of this.#clients) void this.#part(client, agent, { how, detail });
  }

  /** Whether any of a pilot's agents has a link. */
  areConnected(pilotId: string): boolean {
    return [...this.#agents.values()].some((agent) => agent.pilotId === pilotId && agent.connected);
  }

  /** Whether any of a pilot's agents has a link, or has had one since a time of the monotonic clock. */
  wereConnected(pilotId: string, since: number): boolean {
    return this.areConnected(pilotId) || (this.#lastLost.get(pilotId) ?? -Infinity) >= since;
  }

  /**
   * Settles when every link of a pilot's agents is over and all read that came by it: the word that a
   * process is over may overtake its own goodbye. Or when one of them is heard so long after that word
   * that it cannot be true: then that one is connected still.
   */
  parted(pilotId: string): Promise<void> {
    if (!this.areConnected(pilotId)) return Promise.resolve();
    const proof = this.#parts.timers.now + PARTING_MS;
    return new Promise((resolve) => {
      const look = () => {
        if (this.areConnected(pilotId) && !this.#wereHeard(pilotId, proof)) return;
        this.#partings.delete(look);
        resolve();
      };
      this.#partings.add(look);
    });
  }

  /** Turns an agent away: it ends its units and itself. */
  refuse(agentId: string, problem: string): void {
    const agent = this.#agents.get(agentId);
    agent?.depart();
    this.#watches.get(agentId)?.dismiss({ type: 'refuse', ...ourVersion(), problem });
    this.#watches.delete(agentId);
    for (const look of this.#partings) look();
  }

  end(agentId: string, graceMs: number, why: string): void {
    this.#agents.get(agentId)?.send({ type: 'end', graceMs, why });
  }

  attach(client: WorkClient): void {
    this.#clients.add(client);
    for (const [id, agent] of this.#agents) {
      const gone = this.#gone.get(id);
      if (gone) void this.#part(client, agent, gone);
      else if (agent.connected) this.#tell(() => agent.attach(client));
      else this.#tell(() => client.agentSilent(agent, this.#silent.get(id) ?? 'not here yet'));
    }
  }

  detach(client: WorkClient): void {
    this.#clients.delete(client);
    for (const agent of this.#agents.values()) agent.detach(client);
  }

  stoodStill(ms: number): void {
    for (const client of this.#clients) this.#tell(() => client.stoodStill?.(ms));
  }

  pilotsChanged(): void {
    for (const client of this.#clients) this.#tell(() => client.pilotsChanged());
  }

  /** Ends every link; the agents go on, and call again for as long as their lease lasts. */
  close(why: string): void {
    this.#closed = true;
    for (const watch of this.#unnamed) watch.drop(why);
    for (const [id, watch] of this.#watches) {
      watch.dismiss(undefined);
      const agent = this.#agents.get(id);
      agent?.depart();
      for (const client of this.#clients) {
        if (agent !== undefined) this.#tell(() => client.agentSilent(agent, why));
      }
    }
    this.#watches.clear();
    this.#clients.clear();
  }

  #greet(
    link: Link,
    watch: LinkWatch,
    identity: string,
    hello: AgentWord,
  ): AgentConnection | undefined {
    const problem = this.#problemOf(hello, identity);
    if (hello.type !== 'hello' || problem !== undefined) {
      this.#parts.log.warn({ peer: link.peer, problem }, 'an agent was turned away');
      watch.dismiss({ type: 'refuse', ...ourVersion(), problem: problem ?? 'no hello' });
      return undefined;
    }
    const { agent: id, pilot, node, remainingMs } = hello;
    const at = this.#parts.clock.now();
    const endsAt = remainingMs === undefined ? undefined : at + remainingMs;
    this.#watches.get(id)?.drop('it has come by another link');
    const agent = this.#agents.get(id) ?? new AgentConnection(hello, endsAt);
    agent.endsIn(remainingMs, at);
    this.#agents.set(id, agent);
    this.#watches.set(id, watch);
    agent.arrive(link);
    const end = agent.endsAt === undefined ? {} : { endsAt: agent.endsAt };
    this.#parts.dispatch({ type: 'agent-connected', pilot, agent: id, node, ...end, at });
    return agent;
  }

  #problemOf(hello: AgentWord, identity: string): string | undefined {
    if (hello.type !== 'hello') return `the first message must be hello, and was ${hello.type}`;
    if (hello.protocol !== PROTOCOL_VERSION) {
      const theirs = `the agent is pstar ${hello.version} (protocol ${hello.protocol})`;
      return `${theirs}, its manager ${PSTAR_VERSION} (protocol ${PROTOCOL_VERSION})`;
    }
    const pilot = this.#parts.pilotOf(identity);
    if (hello.pilot !== pilot) return `the key is not that of ${hello.pilot}`;
    const namesake = this.#agents.get(hello.agent);
    const isItself = namesake === undefined || namesake.pilotId === pilot;
    if (!isAgentId(hello.agent) || !isItself) return `it cannot be called ${hello.agent}`;
    const { times, problem } = this.#lies.get(hello.agent) ?? { times: 0 };
    return times < LIES_MAX
      ? undefined
      : `${times} times in a row it has said what cannot be: ${problem}`;
  }

  #receive(agent: AgentConnection, message: AgentWord): void {
    if (isTransfer(message) || isCallMessage(message)) {
      this.#pass(agent, message);
    } else this.#hear(agent, message);
  }

  /** To the service that it is for. An agent that says what cannot be is heard no more by that link. */
  #pass(agent: AgentConnection, message: WorkMessage): void {
    this.#tell(() => {
      try {
        agent.clientOf(message.channel)?.agentMessage(agent, message);
      } catch (error) {
        if (!(error instanceof PilotError && error.code === 'PROTOCOL_MISMATCH')) throw error;
        this.#parts.log.warn({ agent: agent.agentId, err: error }, 'its link is given up');
        this.#noteLie(agent.agentId, error.problem);
        this.#watches.get(agent.agentId)?.drop(error.problem);
      }
    });
  }

  #noteLie(agentId: string, problem: string): void {
    const { times } = this.#lies.get(agentId) ?? { times: 0 };
    this.#lies.set(agentId, { times: times + 1, problem });
  }

  #hear(agent: AgentConnection, message: AgentMessage): void {
    switch (message.type) {
      case 'held':
        this.#tell(() => agent.clientOf(message.channel)?.agentJoined(agent, message));
        return;
      case 'report':
      case 'progress':
      case 'output':
        this.#pass(agent, message);
        return;
      case 'bye': {
        const { reason, problem } = message;
        const why = problem === undefined ? {} : { problem };
        const { pilotId: pilot, agentId } = agent;
        const at = this.#parts.clock.now();
        this.#parts.dispatch({ type: 'agent-bye', pilot, agent: agentId, reason, ...why, at });
        return;
      }
      case 'pulse':
        if (!agent.connected || !agent.endsIn(message.remainingMs, this.#parts.clock.now())) return;
        for (const client of this.#clients) this.#tell(() => client.agentEndsAt(agent));
        return;
      case 'hello':
        this.#watches.get(agent.agentId)?.drop('it has said hello twice');
        return;
    }
  }

  #lost(agent: AgentConnection, link: Link, why: string): void {
    if (agent.link !== link) return;
    agent.depart();
    this.#watches.delete(agent.agentId);
    const { pilotId: pilot, agentId } = agent;
    const { clock } = this.#parts;
    this.#lastLost.set(pilot, clock.monotonic());
    const at = clock.now();
    this.#parts.dispatch({ type: 'agent-silent', pilot, agent: agentId, why, at });
    for (const look of this.#partings) look();
  }

  #wereHeard(pilotId: string, since: number): boolean {
    return [...this.#agents.values()].some(
      ({ agentId, pilotId: of, connected }) =>
        of === pilotId && connected && (this.#watches.get(agentId)?.lastHeard ?? -1) >= since,
    );
  }

  /** Tells a service that an agent is gone, after what the agent has left for it. */
  async #part(client: WorkClient, agent: AgentConnection, { how, detail }: Gone): Promise<void> {
    const { agentId } = agent;
    const { log, leftOf } = this.#parts;
    const warn = (error: unknown) =>
      log.warn({ agent: agentId, err: error }, 'what it has left cannot be read or removed');
    const left = leftOf(agent.pilotId);
    const isNeeded = client.boundTo(agentId) > 0;
    const reports = isNeeded ? await left.reports(agentId, client.id).catch(warn) : [];
    // Else it is told when it comes back.
    if (!this.#clients.has(client)) return;
    for (const report of reports ?? []) {
      const message = { type: 'report', channel: NO_CHANNEL, ...report } as const;
      this.#tell(() => client.agentMessage(agent, message));
    }
    this.#tell(() => client.agentGone(agent, how, detail));
    if (reports === undefined) return;
    await client.settled().then(
      // A service that was just closing has not taken it in, and asks again when it comes back.
      () => (client.boundTo(agentId) === 0 ? left.remove(agentId, client.id).catch(warn) : {}),
      () => {},
    );
  }

  /** One service's defect is not the others'. */
  #tell(f: () => void): void {
    try {
      f();
    } catch (error) {
      this.#parts.log.error({ err: error }, 'a work unit service has thrown');
    }
  }
}

function ourVersion(): Pick<Extract<ManagerMessage, { type: 'refuse' }>, 'protocol' | 'version'> {
  return { protocol: PROTOCOL_VERSION, version: PSTAR_VERSION };
}
