/** An agent as the rest of the manager sees it, across its links; and the watch over one link. */
import type { NodeInfo } from '../../model/resources.ts';
import type { AgentCallMessage } from '../../protocol/call-messages.ts';
import type { AgentMessage, Hello, ManagerMessage } from '../../protocol/messages.ts';
import type { AgentTransfer, OnChannel } from '../../protocol/transfer-messages.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { RunningTimers } from '../../runtime/running-timers.ts';
import type { Link } from '../../transport/link.ts';
import type { AgentPort, WorkClient, WorkWord } from '../base/work-client.ts';

/** So many heartbeats without a word mean that a link is dead. */
export const SILENT_BEATS = 4;

/** Announced ends of a pilot that differ by less are the same end, measured twice. */
const SAME_END_MS = 1_000;

/** One agent, for its whole life. */
export class AgentConnection implements AgentPort {
  readonly agentId: string;
  readonly pilotId: string;
  readonly node: NodeInfo;
  readonly #channels = new Map<string, number>();
  readonly #clients = new Map<number, WorkClient>();
  #link: Link | undefined;
  #connected = false;
  #endsAt: number | undefined;

  constructor(hello: Pick<Hello, 'agent' | 'pilot' | 'node'>, endsAt: number | undefined) {
    this.agentId = hello.agent;
    this.pilotId = hello.pilot;
    this.node = hello.node;
    this.#endsAt = endsAt;
  }

  get endsAt(): number | undefined {
    return this.#endsAt;
  }

  /** The agent itself measures how much time it has; whether that is news. */
  endsIn(remainingMs: number | undefined, now: number): boolean {
    if (remainingMs === undefined) return false;
    const endsAt = now + remainingMs;
    if (Math.abs(endsAt - (this.#endsAt ?? 0)) < SAME_END_MS) return false;
    this.#endsAt = endsAt;
    return true;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** The link that it last came by, while that lives; not yet `connected` until it is welcome. */
  get link(): Link | undefined {
    return this.#link;
  }

  get buffered(): number {
    return this.#link?.buffered ?? 0;
  }

  get isNear(): boolean {
    return this.#link?.isNear ?? false;
  }

  channelOf(serviceId: string): number {
    return this.#channels.get(serviceId) ?? -1;
  }

  send(message: WorkWord, sent?: () => void): void {
    if (this.#connected) this.#link?.send(message, sent);
  }

  /** It has come by a new link. */
  arrive(link: Link): void {
    this.depart();
    this.#link = link;
  }

  /** Its arrival is journalled: from now on it is spoken to. */
  welcome(message: Extract<ManagerMessage, { type: 'welcome' }>): void {
    this.#connected = this.#link !== undefined;
    this.send(message);
  }

  /** Its link is over. */
  depart(): void {
    this.#link = undefined;
    this.#connected = false;
    this.#channels.clear();
    this.#clients.clear();
  }

  /** Opens a channel for a service, which hears of the agent when that has said what it holds. */
  attach(client: WorkClient): void {
    const channel = this.#channels.get(client.id) ?? this.#channels.size;
    this.#channels.set(client.id, channel);
    this.#clients.set(channel, client);
    this.send({ type: 'attach', channel, service: client.id });
  }

  /** The service is told nothing more; what the agent holds for it, it keeps. */
  detach(client: WorkClient): void {
    const channel = this.#channels.get(client.id);
    if (channel !== undefined && this.#clients.get(channel) === client)
      this.#clients.delete(channel);
  }

  /** Whose a channel is; undefined once its service is gone. */
  clientOf(channel: number): WorkClient | undefined {
    return this.#clients.get(channel);
  }
}

/** All that agents say. */
export type AgentWord = AgentMessage | OnChannel<AgentTransfer> | OnChannel<AgentCallMessage>;

/** What happens on a link. */
export interface LinkWatcher {
  message(message: AgentWord): void;
  /** What waited to be written has been. */
  drained(): void;
  /** Once, and nothing after it. */
  over(why: string): void;
}

/** Listens to a link, keeps it alive by pulses, and gives it up when nothing more comes. */
export class LinkWatch {
  readonly #link: Link;
  readonly #timers: RunningTimers;
  #watcher: LinkWatcher | undefined;
  #beat: Timer | undefined;
  #lastHeard: number;

  constructor(link: Link, timers: RunningTimers, watcher: LinkWatcher) {
    this.#link = link;
    this.#timers = timers;
    this.#watcher = watcher;
    this.#lastHeard = timers.now;
    link.on('close', (error) => this.#over(error?.problem ?? 'the link was closed'));
    link.on('drain', () => this.#watcher?.drained());
    link.on('message', (message) => {
      this.#lastHeard = timers.now;
      this.#watcher?.message(message as AgentWord);
    });
  }

  /** When something has come by it last, by the running time of this process. */
  get lastHeard(): number {
    return this.#lastHeard;
  }

  /** Begins to send pulses and to expect them. */
  pulse(heartbeatMs: number, now: () => number): void {
    this.#beat = this.#timers.after(heartbeatMs, () => {
      const silence = this.#timers.now - this.#lastHeard;
      if (silence > SILENT_BEATS * heartbeatMs) {
        this.drop(`no sign of life for ${Math.round(silence / 1000)} s`);
        return;
      }
      const pulse: ManagerMessage = { type: 'pulse', at: now() };
      this.#link.send(pulse);
      this.pulse(heartbeatMs, now);
    });
  }

  /** Gives the link up. */
  drop(why: string): void {
    this.#over(why);
    this.#link.destroy();
  }

  /** Says a last word and lets the link end by itself; the watcher hears no more of it. */
  dismiss(message: ManagerMessage | undefined): void {
    this.#watcher = undefined;
    this.#beat?.cancel();
    if (message !== undefined) this.#link.send(message);
    this.#link.close();
  }

  #over(why: string): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    this.#beat?.cancel();
    watcher?.over(why);
  }
}
