/**
 * Brings the inputs of one service's units to the node: asks for them, many at once, and again on the
 * next link for what was lost with one. An input that another unit has, or waits for, is copied.
 */
import type { AgentTransfer, TransferProblem } from '../protocol/transfer-messages.ts';
import type { Arrival, Staged } from '../staging/incoming.ts';
import { problemOf, type StagingError } from '../staging/problems.ts';
import type { NodeStore } from './node-store.ts';
import type { StagedUnit } from './service-work.ts';

/** An input that is here: its own name, and where it is. */
export interface Brought {
  readonly name: string;
  readonly staged: Staged;
}

/** The inputs of a unit, in the order of its description; without one that was not there and need not be. */
export type BroughtInputs = (Brought | undefined)[];

/** What comes of it. */
export interface StageInEvents {
  send(message: AgentTransfer): void;
  /** Makes a transfer at a path. */
  expect(
    transfer: number,
    path: string,
    over: (arrival: Arrival) => void,
    progress: (bytes: number, size: number) => void,
  ): void;
  drop(transfer: number): void;
  staged(unit: StagedUnit, inputs: BroughtInputs): void;
  failed(unit: StagedUnit, problem: TransferProblem): void;
  /** There is something to be asked for. */
  due(): void;
  /** A large file is so far. */
  progress(unit: StagedUnit, bytes: number, size: number): void;
}

/** All inputs of one unit. */
interface Wanting {
  readonly unit: StagedUnit;
  readonly brought: BroughtInputs;
  left: number;
  isOver: boolean;
}

/** One of them. */
interface Want {
  readonly of: Wanting;
  readonly row: number;
  tries: number;
  /** How often room was made for it. */
  rooms: number;
  /** Its own name, once that is known. */
  name: string;
}

/** What was damaged, or changed while it was read, is asked for once more. */
const MOST_TRIES = 2;
/** Room is made for what it is known to take; then, as that may have been its beginning, all that there is. */
const MOST_ROOMS = 2;

/** The inputs of one service. */
export class StageIn {
  readonly #store: NodeStore;
  readonly #events: StageInEvents;
  readonly #units = new Map<number, Wanting>();
  /** To be asked for, those of which we were told wrongly that they are here, and those asked for. */
  #wants: Want[] = [];
  #fresh: Want[] = [];
  readonly #asked = new Map<number, Want>();
  /** By the stamp of what is on its way already. */
  readonly #sharing = new Map<string, Want[]>();

  constructor(store: NodeStore, events: StageInEvents) {
    this.#store = store;
    this.#events = events;
  }

  /** Begins to bring the inputs of a unit. */
  stage(unit: StagedUnit): void {
    const { inputs } = unit;
    const of: Wanting = { unit, brought: [], left: inputs.length, isOver: false };
    this.#units.set(unit.key, of);
    for (let row = 0; row < inputs.length; row++) {
      this.#wants.push({ of, row, tries: 0, rooms: 0, name: '' });
    }
  }

