/** A pilot job as users see it. */
import type { Observable } from 'rxjs';
import type { SecurityContext } from '../../adaptor/adaptor.ts';
import type { Explanation } from '../../model/explanation.ts';
import type { PilotJobDescription } from '../../model/pilot-job-description.ts';
import type { PilotJobState } from '../../model/pilot-job-state.ts';
import type { NodeInfo } from '../../model/resources.ts';
import type { CallOptions } from './call-options.ts';

/**
 * A placeholder in a resource manager's queue, whose agents take work once it runs.
 *
 * What it shows is durable: nothing that a crash could take back is ever seen.
 */
export interface PilotJob {
  /** Unique in its store; the same in every later life of its service. */
  readonly id: string;
  /** What it was created with, a profile's attributes included; after a reinitialization, the new one. */
  readonly description: PilotJobDescription;
  /** The credentials that it was created with. */
  readonly context: SecurityContext | undefined;
  /** The resource manager that it was submitted to. */
  readonly rm: URL;
  /** The scheme of its adaptor. */
  readonly type: string;
  /** The resource manager's name for it; of the last submission, after a reinitialization. */
  readonly nativeId: string | undefined;
  /** Where it is now, as far as the journal has it. */
  readonly state: PilotJobState;
  /**
   * Begins with the present state and completes after a final one; without one when the service is closed, or
   * its journal fails: whether the last value is final is to be looked at, or {@link finished} awaited.
   */
  readonly state$: Observable<PilotJobState>;
  /** Why it is in its state: `slurm: PENDING (Resources)`. */
  readonly stateDetail: string;
  /** Begins with the present detail and completes with `state$`. */
  readonly stateDetail$: Observable<string>;
  /** What its agents really found, a node each; one that was lost stays listed until it starts anew. */
  readonly nodes: readonly NodeInfo[];
  /** Resolves with the pilot in any final state. */
  finished(options?: CallOptions): Promise<PilotJob>;
  /**
   * Ends it, and everything that runs in it; settles when the resource manager says it is over. With a
   * signal the wait is given up, not the cancellation.
   *
   * @throws PilotError `TIMEOUT` when for half a minute no agent of it is connected and its resource
   * manager does not answer; it is ended when that answers again.
   */
  cancel(options?: CallOptions): Promise<void>;
  /**
   * Ends what runs and starts anew under the same id, by a new description; settles when that is
   * accepted.
   *
   * @throws PilotError `WRONG_STATE` once it is final or about to end; what `create()` throws.
   */
  reinitialize(description: PilotJobDescription, options?: CallOptions): Promise<void>;
  /**
   * The script or template that is handed to the resource manager.
   *
   * @throws PilotError `SERVICE_CLOSED`; what connecting to the resource manager throws.
   */
  render(): Promise<string>;
  /** Why it is where it is, what would help, and what its agent has written last. */
  explain(): Explanation;
}

/** How a pilot is created. */
export interface CreateOptions extends CallOptions {
  /** The scheme of the adaptor to use, where it is not the URL's. */
  readonly type?: string | undefined;
  /** Credentials for the resource manager; kept in the store, readable by its owner alone. */
  readonly context?: SecurityContext | undefined;
}

/** A move of one pilot from one state to the next. */
export interface PilotJobEvent {
  readonly pilotJob: PilotJob;
  /** The pilot's id. */
  readonly pilotId: string;
  /** The state that it left. */
  readonly from: PilotJobState;
  /** The state that it came to. */
  readonly state: PilotJobState;
  /** Why, in one line. */
  readonly stateDetail: string;
  /** When the manager concluded it. */
  readonly at: Date;
}
