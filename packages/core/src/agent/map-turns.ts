/**
 * Which map units give way: one of them would hold its slots for as long as its map has calls, and
 * units that wait here would wait for all of that. Pure; knows a unit by its key, and what waits by
 * what it wants.
 *
 * Whoever waits with a higher priority is given way to at once, an equal one by who has had its turn,
 * and any by who has nothing to do. No more give way than those need that wait. To units of its own kind
 * one gives way but seldom: mostly they are of the same map, and nothing is won.
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

/** So long a map unit keeps its slots though others of its priority wait. */
const SLICE_MS = 1_000;
/** And so long if they are of its own kind: then a map loses a hundredth even where its manager is far. */
const SLICE_OF_KIND_MS = 10_000;
/** So many that wait are served at a time, and so many rows of them looked at. */
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
   * @param waiting - The first that is to be served first.
   * @param free - What nobody holds.
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

/** What waits at an agent, the first that is to be served first. */
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
