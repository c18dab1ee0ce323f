/**
 * Which map units give way: one of them would hold its slots for as long as its map has calls, and
 * units that wait here would wait for all of that. Pure; knows a unit by its key, and what waits by
 * what it wants.
 *
 * To units that wait with a higher priority a map unit gives way at once, to those of equal priority once it
 * has had its turn, and to any when it has nothing to do. No more of them give way than those that wait need.
 * To units of its own kind a map unit gives way only seldom: mostly they are of the same map, and nothing is
 * gained.
 */
import { fits, type Resources } from '../model/resources.ts';
import type { Run, ServiceWork, Template } from './service-work.ts';
import type { UnitQueue } from './unit-queue.ts';

/** A map unit that holds slots. */
export interface TurnOfMap {
  readonly key: number;
  readonly priority: number;
  /** The same for all units of a map, and of no other map that runs. */
  readonly kind: string;
  readonly request: Resources;
}

/** Units that wait, and do not fit. */
export interface WaitingUnits {
  readonly count: number;
  readonly priority: number;
  readonly kind: string;
  readonly request: Resources;
}

type Wanted = Omit<WaitingUnits, 'count'>;

interface Turn extends TurnOfMap {
  /** When it began; undefined until the next look at the time. */
  since: number | undefined;
  isIdle: boolean;
  isOver: boolean;
}

/** How long a map unit keeps its slots although others of its priority wait. */
const SLICE_MS = 1_000;
/** How long if these are of its own kind: then a map loses a hundredth at most, even if its manager is far away. */
const SLICE_OF_KIND_MS = 10_000;
/** How many units that wait are served at a time, and how many rows of them are looked at. */
const SERVED = 64;
const ROWS = 256;

/** The turns of an agent's map units. */
export class MapTurns {
  readonly #turns = new Map<number, Turn>();
  #now = 0;

  /** Whether somebody could give way. */
  get isEmpty(): boolean {
    return this.#turns.size === 0;
  }

  /** It has slots now. */
  add(turn: TurnOfMap): void {
    this.#turns.set(turn.key, { ...turn, since: undefined, isIdle: false, isOver: false });
  }

  /** It has none any more. */
  remove(key: number): void {
    this.#turns.delete(key);
  }

  /** Whether it has anything to do. */
  idle(key: number, isIdle: boolean): void {
    const turn = this.#turns.get(key);
    if (turn !== undefined) turn.isIdle = isIdle;
  }

  /** Time has passed. */
  tick(now: number): void {
    this.#now = now;
    for (const turn of this.#turns.values()) turn.since ??= now;
  }

  /**
   * Those that are to give way now; each is named once.
   *
   * @param waiting in the order in which they are to be served
   * @param free what nobody holds
   */
  takeOver(waiting: Iterable<WaitingUnits>, free: Resources): number[] {
    const room = new Tally(free);
    for (const { isOver, request } of this.#turns.values()) if (isOver) room.add(request);
    const over: number[] = [];
    let candidates: Turn[] | undefined;
    let served = 0;
    let rows = 0;
    for (const { count, ...wanted } of waiting) {
      if (served >= SERVED || rows++ >= ROWS) break;
      candidates ??= this.#candidates(wanted.priority);
      if (candidates.length === 0) break;
      for (let left = count; left > 0 && served < SERVED; left--, served++) {
        const givers = this.#givers(candidates, wanted, room);
        if (givers === undefined) break;
        for (const turn of givers) {
          turn.isOver = true;
          room.add(turn.request);
          over.push(turn.key);
        }
        room.take(wanted.request);
      }
    }
    return over;
  }

  /** Those that may give way to somebody of this priority, or lower: the idle first, then who began first. */
  #candidates(priority: number): Turn[] {
    return [...this.#turns.values()]
      .filter((turn) => !turn.isOver)
      .filter((turn) => turn.isIdle || turn.priority < priority || this.#heldMs(turn) >= SLICE_MS)
      .sort((a, b) => Number(b.isIdle) - Number(a.isIdle) || (a.since ?? 0) - (b.since ?? 0));
  }

  /** Who makes room for one more; undefined where all together could not. */
  #givers(candidates: readonly Turn[], wanted: Wanted, room: Tally): Turn[] | undefined {
    if (room.has(wanted.request)) return [];
    const left = new Tally(room.amounts);
    const givers: Turn[] = [];
    for (const turn of candidates) {
      if (turn.isOver || !this.#mayGive(turn, wanted)) continue;
      givers.push(turn);
      left.add(turn.request);
      if (left.has(wanted.request)) return givers;
    }
    return undefined;
  }

  #mayGive(turn: Turn, { priority, kind }: Wanted): boolean {
    const heldMs = this.#heldMs(turn);
    if (turn.kind === kind) return turn.priority <= priority && heldMs >= SLICE_OF_KIND_MS;
    if (turn.isIdle || turn.priority < priority) return true;
    return turn.priority === priority && heldMs >= SLICE_MS;
  }

  #heldMs({ since = this.#now }: Turn): number {
    return this.#now - since;
  }
}

/** A map unit that gets its slots. */
export function turnOf({ key, service, template, allocation }: Run, priority: number): TurnOfMap {
  return { key, priority, kind: kindOf(service, template), request: allocation.request };
}

/** What waits at an agent, in the order in which it is to be served. */
export function* waitingUnits(queue: UnitQueue<ServiceWork, Template>): Generator<WaitingUnits> {
  for (const { competitor, priority, request, stretches } of queue.lines()) {
    for (const { template, units, cursor } of stretches) {
      const kind = kindOf(competitor, template.message);
      yield { count: units.length - cursor, priority, kind, request };
    }
  }
}

function kindOf({ id }: ServiceWork, template: Run['template']): string {
  return `${id} ${template.id}`;
}

/** Resources that are added up. */
class Tally {
  readonly amounts: { -readonly [Key in keyof Resources]: Resources[Key] } & {
    readonly resources: Record<string, number>;
  };

  constructor(some: Resources) {
    this.amounts = { ...some, resources: { ...some.resources } };
  }

  has(request: Resources): boolean {
    return fits(request, this.amounts);
  }

  add(some: Resources): void {
    this.#change(some, 1);
  }

  take(some: Resources): void {
    this.#change(some, -1);
  }

  #change({ cores, gpus, memory, resources }: Resources, sign: 1 | -1): void {
    const { amounts } = this;
    amounts.cores += sign * cores;
    amounts.gpus += sign * gpus;
    amounts.memory += sign * memory;
    for (const [name, amount] of Object.entries(resources)) {
      amounts.resources[name] = (amounts.resources[name] ?? 0) + sign * amount;
    }
  }
}
