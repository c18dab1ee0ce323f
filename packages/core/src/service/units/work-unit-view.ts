/** A work unit as its users hold it: a number and the service it belongs to. */
import { distinctUntilChanged, map, type Observable } from 'rxjs';
import type { ExplainContext, PilotSummary } from '../../manager/explain-parts.ts';
import { PAGE_MASK } from '../../manager/unit-page.ts';
import { detailOf, explainUnit } from '../../manager/work-explain.ts';
import { assert } from '../../model/assert.ts';
import { type PilotError, WorkUnitCanceledError, WorkUnitFailedError } from '../../model/errors.ts';
import { FAILURE_REASONS, type WorkUnitExit } from '../../model/exit.ts';
import { type Explanation, explanation } from '../../model/explanation.ts';
import { unitId } from '../../model/ids.ts';
import { printable } from '../../model/printable.ts';
import { signalName } from '../../model/signals.ts';
import type { ParsedWorkUnitDescription } from '../../model/work-unit-description.ts';
import type { WorkUnitState } from '../../model/work-unit-state.ts';
import { abortable } from '../../runtime/abort.ts';
import { CALL_READERS, type CallOptions, readOptions } from '../base/call-options.ts';
import type { PilotJob } from '../base/pilot-job.ts';
import type { Patience } from './patience.ts';
import { assertHasValue, failureOf, returnedBy } from './unit-value.ts';
import type { WorkCore } from './work-core.ts';
import type { Progress, WorkUnit } from './work-unit.ts';

/** What a view asks of its service, beyond the core. */
export interface ViewSource {
  readonly core: WorkCore;
  readonly patience: Patience;
  pilotJob(id: string): PilotJob | undefined;
  /** Pilots as an explanation needs them. */
  pilotSummaries(): readonly PilotSummary[];
  cancelUnits(units: readonly number[], why: string): Promise<void>;
}

export class WorkUnitView implements WorkUnit {
  readonly #source: ViewSource;
  readonly #unit: number;

  constructor(source: ViewSource, unit: number) {
    this.#source = source;
    this.#unit = unit;
  }

