/**
 * The work units of one map: made, counted and canceled like all others, but by a description that
 * nobody writes.
 */
import { STATE } from '../../manager/state-numbers.ts';
import { PAGE_MASK } from '../../manager/unit-page.ts';
import { PilotError, WorkUnitCanceledError, WorkUnitFailedError } from '../../model/errors.ts';
import { timesIn } from '../../model/resources.ts';
import { type ParsedWorkUnitDescription, requestOf } from '../../model/work-unit-description.ts';
import { type FindPilot, whyOver } from '../units/over-pilot.ts';
import type { SubmitJournal } from '../units/submit.ts';
import type { WorkCore } from '../units/work-core.ts';
import type { WorkUnit } from '../units/work-unit.ts';

/** At most what a submission takes in the journal beside its template and four bytes a unit. */
const FRAME_BYTES = 256;

/** The service that they are units of. */
export interface UnitSource {
  readonly core: WorkCore;
  readonly journal: SubmitJournal;
  /**
   * By descriptions, as JSON: templates of maps that are over, for others like them. Each map that runs has its
   * own, by which agents tell it from others: to these it gives way.
   */
  readonly spare: Map<string, number[]>;
  /** A unit as users see it. */
  view(unit: number): WorkUnit;
  /** A pilot as users see it, if there is one of that id. */
  readonly pilotJob: FindPilot;
}

/** Where the units of a map come from. */
export class UnitSupply {
  readonly #core: WorkCore;
  readonly #journal: SubmitJournal;
  readonly #spare: UnitSource['spare'];
  readonly #view: UnitSource['view'];
  readonly #pilotJob: FindPilot;
  readonly #description: ParsedWorkUnitDescription;
  readonly #key: string;
  #template: number | undefined;

  constructor(source: UnitSource, description: ParsedWorkUnitDescription) {
    this.#core = source.core;
    this.#journal = source.journal;
    this.#view = source.view;
    this.#pilotJob = source.pilotJob;
    this.#spare = source.spare;
    this.#description = description;
    this.#key = JSON.stringify(description);
  }

  /** How many could run at once on the pilots that there are. */
  get capacity(): number {
    const { pilotJob } = this.#description;
    const request = requestOf(this.#description);
    return this.#core.manager.state.places.all
      .filter((place) => place.isOpen && (pilotJob ?? place.pilotId) === place.pilotId)
      .reduce((sum, place) => sum + timesIn(request, place.capacity), 0);
  }

  /**
   * Why none of them can ever run, if that is so: they are of one pilot alone, and that is over. One that is not
   * known here may be that of a service which is still to be added.
   */
  get whyNever(): PilotError | undefined {
    const { pilotJob } = this.#description;
    return pilotJob === undefined ? undefined : whyOver(pilotJob, this.#pilotJob);
  }

  /** Whether an agent has it, or may have it. */
  isBound(unit: number): boolean {
    const { units } = this.#core.manager.state;
    return units.state(unit) !== STATE.Pending;
  }

  /** Which attempt of a unit is the present one. */
  attemptOf(unit: number): number {
    return this.#core.manager.state.units.page(unit).attempt[unit & PAGE_MASK] as number;
  }

  /**
   * Those of an earlier life of a map by name that have not ended, and are in nobody's hands. Such as
   * called other code are canceled.
   */
  earlier(): number[] {
    const { manager, visible, maps } = this.#core;
    const { templates, units } = manager.state;
    const wanted = this.#description.call;
    const isSame = new Map<number, boolean>();
    for (let id = 0; id < templates.size; id++) {
      const { call } = templates.at(id).description;
      if (call?.map === undefined || call.map !== wanted?.map) continue;
      isSame.set(id, call.module === wanted.module && call.export === wanted.export);
    }
    if (isSame.size === 0) return [];
    const found: number[] = [];
    const others: number[] = [];
    for (let unit = 0; unit < units.size; unit++) {
      if (visible.isFinal(unit) || maps.isOwned(unit)) continue;
      const same = isSame.get(manager.state.template(unit).id);
      if (same !== undefined) (same ? found : others).push(unit);
    }
    this.cancel(others, 'its map calls other code now');
    return found;
  }

  /** Why a unit has ended without having called anything. */
  problemOf(unit: number): PilotError {
    const { id, state, stateDetail, exit } = this.#view(unit);
    if (state === 'Canceled' || exit === undefined)
      return new WorkUnitCanceledError(id, stateDetail);
    return new WorkUnitFailedError(id, exit);
  }

  /**
   * Submits so many; `made` hears of each as soon as it has a number. Settles when they are durable.
   *
   * @throws PilotError `STORE_FULL`, `SERVICE_CLOSED`
   */
  async submit(count: number, made: (unit: number) => void): Promise<void> {
    const { manager, clock, conductor } = this.#core;
    const { state } = manager;
    await this.#journal.reserve(FRAME_BYTES + this.#key.length * 3 + count * 4);
    this.#template ??= this.#spare.get(this.#key)?.pop();
    const id = this.#template ?? state.templates.size;
    const isNew = this.#template === undefined;
    const templates = isNew ? [{ id, description: this.#description }] : [];
    const first = state.units.size;
    const submission = { first, count, templates, runs: [id, count] };
    this.#core.dispatch({ type: 'submit', now: clock.now(), submission });
    this.#template = id;
    for (let unit = first; unit < first + count; unit++) made(unit);
    await conductor.settled();
  }

  /** There will be no more of them. */
  close(): void {
    if (this.#template === undefined) return;
    const spare = this.#spare.get(this.#key) ?? [];
    this.#spare.set(this.#key, [...spare, this.#template]);
    this.#template = undefined;
  }

  /** Those that have not ended are to. */
  cancel(units: readonly number[], why: string): void {
    if (units.length === 0) return;
    try {
      this.#core.dispatch({ type: 'cancel', now: this.#core.clock.now(), units, why });
    } catch (error) {
      // The service can go no further: whoever opens it next cancels what has no map any more.
      if (!(error instanceof PilotError)) throw error;
    }
  }
}
