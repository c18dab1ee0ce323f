/**
 * Brings the outputs of one service's units home: offers them, many at once, and again on the next
 * link those of which nobody has said that they are where they belong.
 */
import type { StagedFile } from '../protocol/messages.ts';
import type {
  AgentTransfer,
  ManagerTransfer,
  TransferProblem,
} from '../protocol/transfer-messages.ts';
import { Source } from '../staging/source.ts';
import type { NodeStore } from './node-store.ts';
import type { StagedUnit } from './service-work.ts';

type Landed = Extract<ManagerTransfer, { readonly type: 'landed' }>;

/** What comes of it. */
export interface StageOutEvents {
  send(message: AgentTransfer): void;
  /** Sends what has been offered. */
  add(source: Source): void;
  drop(transfer: number): void;
  /** All of a unit's outputs are at home, but for a problem with one. */
  collected(unit: StagedUnit, problem: TransferProblem | undefined): void;
  /** A large file is so far. */
  progress(unit: StagedUnit, bytes: number, size: number): void;
}

/** Where the outputs of a unit are. */
export interface OutputPlaces {
  /** Whether it has done what it was to do: then all of its outputs must be there. */
  readonly isGood: boolean;
  pathOf(file: StagedFile): string;
}

interface Leaving {
  readonly unit: StagedUnit;
  readonly places: OutputPlaces;
  /** Those that are added to files: once all others are at home, for that cannot be done twice. */
  readonly later: StagedFile[];
  left: number;
  problem: TransferProblem | undefined;
  isOver: boolean;
}

/** One output. */
interface Offer {
  readonly of: Leaving;
  readonly file: StagedFile;
  tries: number;
}

/** What was damaged, or changed while it was read, is offered once more. */
const MOST_TRIES = 2;

/** The outputs of one service. */
export class StageOut {
  readonly #store: NodeStore;
  readonly #events: StageOutEvents;
  readonly #units = new Map<number, Leaving>();
  #offers: Offer[] = [];
  readonly #offered = new Map<number, Offer>();

  constructor(store: NodeStore, events: StageOutEvents) {
    this.#store = store;
    this.#events = events;
  }

  /** Begins to bring the outputs of a unit home. */
  collect(unit: StagedUnit, places: OutputPlaces): void {
    const now = unit.outputs.filter(({ append }) => !append);
    const later = unit.outputs.filter(({ append }) => append);
    const of: Leaving = { unit, places, later, left: 0, problem: undefined, isOver: false };
    this.#units.set(unit.key, of);
    this.#begin(of, now.length > 0 ? now : later.splice(0));
  }

  /** Nobody wants them any more. */
  unstage(key: number): void {
    const leaving = this.#units.get(key);
    if (leaving === undefined) return;
    this.#end(leaving);
    const transfers = [...this.#offered].filter(([, { of }]) => of === leaving);
    if (transfers.length === 0) return;
    const ids = transfers.map(([transfer]) => transfer);
    for (const transfer of ids) {
      this.#offered.delete(transfer);
      this.#events.drop(transfer);
    }
    this.#events.send({ type: 'drop', transfers: Uint32Array.from(ids) });
  }

  /** Offers what was not offered on this link. */
  offer(): void {
    const offers = this.#offers.splice(0).filter(({ of }) => !of.isOver);
    if (offers.length === 0) return;
    const first = this.#store.numbers(offers.length);
    this.#events.send({
      type: 'offer',
      first,
      units: Uint32Array.from(offers, ({ of }) => of.unit.unit),
      attempts: Uint16Array.from(offers, ({ of }) => of.unit.attempt),
      items: Int32Array.from(offers, ({ file }) => file.item),
    });
    offers.forEach((offer, i) => {
      const transfer = first + i;
      this.#offered.set(transfer, offer);
      const failed = (problem: TransferProblem): void => this.#settle(transfer, problem);
      const progress = (bytes: number, size: number): void =>
        this.#events.progress(offer.of.unit, bytes, size);
      this.#events.add(
        new Source(transfer, offer.of.places.pathOf(offer.file), { failed, progress }),
      );
    });
  }

  /** The manager says what has become of some. */
  landed({ transfers, problems = [] }: Landed): void {
    const byRow = new Map(problems);
    transfers.forEach((transfer, row) => {
      const problem = byRow.get(row);
      if (problem !== undefined) this.#events.drop(transfer);
      this.#settle(transfer, problem);
    });
  }

  /** The link is gone, and all that was on its way. */
  disconnected(): void {
    this.#offers = [...this.#offered.values(), ...this.#offers];
    this.#offered.clear();
  }

  #begin(of: Leaving, files: readonly StagedFile[]): void {
    of.left = files.length;
    for (const file of files) this.#offers.push({ of, file, tries: 0 });
  }

  #settle(transfer: number, problem: TransferProblem | undefined): void {
    const offer = this.#offered.get(transfer);
    if (offer === undefined) return;
    this.#offered.delete(transfer);
    const { of, file } = offer;
    if (problem?.transient && offer.tries + 1 < MOST_TRIES) {
      offer.tries += 1;
      this.#offers.push(offer);
      queueMicrotask(() => this.offer());
      return;
    }
    const mayBeMissing = file.optional || !of.places.isGood;
    if (!(problem?.isMissing && mayBeMissing)) of.problem ??= problem;
    of.left -= 1;
    if (of.left > 0 || of.isOver) return;
    if (of.later.length > 0 && of.problem === undefined) {
      this.#begin(of, of.later.splice(0));
      queueMicrotask(() => this.offer());
      return;
    }
    this.#end(of);
    this.#events.collected(of.unit, of.problem);
  }

  #end(leaving: Leaving): void {
    leaving.isOver = true;
    this.#units.delete(leaving.unit.key);
  }
}
