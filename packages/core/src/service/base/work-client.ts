/**
 * The seam between pilots and work: what a PilotJobService tells each WorkUnitService about agents,
 * and how a WorkUnitService speaks to them. Both sides know only this file of each other.
 */
import type { AgentEnding } from '../../manager/work-events.ts';
import type { NodeInfo } from '../../model/resources.ts';
import type { AgentCallMessage, ManagerCallMessage } from '../../protocol/call-messages.ts';
import type { AgentMessage, HeldUnits, ManagerMessage } from '../../protocol/messages.ts';
import type {
  AgentTransfer,
  ManagerTransfer,
  OnChannel,
} from '../../protocol/transfer-messages.ts';
import type { Bytes } from '../../runtime/pieces.ts';

/** What an agent says to one work unit service. */
export type WorkMessage =
  | Exclude<Extract<AgentMessage, { readonly channel: number }>, { readonly type: 'held' }>
  | OnChannel<AgentTransfer>
  | OnChannel<AgentCallMessage>;

/** What is said about calls, as a link takes it: what is in pieces it sends as one. */
export type SentCallMessage = OnChannel<ManagerCallMessage<Bytes>>;

/** What one work unit service says to an agent, about units, files or calls. */
export type WorkWord = ManagerMessage | OnChannel<ManagerTransfer> | SentCallMessage;

/** An agent as work unit services see it: one object for its whole life, across reconnections. */
export interface AgentPort {
  readonly agentId: string;
  readonly pilotId: string;
  readonly node: NodeInfo;
  /** Milliseconds since the epoch at which its pilot's wall time is over, if it has a limit. */
  readonly endsAt: number | undefined;
  readonly connected: boolean;
  /** Bytes that wait to be written. */
  readonly buffered: number;
  /** It is on this machine, and so is the other end of its link. */
  readonly isNear?: boolean;
  /** The number of a service's channel on the present link. */
  channelOf(serviceId: string): number;
  /** Dropped while not connected: what matters is sent again after {@link WorkClient.agentJoined}. */
  send(message: WorkWord, sent?: () => void): void;
}

/** What a WorkUnitService gives to each PilotJobService that it is added to. */
export interface WorkClient {
  readonly id: string;
  /** After every connection and reconnection, once the agent has said what it holds. */
  agentJoined(agent: AgentPort, held: HeldUnits): void;
  agentMessage(agent: AgentPort, message: WorkMessage): void;
  /** What waited to be written has been. */
  agentDrained?(agent: AgentPort): void;
  /** Its pilot's end has another time than it had: the clock was set. */
  agentEndsAt(agent: AgentPort): void;
  /** The link is lost; the agent may come back. */
  agentSilent(agent: AgentPort, why: string): void;
  /** It will never come back: its native job is over, or it is fenced. */
  agentGone(agent: AgentPort, how: AgentEnding, detail: string): void;
  /** How many of its units an agent has, as far as is known. */
  boundTo(agentId: string): number;
  /** Resolves once all that it was told so far is on disk. */
  settled(): Promise<void>;
  /** This program was held up for so long: nobody was answered meanwhile. */
  stoodStill?(ms: number): void;
  /** A pilot's state or detail has changed. */
  pilotsChanged(): void;
}

/** What a PilotJobService offers to work unit services, under a symbol and not in the public API. */
export interface PilotProvider {
  /** Calls {@link WorkClient.agentJoined} soon for every agent that is connected. */
  attachWork(client: WorkClient): void;
  detachWork(client: WorkClient): void;
  /**
   * The program exits while it disposes of a service that uses this one: where this one's turn was to
   * come, kills at once what it can.
   */
  exiting(): void;
}

/** Where a PilotJobService keeps its {@link PilotProvider}. */
export const pilotProvider: unique symbol = Symbol.for('pstar.pilotProvider');