  /** Whatever is on its way for a unit is not wanted any more, nor what has come. */
  unstage(key: number): void {
    const wanting = this.#units.get(key);
    if (wanting === undefined) return;
    this.#end(wanting);
    const transfers: number[] = [];
    for (const [transfer, want] of this.#asked) if (want.of === wanting) transfers.push(transfer);
    if (transfers.length > 0) this.#drop(transfers);
    for (const brought of wanting.brought) if (brought) this.#store.remove(brought.staged.path);
  }

  /** Asks for what has not been asked for on this link. */
  ask(): void {
    this.#fetch(this.#wants.splice(0), false);
    this.#fetch(this.#fresh.splice(0), true);
  }

  /** The link is gone, and all that was on its way. */
  disconnected(): void {
    const lost = [...this.#asked.values(), ...this.#fresh, ...[...this.#sharing.values()].flat()];
    this.#asked.clear();
    this.#sharing.clear();
    this.#fresh = [];
    this.#wants = [...lost, ...this.#wants];
  }

  #fetch(wants: readonly Want[], isFresh: boolean): void {
    const wanted = wants.filter(({ of }) => !of.isOver);
    if (wanted.length === 0) return;
    try {
      this.#store.make();
    } catch (error) {
      for (const want of wanted) this.#failed(want, (error as StagingError).data);
      return;
    }
    const first = this.#store.numbers(wanted.length);
    wanted.forEach((want, i) => {
      const transfer = first + i;
      this.#asked.set(transfer, want);
      this.#events.expect(
        transfer,
        this.#store.path(`${transfer}`),
        (arrival) => this.#arrived(transfer, arrival),
        (bytes, size) => this.#events.progress(want.of.unit, bytes, size),
      );
    });
    this.#events.send({
      type: 'fetch',
      ...(isFresh && { isFresh }),
      first,
      units: Uint32Array.from(wanted, ({ of }) => of.unit.unit),
      attempts: Uint16Array.from(wanted, ({ of }) => of.unit.attempt),
      items: Int32Array.from(wanted, ({ of, row }) => of.unit.inputs[row]?.item ?? 0),
    });
  }

  #arrived(transfer: number, arrival: Arrival): void {
    const want = this.#asked.get(transfer);
    if (want === undefined) return;
    this.#asked.delete(transfer);
    if (arrival.type === 'failed') {
      // Where it is we who cannot go on, the manager does not know.
      this.#events.send({ type: 'drop', transfers: Uint32Array.of(transfer) });
      this.#failed(want, arrival.problem, arrival.bytes);
      return;
    }
    const { name, stamp, isShared } = arrival.end;
    want.name = name;
    if (arrival.type === 'same') this.#share(want, stamp, !isShared);
    else if (isShared) this.#keep(want, stamp, arrival.staged);
    else this.#brought(want, { name, staged: arrival.staged });
  }

  #keep(want: Want, stamp: string, staged: Staged): void {
    this.#store.keep(stamp, staged);
    this.#events.send({ type: 'stamps', has: [stamp], lost: [] });
    const sharers = this.#sharing.get(stamp) ?? [];
    this.#sharing.delete(stamp);
    for (const sharer of [want, ...sharers]) this.#share(sharer, stamp, false);
  }

  /** Copies what is here, or waits for what is coming. */
  #share(want: Want, stamp: string, isComing: boolean): void {
    const { name } = want;
    if (want.of.isOver) return;
    try {
      const copy = this.#store.copyOf(stamp);
      if (copy instanceof Promise) {
        copy.then(
          (staged) => this.#brought(want, { name, staged }),
          (error) => this.#failed(want, problemOf(error, 'copied', name)),
        );
      } else if (copy !== undefined) this.#brought(want, { name, staged: copy });
      else if (isComing) this.#sharing.set(stamp, [...(this.#sharing.get(stamp) ?? []), want]);
      else this.#askAgain([want]);
    } catch (error) {
      this.#failed(want, problemOf(error, 'copied', name));
    }
  }

  #brought({ of, row }: Want, brought: Brought | undefined): void {
    if (of.isOver) {
      if (brought) this.#store.remove(brought.staged.path);
      return;
    }
    of.brought[row] = brought;
    of.left -= 1;
    if (of.left > 0) return;
    this.#end(of);
    this.#events.staged(of.unit, of.brought);
  }

  /** `bytes`: what might have come where there was room for it. */
  #failed(want: Want, problem: TransferProblem, bytes?: number): void {
    const { of, row } = want;
    // What was to come with it for others may never come.
    this.#askSharersAgain();
    if (of.isOver) return;
    if (problem.isMissing && of.unit.inputs[row]?.optional) this.#brought(want, undefined);
    else if (problem.transient && want.tries + 1 < MOST_TRIES) this.#askAgain([want]);
    else if (problem.isOfMachine && bytes !== undefined && want.rooms < MOST_ROOMS) {
      void this.#askWithRoom(want, problem, bytes);
    } else this.#giveUp(of, problem);
  }

  async #askWithRoom(want: Want, problem: TransferProblem, bytes: number): Promise<void> {
    want.rooms += 1;
    const isLast = want.rooms === MOST_ROOMS;
    const isMade = await this.#store.makeRoom(isLast ? Number.POSITIVE_INFINITY : bytes);
    if (want.of.isOver) return;
    if (!isMade) this.#giveUp(want.of, problem);
    else {
      this.#wants.push(want);
      this.#events.due();
    }
  }

  #giveUp({ unit }: Wanting, problem: TransferProblem): void {
    this.unstage(unit.key);
    this.#events.failed(unit, problem);
  }

  #drop(transfers: readonly number[]): void {
    for (const transfer of transfers) {
      this.#asked.delete(transfer);
      this.#events.drop(transfer);
    }
    this.#events.send({ type: 'drop', transfers: Uint32Array.from(transfers) });
    this.#askSharersAgain();
  }

  #askSharersAgain(): void {
    const sharers = [...this.#sharing.values()].flat();
    this.#sharing.clear();
    if (sharers.length > 0) this.#askAgain(sharers);
  }

  #askAgain(wants: readonly Want[]): void {
    for (const want of wants) want.tries += 1;
    this.#fresh.push(...wants);
    this.#events.due();
  }

  #end(wanting: Wanting): void {
    wanting.isOver = true;
    this.#units.delete(wanting.unit.key);
  }
}
