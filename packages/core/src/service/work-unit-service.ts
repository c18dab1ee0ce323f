/**
 * The place where work is handed over: units are journalled, and bound, late, to whichever live
 * pilot of its PilotJobServices has room (P*'s Pilot-Manager; TROY's WorkUnitService).
 */
import { map, type Observable, startWith } from 'rxjs';
import type { TaskFunction } from '../functions/task-types.ts';
import { TemplateIndex } from '../manager/template-index.ts';
import { isFinalServiceState, type ServiceState } from '../model/service-state.ts';
import type { TaskError } from '../model/task-error.ts';
import type { WorkUnitDescription } from '../model/work-unit-description.ts';
import { WORK_UNIT_STATES } from '../model/work-unit-state.ts';
import { abortable } from '../runtime/abort.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Log, stderrLog } from '../runtime/log.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { type SchedulerName, schedulerOf } from '../scheduler/schedulers.ts';
import {
  CALL_READERS,
  type CallOptions,
  type OptionReaders,
  readOptions,
} from './base/call-options.ts';
import { closed } from './base/closed-service.ts';
import { endWithProgram } from './base/end-with-program.ts';
import { readServiceState, writeServiceState } from './base/list-services.ts';
import type { PilotJob } from './base/pilot-job.ts';
import {
  openServiceStore,
  SERVICE_READERS,
  type ServiceStore,
  type Store,
} from './base/service-store.ts';
import { StateSubject } from './base/state-subject.ts';
import type { Inputs } from './maps/map-inputs.ts';
import type { MapOptions } from './maps/map-options.ts';
import { Maps } from './maps/maps.ts';
import type { ResultStream } from './maps/result-stream.ts';
import type { PilotJobService } from './pilot-job-service.ts';
import { assertPilots, exiting, PilotSource, readServices } from './pilot-source.ts';
import { cancelAll, cancelGroup, sayUnfinished } from './units/cancel-all.ts';
import { Patience } from './units/patience.ts';
import { summaryOf } from './units/pilot-summary.ts';
import { restoreUnits } from './units/restore.ts';
import { StalledWork } from './units/stalled-work.ts';
import { submitAll } from './units/submit.ts';
import { UnitEvent } from './units/unit-event.ts';
import { dropUnusedArguments } from './units/used-arguments.ts';
import { dropUnusedModules } from './units/used-modules.ts';
import { WorkCore } from './units/work-core.ts';
import type {
  GroupOptions,
  ReadonlyWorkUnitCollection,
  WorkStatistics,
  WorkUnit,
  WorkUnitEvent,
  WorkUnitGroup,
} from './units/work-unit.ts';
import { readUnits, WorkUnitCollection } from './units/work-unit-collection.ts';
import { areSeveral, WorkUnitGroupView } from './units/work-unit-group-view.ts';
import { type ViewSource, WorkUnitView } from './units/work-unit-view.ts';

/** How a WorkUnitService is opened. */
export interface WorkUnitServiceOptions {
  /** Reopens the service of that id, or gives a new one this id. Default: a new id. */
  readonly id?: string | undefined;
  /** The directory of everything durable. Default: $PSTAR_HOME, else `pstar` in XDG's state directory. */
  readonly store?: string | Store | undefined;
  /** Whose pilots run the units; more can be added later. */
  readonly services?: readonly PilotJobService[] | undefined;
  /** Which units go to which pilot. Default: `backfill`. */
  readonly scheduler?: Scheduler | SchedulerName | undefined;
  /** Where the log goes, in pino's shape. Default: stderr at the level of PSTAR_LOG. */
  readonly log?: Log | undefined;
}

const READERS = {
  ...SERVICE_READERS,
  services: readServices,
  scheduler: schedulerOf,
} as const satisfies OptionReaders<WorkUnitServiceOptions>;

