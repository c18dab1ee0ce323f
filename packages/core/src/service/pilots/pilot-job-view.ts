/** What may be seen of a pilot: its state as far as the journal has it. */
import { type Observable, ReplaySubject } from 'rxjs';
import type { SecurityContext } from '../../adaptor/adaptor.ts';
import type { NativeReport, PilotEvent } from '../../manager/pilot-events.ts';
import { isRequeued, type PilotRecord, presentAgents } from '../../manager/pilot-record.ts';
import type { Explanation } from '../../model/explanation.ts';
import type { PilotJobDescription } from '../../model/pilot-job-description.ts';
import { isFinalPilotJobState, type PilotJobState } from '../../model/pilot-job-state.ts';
import { printable } from '../../model/printable.ts';
import type { NodeInfo } from '../../model/resources.ts';
import { abortable } from '../../runtime/abort.ts';
import { CALL_READERS, type CallOptions, readOptions } from '../base/call-options.ts';
import type { PilotJob } from '../base/pilot-job.ts';
import type { Target } from '../resource-managers/resource-managers.ts';

/** What a view asks its service for. */
export interface PilotJobActions {
  /** A stream as users get it. */
  guard<T>(stream: Observable<T>): Observable<T>;
  cancel(pilotId: string): Promise<void>;
  reinitialize(pilotId: string, description: PilotJobDescription): Promise<void>;
  render(pilotId: string): Promise<string>;
  explain(pilotId: string): Explanation;
}

/** One pilot, followed event by event. */
export class PilotJobView implements PilotJob {
  readonly id: string;
  readonly state$: Observable<PilotJobState>;
  readonly stateDetail$: Observable<string>;
  /** Out of sight of whoever prints a pilot: it may hold a password. */
  readonly #context: SecurityContext | undefined;
  readonly #actions: PilotJobActions;
  readonly #states = new ReplaySubject<PilotJobState>(1);
  readonly #details = new ReplaySubject<string>(1);
  readonly #finished: Promise<PilotJob>;
  #finish: (pilot: PilotJob) => void = () => {};
  #release: (error: unknown) => void = () => {};
  #description: PilotJobDescription;
  #rm: string;
  #type: string;
  #nativeId: string | undefined;
  #state: PilotJobState;
  #detail: string;
  /** Why its resource manager is not connected. */
  #trouble: string | undefined;
  /** By agent: one that comes back is no further node. */
  readonly #nodes: Map<string, NodeInfo>;
  #report: NativeReport | undefined;

  constructor(
    pilot: Readonly<PilotRecord>,
    context: SecurityContext | undefined,
    actions: PilotJobActions,
  ) {
    this.id = pilot.id;
    this.#context = context;
    this.#actions = actions;
    this.state$ = actions.guard(this.#states);
    this.stateDetail$ = actions.guard(this.#details);
    this.#finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#release = reject;
    });
    // Whoever waits has a promise of their own; where nobody does, it is nobody's problem.
    this.#finished.catch(() => {});
    this.#description = pilot.plan.description;
    this.#rm = pilot.plan.rm;
    this.#type = pilot.plan.type;
    this.#nativeId = pilot.native.phase === 'submitting' ? undefined : pilot.native.report.id;
    this.#report = pilot.native.phase === 'submitting' ? undefined : pilot.native.report;
    this.#nodes = new Map(presentAgents(pilot).map(({ id, node }) => [id, node]));
    this.#state = pilot.state;
    this.#detail = pilot.detail;
    this.#show(true);
  }

  get context(): SecurityContext | undefined {
    return this.#context;
  }
  get description(): PilotJobDescription {
    return this.#description;
  }
  get rm(): URL {
    return new URL(this.#rm);
  }
  get type(): string {
    return this.#type;
  }
  get nativeId(): string | undefined {
    return this.#nativeId;
  }
  get state(): PilotJobState {
    return this.#state;
  }
  get stateDetail(): string {
    const isCalm = this.#trouble === undefined || isFinalPilotJobState(this.#state);
    const trouble = isCalm ? '' : `; its resource manager is out of reach: ${this.#trouble}`;
    return printable(`${this.#detail}${trouble}`.trim()).replaceAll('\n', '\\n');
  }
  get nodes(): readonly NodeInfo[] {
    return [...this.#nodes.values()];
  }

  async finished(options: CallOptions = {}): Promise<PilotJob> {
    const { signal } = readOptions(options, CALL_READERS);
    return await abortable(this.#finished, signal, `waiting for ${this.id}`);
  }

  async cancel(options: CallOptions = {}): Promise<void> {
    const { signal } = readOptions(options, CALL_READERS);
    if (isFinalPilotJobState(this.#state)) return;
    const over = this.#actions.cancel(this.id).then(() => this.#finished);
    const ended = Promise.race([this.#finished, over]);
    await abortable(ended, signal, `waiting for the end of ${this.id}`);
  }

  async reinitialize(description: PilotJobDescription, options: CallOptions = {}): Promise<void> {
    const { signal } = readOptions(options, CALL_READERS);
    const done = this.#actions.reinitialize(this.id, description);
    await abortable(done, signal, `waiting for ${this.id}`);
  }

  render(): Promise<string> {
    return this.#actions.render(this.id);
  }

  explain(): Explanation {
    return this.#actions.explain(this.id);
  }

  toJSON(): object {
    const { id, type, rm, nativeId, state, stateDetail, description, nodes } = this;
    return { id, type, rm, nativeId, state, stateDetail, description, nodes };
  }

  /** Follows an event; gives the state that it has left, if it has. */
  follow(event: PilotEvent): PilotJobState | undefined {
    switch (event.type) {
      case 'pilot-accepted':
        this.#nativeId = event.nativeId;
        return undefined;
      case 'pilot-restarted':
        this.#description = event.plan.description;
        this.#rm = event.plan.rm;
        this.#type = event.plan.type;
        this.#nodes.clear();
        return undefined;
      case 'native-reported':
        // Other nodes come with its next start.
        if (this.#report !== undefined && isRequeued(this.#report, event.report))
          this.#nodes.clear();
        this.#report = event.report;
        return undefined;
      case 'agent-connected':
        this.#nodes.set(event.agent, event.node);
        return undefined;
      case 'pilot-moved': {
        const from = this.#state;
        const moved = event.state !== from;
        this.#state = event.state;
        this.#detail = event.detail;
        this.#show(moved);
        return moved ? from : undefined;
      }
      default:
        return undefined;
    }
  }

  /** A resource manager cannot be connected, or, undefined, it is. */
  outOfReach({ rm, type }: Target, trouble: string | undefined): void {
    if (rm !== this.#rm || type !== this.#type || trouble === this.#trouble) return;
    if (isFinalPilotJobState(this.#state)) return;
    this.#trouble = trouble;
    this.#details.next(this.stateDetail);
  }

  /** Nothing is heard of it any more: streams complete, whoever waits, or comes to, is told why. */
  release(error: unknown): void {
    this.#details.complete();
    this.#states.complete();
    this.#release(error);
  }

  #show(moved: boolean): void {
    // The detail first: who hears of a state may ask at once for what there is to say about it.
    this.#details.next(this.stateDetail);
    if (moved) this.#states.next(this.#state);
    if (!isFinalPilotJobState(this.#state)) return;
    this.#details.complete();
    this.#states.complete();
    this.#finish(this);
  }
}
