/**
 * The place where pilots are created: placeholders at resource managers whose agents call back here
 * and take work (TROY's PilotJobService).
 */
import { join } from 'node:path';
import { BehaviorSubject, type Observable } from 'rxjs';
import type { Adaptor, SecurityPrompt } from '../adaptor/adaptor.ts';
import type { PilotRecord } from '../manager/pilot-record.ts';
import { readFlag, readText } from '../model/attribute-readers.ts';
import type { PilotError } from '../model/errors.ts';
import type { PilotJobDescription } from '../model/pilot-job-description.ts';
import { isFinalServiceState, type ServiceState } from '../model/service-state.ts';
import { abortable } from '../runtime/abort.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Log, stderrLog } from '../runtime/log.ts';
import {
  type AgentListener,
  keepAddress,
  type ListenOptions,
  listenForAgents,
} from './agents/agent-listener.ts';
import {
  CALL_READERS,
  type CallOptions,
  type OptionReaders,
  optionsOf,
  readOptions,
} from './base/call-options.ts';
import { closed } from './base/closed-service.ts';
import { endWithProgram } from './base/end-with-program.ts';
import { guarded, type Report } from './base/guarded-observable.ts';
import { readServiceState, writeServiceState } from './base/list-services.ts';
import { readAdaptors, readFunction, readPort } from './base/option-readers.ts';
import type { CreateOptions, PilotJob, PilotJobEvent } from './base/pilot-job.ts';
import {
  openServiceStore,
  SERVICE_READERS,
  type ServiceStore,
  type Store,
} from './base/service-store.ts';
import { StateSubject } from './base/state-subject.ts';
import { subscriberErrors } from './base/subscriber-errors.ts';
import { type PilotProvider, pilotProvider } from './base/work-client.ts';
import {
  type CancellationParts,
  endWords,
  givenUp,
  type LostPilot,
  seenThrough,
} from './pilots/cancellation.ts';
import { onInterrupt } from './pilots/interrupt.ts';
import { PilotCore } from './pilots/pilot-core.ts';
import { PilotCreation } from './pilots/pilot-creation.ts';
import { endUnrecorded } from './pilots/unrecorded-end.ts';

/** How a PilotJobService is opened. */
export interface PilotJobServiceOptions {
  /** Reopens the service of that id, or gives a new one this id. Default: a new id. */
  readonly id?: string | undefined;
  /** The directory of everything durable. Default: $PSTAR_HOME, else `pstar` in XDG's state directory. */
  readonly store?: string | Store | undefined;
  /** Where agents are listened for. Default: on loopback, which only agents on this machine reach. */
  readonly listen?: ListenOptions | undefined;
  /** Adaptors beside those that are registered or found as packages. */
  readonly adaptors?: readonly Adaptor[] | undefined;
  /** The name of a profile, for pilots that name no resource manager. */
  readonly profile?: string | undefined;
  /** Where the log goes, in pino's shape. Default: stderr at the level of PSTAR_LOG. */
  readonly log?: Log | undefined;
  /**
   * Answers what resource managers ask of pilots whose context has nobody to ask: a password, a
   * passphrase, a code. Nothing of it is kept.
   */
  readonly prompt?: SecurityPrompt | undefined;
  /**
   * Whether an interrupted program cancels the service before it ends. Default: true. Worker threads hear no
   * signals: there it is a warning in the log.
   */
  readonly signals?: boolean | undefined;
}

const READERS = {
  ...SERVICE_READERS,
  listen: optionsOf({
    host: readText,
    port: readPort,
    advertise: readText,
  } as const satisfies OptionReaders<ListenOptions>),
  adaptors: readAdaptors,
  profile: readText,
  prompt: readFunction<SecurityPrompt>,
  signals: readFlag,
} as const satisfies OptionReaders<PilotJobServiceOptions>;