/** Takes work, and has it done by whichever pilot has room. */
export class WorkUnitService implements AsyncDisposable {
  /** All units there have been, in the order of submission. */
  readonly workUnits: ReadonlyWorkUnitCollection;
  /** Every transition of every unit, once and in order, from now on. */
  readonly events$: Observable<WorkUnitEvent>;
  /** Begins with the present numbers, then after every change; completes with the service. */
  readonly statistics$: Observable<WorkStatistics>;
  readonly #core: WorkCore;
  readonly #store: ServiceStore;
  readonly #index: TemplateIndex;
  readonly #sources = new Map<PilotJobService, PilotSource>();
  /** Removed, with units that have not ended. */
  readonly #leaving = new Map<PilotJobService, PilotSource>();
  readonly #source: ViewSource;
  readonly #units: WorkUnitCollection;
  readonly #patience: Patience;
  readonly #maps: Maps;
  readonly #state = new StateSubject<ServiceState>('Open', isFinalServiceState);
  readonly #openedAt: string;
  #ending: Promise<void> | undefined;

  private constructor(core: WorkCore, store: ServiceStore, openedAt: string) {
    this.#core = core;
    this.#store = store;
    this.#openedAt = openedAt;
    this.#index = new TemplateIndex(core.manager.state);
    const stalled = new StalledWork({ core, pilotJobs: () => this.#pilotJobs() });
    this.#patience = new Patience(core.clock, () => stalled.look());
    this.#source = {
      core,
      patience: this.#patience,
      pilotJob: (pilot) => this.#pilotJobs().find(({ id }) => id === pilot),
      pilotSummaries: () => this.#pilotJobs().map(summaryOf),
      cancelUnits: (units, why) => this.#cancelUnits(units, why),
    };
    core.pilotJob = this.#source.pilotJob;
    this.#maps = new Maps({
      core,
      journal: store.opened.journal,
      patience: this.#patience,
      view: (unit) => new WorkUnitView(this.#source, unit),
      pilotJob: this.#source.pilotJob,
    });
    this.#units = new WorkUnitCollection(core, (unit) => new WorkUnitView(this.#source, unit));
    this.workUnits = this.#units;
    const { view } = this.#units;
    this.events$ = core.guard(
      core.moves.as((unit, from, to, at) => new UnitEvent(view, unit, from, to, at)),
    );
    this.statistics$ = core.guard(core.changed$).pipe(
      startWith(undefined),
      map(() => this.statistics),
    );
  }

