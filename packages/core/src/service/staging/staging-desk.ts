/**
 * Answers the agents that want files of units, or bring some: for one work unit service, for as long
 * as each link lasts. Which file of this machine an item is, the manager's own descriptions say.
 */
import type {
  AgentTransfer,
  ManagerTransfer,
  OnChannel,
} from '../../protocol/transfer-messages.ts';
import { Budget } from '../../staging/budget.ts';
import type { AppendedOutputs } from './appended-outputs.ts';
import { StagingIn } from './staging-in.ts';
import type { FindFile } from './staging-lookup.ts';
import { StagingOut } from './staging-out.ts';

/** An agent, as far as its link goes. */
export interface StagingPort {
  readonly agentId: string;
  readonly buffered: number;
  channelOf(serviceId: string): number;
  send(message: OnChannel<ManagerTransfer>, sent?: () => void): void;
}

/** What a desk is made of. */
export interface StagingDeskParts {
  readonly service: string;
  /** The file of this machine that an item is, now. */
  readonly find: FindFile;
  readonly appended: AppendedOutputs;
}

/** Both ways of one link. */
interface BothWays {
  /** To the node. */
  readonly out: StagingOut;
  /** From the node. */
  readonly in: StagingIn;
}

/** All transfers of a work unit service. */
export class StagingDesk {
  readonly #parts: StagingDeskParts;
  readonly #budget = new Budget();
  readonly #agents = new Map<string, BothWays>();

  constructor(parts: StagingDeskParts) {
    this.#parts = parts;
  }

  /** A message about files has come. */
  receive(port: StagingPort, message: AgentTransfer): void {
    const ways = this.#agents.get(port.agentId) ?? this.#open(port);
    switch (message.type) {
      case 'fetch':
        ways.out.fetch(message);
        return;
      case 'credit':
        ways.out.credit(message);
        return;
      case 'stamps':
        ways.out.stamps(message);
        return;
      case 'offer':
        ways.in.offer(message);
        return;
      case 'pack':
      case 'chunk':
        ways.in.receive(message);
        return;
      case 'drop':
        ways.out.drop(message.transfers);
        ways.in.drop(message.transfers);
    }
  }

  /** The link of an agent takes more. */
  drained(agentId: string): void {
    this.#agents.get(agentId)?.out.drained();
  }

  /** The link of an agent is over: what is not complete is removed, and will be asked for again. */
  disconnected(agentId: string): void {
    const ways = this.#agents.get(agentId);
    this.#agents.delete(agentId);
    ways?.out.close();
    ways?.in.close();
  }

  /** Ends all transfers. */
  close(): void {
    for (const agentId of [...this.#agents.keys()]) this.disconnected(agentId);
    this.#parts.appended.close();
  }

  #open(port: StagingPort): BothWays {
    const { service, find, appended } = this.#parts;
    const { agentId } = port;
    const send = (message: ManagerTransfer, sent?: () => void): void =>
      port.send({ channel: port.channelOf(service), ...message }, sent);
    const way = {
      get buffered() {
        return port.buffered;
      },
      send,
    };
    const out = new StagingOut(way, this.#budget, (...item) => find(agentId, ...item));
    const ways = {
      out,
      in: new StagingIn(service, send, (...item) => find(agentId, ...item), appended),
    };
    this.#agents.set(agentId, ways);
    return ways;
  }
}
