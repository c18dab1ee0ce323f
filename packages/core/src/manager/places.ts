/** The agents that units are bound to: what each has, and how much of it is booked. */
import type { Capacity, ResourceRequest } from '../model/resources.ts';
import { fits } from '../model/resources.ts';
import type { UnitColumns } from '../protocol/messages.ts';
import type { Place } from '../scheduler/scheduler.ts';
import type { ClassQueue } from './class-queue.ts';
import type { PlaceRecord } from './work-events.ts';

/** `live`: takes units; `silent`: out of touch; `gone`: never comes back. */
export type PlaceStatus = 'live' | 'silent' | 'gone';

/** At most this many units are bound to one agent; 4,000 null units last for some milliseconds. */
const BOUND_MAX = 4096;
/** What may be held ahead before anything is known of run times: one more for each slot. */
const AHEAD_AT_FIRST = 1;
/** At least so much of units whose files travel, however long they run: inputs come while others run. */
const AHEAD_FOR_FILES = 1;
/** At least so much of any units where units of maps are, which give way only to units that wait there. */
const AHEAD_FOR_TURNS = 1;

export class AgentPlace implements Place {
  readonly id: number;
  readonly record: PlaceRecord;
  readonly pilotId: string;
  readonly capacity: Capacity;
  status: PlaceStatus = 'silent';
  /** It has begun to hand back what it held: it takes no more units. */
  isEnding = false;
  /** The service has been asked to use it no more: what is bound here ends, nothing is added. */
  isRetired = false;
  /** When it fell silent last, in the manager's time; Infinity before the first time. */
  silentSince = Number.POSITIVE_INFINITY;
  silentWhy = '';
  /** An open service has shown it, with or without a link; not so at first for what an earlier life has left. */
  isPresented = false;
  endsAt: number | undefined;
  /** Numbers of the templates that the agent has been sent on its present link. */
  readonly templatesSent = new Set<number>();
  /** How often the agent has come or come back. */
  links = 0;
  /** When it last told of units that have ended, in the manager's time. */
  progressAt = Number.NEGATIVE_INFINITY;
  /** When it was last looked through for something to recall. */
  lookedAt = Number.NEGATIVE_INFINITY;
  /** What was asked for in the newest recall, with the attempts that were meant. */
  recalled: UnitColumns | undefined;
  /** Units promised here, oldest first; some are not any more, see {@link PromisedUnits}. */
  promised: readonly number[] = [];
  /** Units bound here, oldest first; some have ended since. Compacted when most have. */
  #bound: number[] = [];
  #boundCount = 0;
  #mapUnits = 0;
  #cores = 0;
  #memory = 0;
  #gpus = 0;
  readonly #resources: Record<string, number> = {};
  /** Of the unit that was booked last; undefined when nothing is. */
  #newest: ResourceRequest | undefined;
  #isMixed = false;
  #narrowest = Number.POSITIVE_INFINITY;
  #lowest = Number.POSITIVE_INFINITY;

  constructor(id: number, record: PlaceRecord) {
    this.id = id;
    this.record = record;
    this.pilotId = record.pilotId;
    const { cores, memory, gpus, resources } = record.node;
    this.capacity = { cores, memory, gpus, resources };
  }

  get bookedCores(): number {
    return this.#cores;
  }

  get boundCount(): number {
    return this.#boundCount;
  }