  /**
   * Opens a new service, or one that was there before, however it ended, with all of its units in their
   * true states.
   *
   * @throws PilotError `STORE_UNWRITABLE`, `STORE_LOCKED` when another process has it open,
   * `JOURNAL_DAMAGED`, `JOURNAL_VERSION` for a journal of a newer version, `NOT_FOUND` for an unknown
   * scheduler, `DESCRIPTION_INVALID` for an id that cannot be one; DescriptionError for an unknown option.
   */
  static async open(options: WorkUnitServiceOptions = {}): Promise<WorkUnitService> {
    const read = readOptions(options, READERS);
    const { id, services = [], log = stderrLog(), scheduler = schedulerOf() } = read;
    const clock = systemClock;
    const store = await openServiceStore({ kind: 'work', id, store: read.store, clock, log });
    const { directory, opened } = store;
    const { journal } = opened;
    const core = new WorkCore({ id: store.id, directory, scheduler, journal, clock, log });
    try {
      await restoreUnits(core, opened);
      const before = await readServiceState(store.directory);
      const openedAt = before?.openedAt ?? new Date(clock.now()).toISOString();
      const service = new WorkUnitService(core, store, openedAt);
      await service.#write('Open');
      service.#maps.cancelAbandoned();
      await dropUnusedModules(core);
      await dropUnusedArguments(core);
      for (const pilots of services) service.add(pilots);
      // Beside what comes next: nobody waits for it.
      void core.conductor.compact();
      return service;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Unique in its store; `open({ id })` opens the service again. */
  get id(): string {
    return this.#core.id;
  }

  /** `Open` until this process cancels or closes it. */
  get state(): ServiceState {
    return this.#state.value;
  }

  /** Begins with the present state and completes after a final one. */
  get state$(): Observable<ServiceState> {
    return this.#core.guard(this.#state.observable);
  }

  /** Those whose pilots may run units from here. */
  get pilotJobServices(): readonly PilotJobService[] {
    return [...this.#sources.keys()];
  }

  /** How many units are in which state now. */
  get statistics(): WorkStatistics {
    const { counts, size, finished } = this.#core.visible;
    const byState = Object.fromEntries(WORK_UNIT_STATES.map((state, i) => [state, counts[i] ?? 0]));
    return { total: size, finished, byState: byState as WorkStatistics['byState'] };
  }

  /** Lets the pilots of that service run units from here. Twice is harmless. */
  add(service: PilotJobService): void {
    this.#assertOpen('add');
    assertPilots(service);
    if (this.#sources.has(service)) return;
    const leaving = this.#leaving.get(service);
    this.#leaving.delete(service);
    leaving?.detach();
    this.#sources.set(service, new PilotSource(this.#core, service));
    // What waits for one of its pilots hears so if that is over.
    this.#core.maps.capacityChanged();
  }

  /** Gives that service's pilots no more units; those bound there finish. */
  remove(service: PilotJobService): void {
    assertPilots(service);
    const source = this.#sources.get(service);
    if (source === undefined) return;
    this.#sources.delete(service);
    this.#leaving.set(service, source);
    source.retire();
  }

  /**
   * Hands work over and settles once it is durable.
   *
   * A unit that was returned survives this process: open the service again by its id and it is
   * there. Units wait here, not in a cluster's queue, until a pilot has room for them.
   *
   * @throws DescriptionError that names the attribute, its value and, of several descriptions, the
   * index; its code is `DESCRIPTION_INVALID`, `ATTRIBUTE_UNSUPPORTED`, `DEPENDENCY_UNKNOWN` or
   * `DEPENDENCY_CIRCULAR`. PilotError `MODULE_UNUSABLE` for a function whose module does not build,
   * `WRONG_STATE` for a `pilotJob` that is over, `STORE_FULL`, `STORE_UNWRITABLE`, `SERVICE_CLOSED` or
   * `ABORTED`. Then nothing at all was submitted.
   */
  submit(description: WorkUnitDescription, options?: CallOptions): Promise<WorkUnit>;
  submit(descriptions: Iterable<WorkUnitDescription>, options?: CallOptions): Promise<WorkUnit[]>;
  async submit(
    work: WorkUnitDescription | Iterable<WorkUnitDescription>,
    options: CallOptions = {},
  ): Promise<WorkUnit | WorkUnit[]> {
    const { signal } = readOptions(options, CALL_READERS);
    this.#assertOpen('submit');
    const several = areSeveral(work);
    const { journal } = this.#store.opened;
    const all = several ? work : [work];
    const { first, count } = await submitAll(this.#core, this.#index, journal, all, signal);
    return several ? this.#units.range(first, first + count) : this.#units.view(first);
  }

  /**
   * Calls a function for each of the inputs, on the cores of all pilots that there are, and that come.
   *
   * The inputs, an array or anything else that `for … of` or `for await … of` can go through, are read only
   * when there is room for them: they may have no end. Do not change one before its result is there. The map
   * begins when its results are consumed, and what goes wrong from then on is thrown there: a TaskError for a
   * call that fails for good, PilotError `MODULE_UNUSABLE`, `WRONG_STATE`, `STORE_FULL` or `ABORTED`.
   *
   * @throws DescriptionError for a function that cannot travel, or a wrong option; PilotError `SERVICE_CLOSED`
   */
  map<I, O>(
    task: TaskFunction<I, O>,
    inputs: Inputs<NoInfer<I>>,
    options?: MapOptions & { readonly onError?: 'stop' | undefined },
  ): ResultStream<O>;
  map<I, O>(
    task: TaskFunction<I, O>,
    inputs: Inputs<NoInfer<I>>,
    options: MapOptions,
  ): ResultStream<O | TaskError>;
  map(
    task: TaskFunction<never, unknown>,
    inputs: Inputs<unknown>,
    options: MapOptions = {},
  ): ResultStream<unknown> {
    this.#assertOpen('map');
    return this.#maps.map(task, inputs, options);
  }

  /**
   * Deletes the results of a map by name, and cancels what it has left running: the next one of that
   * name begins anew. Without effect where there is none.
   *
   * @throws PilotError `WRONG_STATE` while it is consumed; `STORE_UNWRITABLE`, `SERVICE_CLOSED`; DescriptionError
   * for what is no name
   */
  async forgetMap(name: string): Promise<void> {
    this.#assertOpen('forgetMap');
    await this.#maps.forget(name);
  }

  /**
   * The group of that name, made if it is not there. It is durable no later than the first unit submitted to it.
   *
   * @throws DescriptionError for what is no name, or a wrong option; PilotError `SERVICE_CLOSED`
   */
  group(name: string, options?: GroupOptions): WorkUnitGroup {
    this.#assertOpen('group');
    const source = {
      members: (group: string) => this.workUnits.filter({ group }),
      counts: (group: string) =>
        this.#core.manager.state.dependencies.group(group) ?? { members: 0, unfinished: 0 },
      submit: this.submit.bind(this) as WorkUnitGroup['submit'],
      wait: this.wait.bind(this),
      cancelGroup: (group: string) => cancelGroup(this.#core, group, this.#source.cancelUnits),
    };
    const group = new WorkUnitGroupView(source, name, options);
    this.#core.dispatch({ type: 'group', now: this.#core.clock.now(), name });
    return group;
  }

  /**
   * Resolves with those units, or with all that there are now, once they are final, whatever the outcome. What
   * ended before costs nothing: of many, a WorkUnit is made when it is taken out of the list.
   *
   * @throws PilotError `ABORTED`; `SERVICE_CLOSED` when the service is closed before; DescriptionError for
   * what are no units
   */
  async wait(units?: Iterable<WorkUnit>, options: CallOptions = {}): Promise<WorkUnit[]> {
    const { signal } = readOptions(options, CALL_READERS);
    if (units === undefined) {
      const { size } = this.#core.visible;
      await this.#patience.with(abortable(this.#core.visible.allFinal(size), signal, 'wait'));
      return this.#units.waited(size);
    }
    const waited = readUnits(units);
    // One after another: whoever is final already costs nothing.
    for (const unit of waited) await unit.finished({ signal });
    return waited;
  }

  /** Cancels every unit, waits for what runs to have ended, and closes. Pilots are left as they are. */
  cancel(): Promise<void> {
    this.#ending ??= this.#end('Canceled');
    return this.#ending;
  }

  /** Detaches: units and what they wait for stay in the store, agents go on with what they have. */
  close(): Promise<void> {
    this.#ending ??= this.#end('Closed');
    return this.#ending;
  }

  /** Cancels, unless the service was closed before. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#ending === undefined) sayUnfinished(this.#core);
    const services = [...this.#sources.keys(), ...this.#leaving.keys()];
    return endWithProgram(this.cancel(), () => exiting(services));
  }

  async #end(how: 'Canceled' | 'Closed'): Promise<void> {
    try {
      this.#core.maps.close(closed('WorkUnitService', { id: this.id, state: how }));
      if (how === 'Canceled') {
        await cancelAll(this.#core, this.#source.cancelUnits);
      }
      await this.#core.conductor.close();
    } finally {
      await this.#finish(how);
    }
  }

  async #finish(how: 'Canceled' | 'Closed'): Promise<void> {
    for (const source of [...this.#sources.values(), ...this.#leaving.values()]) source.detach();
    this.#leaving.clear();
    this.#core.release(closed('WorkUnitService', { id: this.id, state: how }));
    try {
      await Promise.all([this.#maps.close(), this.#write(how)]);
    } finally {
      this.#state.next(how);
      await this.#store.close();
    }
  }

  #write(state: ServiceState): Promise<void> {
    const written = { kind: 'work', state, openedAt: this.#openedAt } as const;
    return writeServiceState(this.#store.directory, written, this.#core.log);
  }

  async #cancelUnits(units: readonly number[], why: string): Promise<void> {
    // What is final stays so; the rest lives on, and can be canceled where it does.
    if (isFinalServiceState(this.state)) {
      if (units.every((unit) => this.#core.visible.isFinal(unit))) return;
      throw closed('WorkUnitService', this, 'cancel');
    }
    this.#core.dispatch({ type: 'cancel', now: this.#core.clock.now(), units, why });
    await this.#core.conductor.settled();
  }

  #pilotJobs(): PilotJob[] {
    return [...this.#sources.keys()].flatMap((service) => [...service.pilotJobs]);
  }

  #assertOpen(what: string): void {
    if (this.state === 'Open' && this.#ending === undefined) return;
    throw closed('WorkUnitService', this, what);
  }
}
