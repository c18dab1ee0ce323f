/**
 * Where agents and maps meet: carries what is said about calls between the units of a map and the map,
 * for one work unit service, and answers agents that want the code of modules.
 */

import type { ModuleFiles } from '../../functions/module-store.ts';
import { messageOf } from '../../model/message-of.ts';
import { isFinalWorkUnitState, type WorkUnitState } from '../../model/work-unit-state.ts';
import type { AgentCallMessage, MapUnit } from '../../protocol/call-messages.ts';
import type { Bytes } from '../../runtime/pieces.ts';
import { type CallPort, CallSender, type PartHead, type PlainCallMessage } from './call-sender.ts';
import { PartBox } from './part-box.ts';

type OfUnit<Type extends AgentCallMessage['type']> = Extract<
  AgentCallMessage,
  { readonly type: Type }
>;

type UnitMessage = OfUnit<'calls-ready' | 'results' | 'calls-dropped' | 'calls-yield'>;

interface Located {
  readonly node: { readonly host: string };
}

/** What a map hears of its units. */
export interface UnitOwner {
  ready(message: OfUnit<'calls-ready'>): void;
  /** All parts of the results are there, and are these. */
  received(message: OfUnit<'results'>, data: Uint8Array, host: string): void;
  dropped(message: OfUnit<'calls-dropped'>): void;
  yielded(message: OfUnit<'calls-yield'>): void;
  /** Its attempt is over; there may be another, or the unit is final in this state. */
  over(unit: number, final: WorkUnitState | undefined): void;
  /** The live pilots may have room for more, or for fewer, or one may have ended. */
  capacityChanged(): void;
  /** The service is closed, by this error. */
  closed(error: unknown): void;
}

/** What a desk is made of. */
export interface MapDeskParts {
  readonly service: string;
  /** Whether an agent has that attempt of a unit, now. */
  has(agentId: string, unit: MapUnit): boolean;
  /** Which agent has a unit. */
  agentOf(unit: number): string | undefined;
  /** Whether a unit is of a map that has a name. */
  isOfNamed(unit: number): boolean;
  module(hash: string): Promise<ModuleFiles | undefined>;
}

/** What is sent to an agent and comes from it in parts, for as long as its link lasts. */
interface AgentCalls {
  readonly sender: CallSender;
  readonly results: PartBox;
}

/** All calls of a work unit service. */
export class MapDesk {
  readonly #parts: MapDeskParts;
  readonly #agents = new Map<string, AgentCalls>();
  readonly #owners = new Map<number, UnitOwner>();
  readonly #maps = new Set<UnitOwner>();

  constructor(parts: MapDeskParts) {
    this.#parts = parts;
  }

  /** Whether there are units of maps that somebody wants to hear of. */
  get isActive(): boolean {
    return this.#owners.size > 0;
  }

  /** A map hears of pilots from now on. */
  enter(map: UnitOwner): void {
    this.#maps.add(map);
  }

  /** It hears of nothing more. */
  leave(map: UnitOwner): void {
    this.#maps.delete(map);
  }

  /** A map hears of this unit until that is final. */
  own(unit: number, map: UnitOwner): void {
    this.#owners.set(unit, map);
  }

  /** Whether a map hears of this unit. */
  isOwned(unit: number): boolean {
    return this.#owners.has(unit);
  }

  /** Says something to the agent that has a unit; dropped where it is not connected. */
  send(unit: number, message: PlainCallMessage): void {
    this.#senderTo(unit)?.send(message);
  }

  /** The same of what is large. */
  sendParts(unit: number, head: PartHead, data: Bytes): void {
    this.#senderTo(unit)?.sendParts(head, data);
  }

  #senderTo(unit: number): CallSender | undefined {
    const agent = this.#parts.agentOf(unit);
    return agent === undefined ? undefined : this.#agents.get(agent)?.sender;
  }

  /** A message about calls has come. */
  receive(port: CallPort & Located, message: AgentCallMessage): void {
    const calls = this.#callsOf(port);
    if (message.type === 'module-wanted') void this.#sendModule(calls.sender, message.module);
    else if (this.#parts.has(port.agentId, message)) this.#hear(port.node.host, calls, message);
  }

  #hear(host: string, { sender, results }: AgentCalls, message: UnitMessage): void {
    const { unit, attempt } = message;
    const owner = this.#owners.get(unit);
    if (owner === undefined) {
      // Of a map that is over, as this program knows it; one by name may be gone on with.
      const isOver = message.type === 'calls-ready' && !this.#parts.isOfNamed(unit);
      if (isOver) sender.send({ type: 'calls-over', unit, attempt });
      return;
    }
    switch (message.type) {
      case 'calls-ready':
        owner.ready(message);
        return;
      case 'results': {
        const whole = results.add(`${unit} ${attempt} ${message.batch}`, message);
        if (whole !== undefined) owner.received(message, whole, host);
        return;
      }
      case 'calls-dropped':
        owner.dropped(message);
        return;
      case 'calls-yield':
        owner.yielded(message);
    }
  }

  /** A unit has come to another state. */
  moved(unit: number, state: WorkUnitState): void {
    const owner = this.#owners.get(unit);
    if (owner === undefined) return;
    const isFinal = isFinalWorkUnitState(state);
    if (isFinal) this.#owners.delete(unit);
    if (!isFinal && state !== 'Pending') return;
    for (const { results } of this.#agents.values()) results.forget(`${unit} `);
    owner.over(unit, isFinal ? state : undefined);
  }

  /** Pilots have come or gone. */
  capacityChanged(): void {
    for (const map of [...this.#maps]) map.capacityChanged();
  }

  /** The link of an agent takes more. */
  drained(agentId: string): void {
    this.#agents.get(agentId)?.sender.drained();
  }

  /** The link of an agent is over: what was on its way is not any more. */
  disconnected(agentId: string): void {
    this.#agents.delete(agentId);
  }

  /** Ends all maps here. */
  close(error: unknown): void {
    for (const map of [...this.#maps]) map.closed(error);
    this.#agents.clear();
    this.#owners.clear();
  }

  #callsOf(port: CallPort): AgentCalls {
    let calls = this.#agents.get(port.agentId);
    if (calls === undefined) {
      calls = { sender: new CallSender(port, this.#parts.service), results: new PartBox() };
      this.#agents.set(port.agentId, calls);
    }
    return calls;
  }

  async #sendModule(sender: CallSender, module: string): Promise<void> {
    const [hash = '', isMap] = module.split('.');
    try {
      const files = await this.#parts.module(hash);
      const data = isMap ? files?.map : files?.code;
      if (data === undefined)
        sender.sendParts({ type: 'module', module, problem: 'is not known' }, NOTHING);
      else sender.sendParts({ type: 'module', module }, data);
    } catch (error) {
      const problem = messageOf(error);
      sender.sendParts({ type: 'module', module, problem }, NOTHING);
    }
  }
}

const NOTHING = new Uint8Array(0);