  /** More is booked than can run at once. */
  get overbooked(): boolean {
    const { capacity } = this;
    if (this.#cores > capacity.cores) return true;
    if (this.#memory > capacity.memory || this.#gpus > capacity.gpus) return true;
    for (const name in this.#resources) {
      if ((this.#resources[name] ?? 0) > (capacity.resources[name] ?? 0)) return true;
    }
    return false;
  }

  book(unit: number, { request, priority, spec }: ClassQueue): void {
    if (spec.isMap) this.#mapUnits++;
    // Compared as objects, for a class has one: most are like the one before, and this costs nothing.
    if (request !== this.#newest) {
      this.#isMixed = this.#newest !== undefined;
      this.#narrowest = Math.min(request.cores, this.#isMixed ? this.#narrowest : request.cores);
      this.#lowest = Math.min(priority, this.#isMixed ? this.#lowest : priority);
      this.#newest = request;
    }
    this.#boundCount++;
    this.#count(request, 1);
    this.#bound.push(unit);
  }

  unbook({ request, spec }: ClassQueue): void {
    if (spec.isMap) this.#mapUnits--;
    if (--this.#boundCount === 0) {
      this.#newest = undefined;
      this.#isMixed = false;
    }
    this.#count(request, -1);
  }

  /** Whether units of different requests may be booked. */
  get isMixed(): boolean {
    return this.#isMixed;
  }

  get narrowest(): number {
    return this.#narrowest;
  }

  /** At most the lowest priority of the units that are booked, Infinity before the first. */
  get lowest(): number {
    return this.#lowest;
  }

  get hasMapUnits(): boolean {
    return this.#mapUnits > 0;
  }

  /** Says of which classes units are booked, as found by a look at each: others that were may not be any more. */
  haveBooked(classes: ReadonlySet<ClassQueue>): void {
    const [first] = classes;
    if (first === undefined) return;
    this.#isMixed = classes.size > 1;
    if (!this.#isMixed) this.#newest = first.request;
    this.#narrowest = Math.min(...Array.from(classes, ({ request }) => request.cores));
    this.#lowest = Math.min(...Array.from(classes, ({ priority }) => priority));
  }

  /**
   * Where units of one request alone are booked: whether as many of them as fit take every core. Not so
   * where they use up something else before.
   */
  get fillsItsCores(): boolean {
    const request = this.#newest;
    if (request === undefined) return false;
    const { cores, memory, gpus, resources } = this.capacity;
    const most = cores / request.cores;
    return (
      Number.isInteger(most) &&
      most * request.memory <= memory &&
      most * request.gpus <= gpus &&
      Object.entries(request.resources).every(
        ([name, each]) => most * each <= (resources[name] ?? 0),
      )
    );
  }

  /** Whether all that is booked is of this very request of a class. */
  holdsOnly(request: ResourceRequest): boolean {
    return request === this.#newest && !this.#isMixed;
  }

  /** The units that are bound here, as `isHere` tells, oldest first. */
  bound(isHere: (unit: number) => boolean): readonly number[] {
    const here = this.#bound.filter(isHere);
    // A unit that left and came back stands twice; the later place in the order counts.
    const isTwice = here.length > this.#boundCount;
    this.#bound = isTwice ? [...new Set(here.reverse())].reverse() : here;
    return this.#bound;
  }

  /** Whether the list of bound units has grown well beyond those that are. */
  get untidy(): boolean {
    return this.#bound.length > 2 * this.#boundCount + 1024;
  }

  /** It may have units, and no open service has been heard of that has it. */
  get isLeftBehind(): boolean {
    return this.status === 'silent' && !this.isPresented;
  }

  /** Whether it takes units at all. */
  get isOpen(): boolean {
    return this.status === 'live' && !this.isEnding && !this.isRetired;
  }

  /** Whether a class may run here at all, by its constraints and the whole capacity. */
  possible({ spec, request }: ClassQueue): boolean {
    const { pilotJob, candidateHosts, cpuArchitecture, operatingSystemType } = spec.constraints;
    const { node } = this.record;
    return (
      (pilotJob === undefined || pilotJob === this.pilotId) &&
      (candidateHosts?.includes(node.host) ?? true) &&
      (cpuArchitecture?.includes(node.cpuArchitecture) ?? true) &&
      (operatingSystemType?.includes(node.operatingSystemType) ?? true) &&
      fits(request, this.capacity)
    );
  }

  /** Whether a unit that takes as long as its class says would still end before the pilot. */
  endsInTime({ spec }: ClassQueue, now: number): boolean {
    if (this.endsAt === undefined) return true;
    return now + (spec.expectedMs ?? 0) <= this.endsAt;
  }

  /** Whether units of a class may be bound here now, as soon as there is room. */
  takes(queue: ClassQueue, now: number): boolean {
    return this.isOpen && this.possible(queue) && this.endsInTime(queue, now);
  }

  /** How many units of that size could start at once. */
  room({ request }: ClassQueue): number {
    return this.#roomIn(request, 1);
  }

  /** How many more it may be given, of whatever priority, with as many again as it may hold of one. */
  get roomLeft(): number {
    return Math.max(0, 2 * BOUND_MAX - this.#boundCount);
  }

  /** How many more it may be given, held ahead of free slots or not, so as to have work for `aheadMs`. */
  roomAhead({ request, meanMs, spec }: ClassQueue, aheadMs: number): number {
    const least = Math.max(
      spec.hasFiles ? AHEAD_FOR_FILES : 0,
      this.#mapUnits > 0 ? AHEAD_FOR_TURNS : 0,
    );
    const wanted = meanMs === undefined ? AHEAD_AT_FIRST : aheadMs / Math.max(meanMs, 0.001);
    const factor = Math.max(wanted, least);
    const most = Math.max(0, BOUND_MAX - this.#boundCount);
    return Math.min(this.#roomIn(request, 1 + factor), most);
  }

  #roomIn(request: ResourceRequest, factor: number): number {
    const { capacity } = this;
    let room = (capacity.cores * factor - this.#cores) / request.cores;
    if (request.memory > 0) {
      room = Math.min(room, (capacity.memory * factor - this.#memory) / request.memory);
    }
    if (request.gpus > 0) {
      room = Math.min(room, (capacity.gpus * factor - this.#gpus) / request.gpus);
    }
    for (const name in request.resources) {
      const wanted = request.resources[name] ?? 0;
      if (wanted === 0) continue;
      const free = (capacity.resources[name] ?? 0) * factor - (this.#resources[name] ?? 0);
      room = Math.min(room, free / wanted);
    }
    // Amounts may be fractions: what is left of a sum must not cost a slot.
    return Math.max(0, Math.floor(room + 1e-9));
  }

  #count(request: ResourceRequest, sign: 1 | -1): void {
    this.#cores += sign * request.cores;
    this.#memory += sign * request.memory;
    this.#gpus += sign * request.gpus;
    for (const name in request.resources) {
      this.#resources[name] = (this.#resources[name] ?? 0) + sign * (request.resources[name] ?? 0);
    }
  }
}

/** All places there have been, by number and by agent. */
export class Places {
  readonly all: AgentPlace[] = [];
  readonly #byAgent = new Map<string, AgentPlace>();

  at(id: number): AgentPlace {
    return this.all[id] as AgentPlace;
  }

  ofAgent(agentId: string): AgentPlace | undefined {
    return this.#byAgent.get(agentId);
  }

  add(record: PlaceRecord): AgentPlace {
    const place = new AgentPlace(this.all.length, record);
    this.all.push(place);
    this.#byAgent.set(record.agentId, place);
    return place;
  }
}