/** Creates pilots, and keeps in touch with them and their agents. */
export class PilotJobService implements AsyncDisposable {
  readonly id: string;
  /** Begins with the present pilots, and has all of them anew when one is added; completes with the service. */
  readonly pilotJobs$: Observable<readonly PilotJob[]>;
  /** Every transition of every pilot, once and in order, from now on; completes with the service. */
  readonly events$: Observable<PilotJobEvent>;
  /** @internal */
  readonly [pilotProvider]: PilotProvider;
  readonly #store: ServiceStore;
  readonly #core: PilotCore;
  readonly #creation: PilotCreation;
  readonly #clock = systemClock;
  readonly #state = new StateSubject<ServiceState>('Open', isFinalServiceState);
  readonly #pilotJobs: BehaviorSubject<readonly PilotJob[]>;
  readonly #openedAt: string;
  readonly #log: Log;
  readonly #subscriberThrew: Report;
  #listening: AgentListener | undefined;
  #offInterrupt: () => void = () => {};
  /** Somebody will dispose of it. */
  #isHeld = false;
  /** Resolves with what could not be seen through. */
  #ending: Promise<PilotError | undefined> | undefined;

  private constructor(
    store: ServiceStore,
    options: PilotJobServiceOptions,
    log: Log,
    openedAt: string,
  ) {
    this.id = store.id;
    this.#store = store;
    this.#openedAt = openedAt;
    this.#log = log;
    this.#subscriberThrew = subscriberErrors((words) => log.error({ service: store.id }, words));
    this.#core = new PilotCore({
      id: store.id,
      directory: store.directory,
      ...store.opened,
      snapshot: store.opened.snapshot,
      adaptors: options.adaptors ?? [],
      prompt: options.prompt,
      clock: this.#clock,
      log,
      actions: {
        guard: (stream) => this.#guard(stream),
        cancel: (pilot) => this.#cancelOne(pilot),
        reinitialize: (pilot, description) => this.#creation.reinitialize(pilot, description),
        render: (pilot) => this.#render(pilot),
        explain: (pilot) => this.#core.explain(pilot),
      },
    });
    this.#creation = new PilotCreation({
      core: this.#core,
      clock: this.#clock,
      directory: store.directory,
      profile: options.profile,
      reserve: (bytes) => store.opened.journal.reserve(bytes),
      assertOpen: () => this.#assertOpen(),
    });
    const { agents, events$, changed$ } = this.#core;
    this[pilotProvider] = {
      attachWork: (client) => agents.attach(client),
      detachWork: (client) => agents.detach(client),
      exiting: () => {
        if (this.#isHeld) this.#core.managers.kill();
      },
    };
    this.events$ = this.#guard(events$);
    this.#pilotJobs = new BehaviorSubject(this.pilotJobs);
    this.pilotJobs$ = this.#guard(this.#pilotJobs);
    changed$.subscribe({
      next: () => {
        const now = this.pilotJobs;
        if (now.length !== this.#pilotJobs.value.length) this.#pilotJobs.next(now);
      },
      complete: () => this.#pilotJobs.complete(),
    });
  }

  /**
   * Opens a new service, or reconnects to one that was there before, also after a crash or when all of it
   * was canceled: its pilots are there in their true states, and their agents call again by themselves.
   *
   * @throws PilotError `STORE_UNWRITABLE`, `STORE_LOCKED` when another process has it open,
   * `JOURNAL_DAMAGED`, `JOURNAL_VERSION` for a journal of a newer version; `PERMISSION_DENIED`,
   * `ALREADY_EXISTS` or `NOT_FOUND` for where to listen; `DESCRIPTION_INVALID` for an id that cannot be one;
   * DescriptionError for an unknown option.
   */
  static async open(options: PilotJobServiceOptions = {}): Promise<PilotJobService> {
    const read = readOptions(options, READERS);
    const { id, store: place, log = stderrLog() } = read;
    const clock = systemClock;
    const store = await openServiceStore({ kind: 'pilots', id, store: place, clock, log });
    let service: PilotJobService | undefined;
    try {
      const before = await readServiceState(store.directory);
      const openedAt = before?.openedAt ?? new Date(clock.now()).toISOString();
      service = new PilotJobService(store, read, log, openedAt);
      await service.#begin(read, log);
      return service;
    } catch (error) {
      if (service) await service.#core.close('it cannot be opened').catch(() => {});
      await store.close();
      throw error;
    }
  }

  /** `Open` until this process cancels or closes it. */
  get state(): ServiceState {
    return this.#state.value;
  }

  /** Begins with the present state and completes after a final one. */
  get state$(): Observable<ServiceState> {
    return this.#guard(this.#state.observable);
  }

  /** Those that their resource managers have accepted, in order of creation. */
  get pilotJobs(): readonly PilotJob[] {
    return this.#core.pilotJobs;
  }

  /**
   * Creates a pilot and settles once its resource manager has accepted it; it runs later, with its
   * first agent. The intention is journalled first: a crash in between neither loses the pilot nor
   * submits it twice.
   *
   * @param rm a resource manager's URL, or a profile's name. Without one: the service's `profile`,
   * $PSTAR_DEFAULT_RM, else what {@link detectResourceManager} finds.
   * @throws PilotError when it is refused, with the resource manager's own sentence, and then
   * nothing of it is left; `ADAPTOR_NOT_FOUND`, `URL_INVALID`, `STORE_FULL`; `SERVICE_CLOSED`, also when
   * the service is canceled meanwhile;
   * `ABORTED`, and then what may have been accepted is canceled; DescriptionError for what the
   * description or this resource manager cannot do.
   */
  create(
    rm: string | URL | undefined,
    description: PilotJobDescription,
    options?: CreateOptions,
  ): Promise<PilotJob>;
  create(description: PilotJobDescription, options?: CreateOptions): Promise<PilotJob>;
  async create(
    first: string | URL | undefined | PilotJobDescription,
    second: PilotJobDescription | CreateOptions = {},
    third: CreateOptions = {},
  ): Promise<PilotJob> {
    this.#assertOpen();
    return isDescription(first)
      ? this.#creation.create(undefined, first, second as CreateOptions)
      : this.#creation.create(first, second as PilotJobDescription, third);
  }

  /**
   * Cancels every pilot and closes; settles when everything of theirs is over. With a signal the
   * wait is given up, not the cancellation.
   *
   * @throws PilotError `TIMEOUT` when, for half a minute, there are only pilots left of which no agent is
   * connected and whose resource manager does not answer, or does not know of them. The service is closed then,
   * and goes on canceling them when it is opened again. `ABORTED` by the signal.
   */
  async cancel(options: CallOptions = {}): Promise<void> {
    const { signal } = readOptions(options, CALL_READERS);
    this.#ending ??= this.#cancelAll();
    const problem = await abortable(this.#ending, signal, 'cancel');
    if (problem !== undefined) throw problem;
  }

  /** Detaches: pilots live on, and the service can be opened again by its id. */
  async close(): Promise<void> {
    this.#ending ??= this.#end('Closed');
    await this.#ending;
  }

  /**
   * Cancels, unless the service was closed before. What {@link cancel} would throw `TIMEOUT` for is a
   * warning in the log: a program that has done its work has not failed.
   */
  get [Symbol.asyncDispose](): () => Promise<void> {
    // `await using` takes it where it is declared, and calls it at the end of the block.
    this.#isHeld = true;
    return async () => {
      this.#ending ??= this.#cancelAll();
      await this.#ending;
    };
  }

  async #begin({ listen = {}, signals = true }: PilotJobServiceOptions, log: Log): Promise<void> {
    const addressFile = join(this.#store.directory, 'address.json');
    const keyFor = (identity: string) => this.#core.keyFor(identity);
    const socketFile = join(this.#store.directory, 'agents.sock');
    const listening = await listenForAgents(listen, { addressFile, socketFile, keyFor, log });
    const { listener, address } = listening;
    this.#listening = listening;
    // Before the first agent can call: to the machine, whoever called earlier is silent from here.
    const begun = this.#core.begin(listening);
    listener.on('link', (link, identity) => this.#core.agents.accept(link, identity));
    await keepAddress(addressFile, address);
    await this.#write('Open');
    await begun;
    if (!signals) return;
    const service = { interrupt: () => this.cancel(), giveUp: () => this.#core.managers.kill() };
    this.#offInterrupt = onInterrupt(service, log);
  }

  #guard<T>(stream: Observable<T>): Observable<T> {
    return guarded(stream, this.#subscriberThrew);
  }

  #write(state: ServiceState): Promise<void> {
    const written = { kind: 'pilots', state, openedAt: this.#openedAt } as const;
    return writeServiceState(this.#store.directory, written, this.#log);
  }

  #cancelPilot(pilot: string): void {
    this.#core.tell({ type: 'cancel', pilot, at: this.#clock.now() });
    this.#core.abortSubmission(pilot);
  }

  async #cancelOne(id: string): Promise<void> {
    if (isFinalServiceState(this.state)) throw closed('PilotJobService', this);
    const { pilots } = this.#core.machine;
    this.#cancelPilot(id);
    const lost = await this.#seenThrough(() =>
      [...pilots.values()].filter((each) => each.id === id),
    );
    if (lost.length > 0) throw givenUp(this.id, lost);
  }

  #cancelAll(): Promise<PilotError | undefined> {
    return endWithProgram(this.#cancelEach(), () => this.#core.managers.kill());
  }

  async #cancelEach(): Promise<PilotError | undefined> {
    const { pilots } = this.#core.machine;
    this.#creation.giveUp();
    for (const id of pilots.keys()) this.#cancelPilot(id);
    const lost = await this.#seenThrough(() => pilots.values());
    for (const { id: pilot, rm, why, leaseMs } of lost) {
      const words = 'not known to be over, and canceled when its service is opened again';
      this.#log.warn({ service: this.id, pilot, rm, why }, `${words}; ${endWords(leaseMs)}`);
    }
    // Only what is closed is seen through when it is opened again.
    await this.#end(lost.length === 0 ? 'Canceled' : 'Closed');
    return lost.length === 0 ? undefined : givenUp(this.id, lost);
  }

  async #seenThrough(pilots: CancellationParts['pilots']): Promise<readonly LostPilot[]> {
    const { changed$, conductor } = this.#core;
    const troubleOf = (pilot: string) => this.#core.troubleOf(pilot);
    const isSlow = ({ id: pilot, detail }: Readonly<PilotRecord>) =>
      this.#log.warn({ service: this.id, pilot, detail }, 'canceled, and not over yet');
    const lost = await seenThrough({ clock: this.#clock, changed$, pilots, troubleOf, isSlow });
    // What has failed meanwhile will not see it through, nor anybody who opens it again.
    if (conductor.failure !== undefined) await endUnrecorded(this.#core, this.#clock, pilots());
    return lost;
  }

  async #end(how: 'Closed' | 'Canceled'): Promise<undefined> {
    this.#listening?.close();
    try {
      await this.#core.close(`its pilot service is ${how === 'Closed' ? 'closed' : 'canceled'}`);
      await this.#write(how);
    } finally {
      this.#offInterrupt();
      await this.#store.close();
      this.#state.next(how);
      this.#core.release(closed('PilotJobService', this));
    }
  }

  async #render(pilotId: string): Promise<string> {
    this.#assertOpen();
    return await this.#core.render(pilotId).catch((error: unknown) => {
      // What gives up its connection says only that it does.
      this.#assertOpen();
      throw error;
    });
  }

  #assertOpen(): void {
    if (this.#ending !== undefined || this.state !== 'Open') throw closed('PilotJobService', this);
    const { failure } = this.#core.conductor;
    if (failure !== undefined) throw failure.error;
  }
}

/** What is neither this nor a resource manager is to be refused as one. */
function isDescription(
  value: string | URL | undefined | PilotJobDescription,
): value is PilotJobDescription {
  return typeof value === 'object' && value !== null && !(value instanceof URL);
}
