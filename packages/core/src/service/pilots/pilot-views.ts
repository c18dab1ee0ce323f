/**
 * What users see of a service's pilots: a view of each, and the moves of all. It follows what is
 * journalled; the machine is ahead of that by one commit.
 */
import { Subject } from 'rxjs';
import type { SecurityContext } from '../../adaptor/adaptor.ts';
import type { PilotEvent } from '../../manager/pilot-events.ts';
import type { PilotRecord } from '../../manager/pilot-record.ts';
import { assert } from '../../model/assert.ts';
import type { Log } from '../../runtime/log.ts';
import type { PilotJobEvent } from '../base/pilot-job.ts';
import type { Target } from '../resource-managers/resource-managers.ts';
import { type PilotJobActions, PilotJobView } from './pilot-job-view.ts';

/** What views are made with. */
export interface PilotViewsParts {
  readonly actions: PilotJobActions;
  readonly log: Log;
  /** The credentials that a pilot was created with. */
  contextOf(pilotId: string): SecurityContext | undefined;
}

/** The views of one service's pilots, in order of creation. */
export class PilotViews {
  readonly events$ = new Subject<PilotJobEvent>();
  readonly #parts: PilotViewsParts;
  readonly #views = new Map<string, PilotJobView>();
  /** Those that their resource managers have accepted. */
  readonly #accepted = new Set<string>();

  constructor(parts: PilotViewsParts) {
    this.#parts = parts;
  }

  /** The pilots that their resource managers have accepted. */
  get accepted(): readonly PilotJobView[] {
    return [...this.#views.values()].filter(({ id }) => this.#accepted.has(id));
  }

  /** Whether a pilot can be seen: not before its creation is journalled, nor once it is forgotten. */
  has(pilotId: string): boolean {
    return this.#views.has(pilotId);
  }

  of(pilotId: string): PilotJobView {
    const view = this.#views.get(pilotId);
    assert(view !== undefined, `${pilotId} has no view`);
    return view;
  }

  /** Shows a pilot of an earlier life in the state that it has. */
  restore(pilot: Readonly<PilotRecord>): void {
    this.#add(pilot);
    if (pilot.state !== 'New') this.#accepted.add(pilot.id);
  }

  /** Shows a pilot that is new. The machine may be ahead: the view begins where the pilot did. */
  create(pilot: Readonly<PilotRecord>): void {
    this.#add({ ...pilot, state: 'New', detail: 'being submitted' });
  }

  /** Shows a pilot no more: nothing of it is left. */
  forget(pilotId: string): void {
    this.#views.delete(pilotId);
  }

  /** Shows what an event has changed, and tells whoever watches moves. */
  follow(event: Exclude<PilotEvent, { readonly type: 'pilot-created' | 'pilot-forgotten' }>): void {
    if (event.type === 'pilot-accepted') this.#accepted.add(event.pilot);
    const view = this.of(event.pilot);
    const from = view.follow(event);
    if (event.type !== 'pilot-moved' || from === undefined) return;
    const { state, detail: stateDetail, at } = event;
    this.#parts.log.info({ pilot: view.id, from, state, detail: stateDetail }, 'pilot');
    const moved = { pilotJob: view, pilotId: view.id, from, state, stateDetail, at: new Date(at) };
    this.events$.next(moved);
  }

  /** A resource manager cannot be connected, for this reason; without one, it is connected again. */
  outOfReach(target: Target, trouble: string | undefined): void {
    for (const view of this.#views.values()) view.outOfReach(target, trouble);
  }

  /** The pilots live on and are seen here no more: streams complete, whoever waits is told why. */
  release(error: unknown): void {
    for (const view of this.#views.values()) view.release(error);
    this.events$.complete();
  }

  #add(pilot: Readonly<PilotRecord>): void {
    const { actions, contextOf } = this.#parts;
    this.#views.set(pilot.id, new PilotJobView(pilot, contextOf(pilot.id), actions));
  }
}
