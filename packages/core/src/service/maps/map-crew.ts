/** The units of one map that runs: which there are, which of them are to end, and whether they get anywhere. */
import type { PilotError } from '../../model/errors.ts';
import type { WorkUnitState } from '../../model/work-unit-state.ts';
import type { MapDesk, UnitOwner } from '../calls/map-desk.ts';
import type { UnitSupply } from './unit-supply.ts';

/** The map fails when so many units have failed one after the other, without a result in between. */
const FAILURES_MAX = 3;

export class MapCrew {
  readonly #supply: UnitSupply;
  readonly #desk: MapDesk;
  readonly #owner: UnitOwner;
  /** Those that are not final. */
  readonly #live = new Set<number>();
  /** Those of them that are to end, told so or canceled. */
  readonly #leaving = new Set<number>();
  #failures = 0;
  #isStalled = false;

  /** @param owner hears of them */
  constructor(supply: UnitSupply, desk: MapDesk, owner: UnitOwner) {
    this.#supply = supply;
    this.#desk = desk;
    this.#owner = owner;
  }

  /** How many could be at work. With no pilot at all one waits for the first of them, as other work does. */
  get capacity(): number {
    return Math.max(1, this.#supply.capacity);
  }

  /** Why those that there are can never be at work, if that is so. */
  get whyNever(): PilotError | undefined {
    return this.#live.size > 0 ? this.#supply.whyNever : undefined;
  }

  /**
   * Submits so many more; `made` hears of each.
   *
   * @throws PilotError `STORE_FULL`, `SERVICE_CLOSED`, `WRONG_STATE` where none could ever be at work
   */
  async submit(count: number, made: (unit: number) => void): Promise<void> {
    const { whyNever } = this.#supply;
    if (whyNever) throw whyNever;
    await this.#supply.submit(count, (unit) => {
      this.#enter(unit);
      made(unit);
    });
    // The pilot may have ended meanwhile, when there was none of them to be told of it.
    if (this.whyNever) throw this.whyNever;
  }

  /**
   * Those of an earlier life of the map, and whether an agent may have them. Where they could never be at work they
   * are canceled: the map may be done without.
   */
  earlier(): { readonly unit: number; readonly isBound: boolean }[] {
    const units = this.#supply.earlier();
    if (this.#supply.whyNever) {
      this.#supply.cancel(units, 'its pilot is over');
      return [];
    }
    return units.map((unit) => ({ unit, isBound: this.#supply.isBound(unit) }));
  }

  /** One of these says what it has, and goes on. */
  adopt(unit: number, made: (unit: number) => void): void {
    this.#enter(unit);
    made(unit);
    this.#tell(unit, 'calls-resume');
  }

  /** Of a unit that takes batches: whether it is to end; it is told so again. */
  turnsAway(unit: number): boolean {
    const isLeaving = this.#leaving.has(unit);
    if (isLeaving) this.#tell(unit, 'calls-over');
    return isLeaving;
  }

  /** They end when what they have is acknowledged. */
  end(units: readonly number[]): void {
    if (this.#isStalled) {
      this.cancel(units);
      return;
    }
    for (const unit of units) {
      this.#leaving.add(unit);
      this.#tell(unit, 'calls-over');
    }
  }

  /**
   * Whether what has come waits for the disk, and its acknowledgement with it. Units that have nothing else to
   * do are canceled then: they would hold their slots for as long as that takes.
   */
  stalled(isStalled: boolean): void {
    this.#isStalled = isStalled;
    if (isStalled) this.cancel([...this.#leaving]);
  }

  /** They end now; or all. */
  cancel(units: readonly number[] = [...this.#live]): void {
    for (const unit of units) this.#leaving.add(unit);
    this.#supply.cancel(units, 'its map needs it no more');
  }

  /** An attempt of a unit is over. Gives why the map cannot go on, where that is so. */
  over(unit: number, final: WorkUnitState | undefined): PilotError | undefined {
    const wasLeaving = this.#leaving.has(unit);
    if (final === undefined) {
      // There would be another attempt, for nothing.
      if (wasLeaving) this.cancel([unit]);
      return undefined;
    }
    this.#live.delete(unit);
    this.#leaving.delete(unit);
    if (final === 'Failed') this.#failures += 1;
    const isInVain = final === 'Failed' && this.#failures >= FAILURES_MAX;
    const isTaken = final === 'Canceled' && !wasLeaving;
    return isInVain || isTaken ? this.#supply.problemOf(unit) : undefined;
  }

  /** There was a result: units get somewhere. */
  succeeded(): void {
    this.#failures = 0;
  }

  #enter(unit: number): void {
    this.#live.add(unit);
    this.#desk.own(unit, this.#owner);
  }

  #tell(unit: number, type: 'calls-over' | 'calls-resume'): void {
    this.#desk.send(unit, { type, unit, attempt: this.#supply.attemptOf(unit) });
  }
}