  get id(): string {
    return unitId(this.#source.core.id, this.#unit);
  }

  get description(): WorkUnit['description'] {
    const { state } = this.#source.core.manager;
    const own = state.units.own(this.#unit);
    const { description } = state.template(this.#unit);
    if (own === null) return description;
    const merged = { ...description, ...(JSON.parse(own) as object) };
    // A null takes away what the template has. Arguments are there as bytes, or not even here.
    return Object.fromEntries(
      Object.entries(merged).filter(([name, value]) => value !== null && name !== 'args'),
    ) as unknown as ParsedWorkUnitDescription;
  }

  get state(): WorkUnitState {
    return this.#source.core.visible.state(this.#unit);
  }

  get state$(): Observable<WorkUnitState> {
    return this.#source.core.guard(this.#source.core.visible.states$(this.#unit));
  }

  get stateDetail(): string {
    const { core } = this.#source;
    const visible = core.visible.number(this.#unit);
    return printable(detailOf(core.manager.state, this.#unit, this.#context, visible));
  }

  get stateDetail$(): Observable<string> {
    return this.state$.pipe(
      map(() => this.stateDetail),
      distinctUntilChanged(),
    );
  }

  get progress$(): Observable<Progress> {
    return this.#source.core.guard(this.#source.core.outputs.progress$(this.#unit));
  }

  get stdout$(): Observable<Uint8Array> {
    return this.#source.core.guard(this.#source.core.outputs.output$(this.#unit, 'stdout'));
  }

  get stderr$(): Observable<Uint8Array> {
    return this.#source.core.guard(this.#source.core.outputs.output$(this.#unit, 'stderr'));
  }

  get pilotJob(): PilotJob | undefined {
    const place = this.#source.core.placeOf(this.#unit);
    return place && this.#source.pilotJob(place.pilotId);
  }

  get attempt(): number {
    const { units } = this.#source.core.manager.state;
    return units.page(this.#unit).attempt[this.#unit & PAGE_MASK] as number;
  }

  get exit(): WorkUnitExit | undefined {
    const { core } = this.#source;
    if (!core.visible.isFinal(this.#unit)) return undefined;
    const { state } = core.manager;
    const page = state.units.page(this.#unit);
    const row = this.#unit & PAGE_MASK;
    const finishedAt = page.finishedAt[row] as number;
    const place = core.placeOf(this.#unit);
    // Canceled before it ran: nothing is known but that.
    if (place === undefined || finishedAt === 0) return undefined;
    const reason = FAILURE_REASONS[page.reason[row] as number];
    const exitCode = page.exitCode[row] as number;
    const signal = page.signal[row] as number;
    const problem = this.state === 'Failed' ? state.details.get(this.#unit) : undefined;
    const stderrTail = state.stderrTails.get(this.#unit);
    return {
      ...(exitCode >= 0 && { exitCode }),
      ...(signal > 0 && { signal: signalName(signal) }),
      ...(reason !== undefined && reason !== 'NONE' && { reason }),
      ...(typeof problem === 'string' && { problem }),
      ...(stderrTail !== undefined && { stderrTail }),
      startedAt: new Date(page.startedAt[row] as number),
      finishedAt: new Date(finishedAt),
      rusage: {
        userTime: page.userTime[row] as number,
        systemTime: page.systemTime[row] as number,
        maxRss: (page.maxRss[row] as number) * 1024,
      },
      host: place.node.host,
      attempt: this.attempt,
    };
  }

  async finished(options: CallOptions = {}): Promise<WorkUnit> {
    const { signal } = readOptions(options, CALL_READERS);
    const { core, patience } = this.#source;
    if (core.visible.isFinal(this.#unit)) return this;
    const final = core.visible.final(this.#unit);
    await patience.with(abortable(final, signal, `waiting for ${this.id}`));
    return this;
  }

  async result(options?: CallOptions): Promise<WorkUnitExit> {
    await this.finished(options);
    const { exit, state, id } = this;
    if (state === 'Canceled') throw this.#cancellation();
    assert(exit !== undefined, `unit ${id} is ${state} without an exit`);
    if (state === 'Failed') throw new WorkUnitFailedError(id, exit);
    return exit;
  }

  async value<T = unknown>(options?: CallOptions): Promise<T> {
    const { core } = this.#source;
    assertHasValue(core, this.#unit, this.id);
    await this.finished(options);
    const { exit, state, id } = this;
    if (state === 'Canceled') throw this.#cancellation();
    assert(exit !== undefined, `unit ${id} is ${state} without an exit`);
    if (state === 'Failed') throw failureOf(core, this.#unit, [id, exit]);
    return (await returnedBy(core, this.#unit)) as T;
  }

  explain(): Explanation {
    const { core } = this.#source;
    const visible = core.visible.number(this.#unit);
    return explanation(explainUnit(core.manager.state, this.#unit, this.#context, visible));
  }

  async cancel(): Promise<void> {
    await this.#source.cancelUnits([this.#unit], 'its cancel() was called');
  }

  toJSON(): object {
    const { id, state, stateDetail, description, exit } = this;
    return { id, state, stateDetail, description, exit };
  }

  /** With the error of the one that it depended on, if that is why. */
  #cancellation(): WorkUnitCanceledError {
    const root = this.#source.core.manager.state.details.get(this.#unit);
    const isOfOther = typeof root === 'number';
    const cause = isOfOther ? new WorkUnitView(this.#source, root).#problem() : undefined;
    return new WorkUnitCanceledError(this.id, this.stateDetail, cause);
  }

  /** Why it is over, and not Done. */
  #problem(): PilotError | undefined {
    const { exit, state, id } = this;
    if (state === 'Canceled') return this.#cancellation();
    if (state !== 'Failed' || exit === undefined) return undefined;
    return failureOf(this.#source.core, this.#unit, [id, exit]);
  }

  get #context(): ExplainContext {
    const { core } = this.#source;
    return {
      now: core.clock.now(),
      pilots: this.#source.pilotSummaries(),
      idOf: (unit) => unitId(core.id, unit),
      progressOf: (unit) => core.outputs.lastProgress(unit)?.message,
    };
  }
}
