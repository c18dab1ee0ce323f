/** A DRMAA 2 library, loaded: the standard's SessionManager. */
import type { Log } from '@pstar/core/adaptor';
import type { Observable } from 'rxjs';
import { type CallOptions, HelperProcess, type HelperSpec } from '../helper/helper-process.ts';
import { checkLoading } from '../helper/load-options.ts';
import { quietLog } from '../helper/quiet-log.ts';
import type { Drmaa2Capability } from './constants.ts';
import type { HandleRef } from './handles.ts';
import { Drmaa2JobSession } from './job-session.ts';
import { Drmaa2MonitoringSession } from './monitoring-session.ts';
import type { Drmaa2Settings } from './native-service.ts';
import { NotificationFeed } from './notification-feed.ts';
import { RemoteObject } from './remote-object.ts';
import { Drmaa2ReservationSession } from './reservation-session.ts';
import type { Drmaa2Layout } from './structures.ts';
import type { Drmaa2Describable, Drmaa2Notification, Drmaa2Version } from './types.ts';

/** How a library is loaded. */
export interface Drmaa2Options {
  /** The header that it was built with; without it, what it exports says so. */
  readonly layout?: Drmaa2Layout;
  /** For the library's processes, besides the environment of this one. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Seconds after which a call into the library has failed and its process is replaced; 60. Where that has
   * to start first, it takes what it takes, but no more than 20 s or as long as a call may.
   */
  readonly callTimeout?: number;
  /** Takes what the library prints, in moderation. */
  readonly log?: Log;
}

const QUESTION: CallOptions = { idempotent: true };

interface Session {
  close(): Promise<void>;
}

/**
 * The SessionManager of a library (GFD.194). It has a process of its own in which the library is
 * loaded, and so has each job session and reservation session: what happens there does not happen to
 * this program.
 *
 * Every method fails with a `DrmaaError`: the library's own, with `drmaa` as the standard calls it;
 * `OPERATION_UNSUPPORTED` where the library lacks the function; `TIMEOUT` when it does not return
 * within `callTimeout`; `ADAPTOR_FAILED` when its process died. A new process takes its place.
 */
export class Drmaa2 {
  readonly #spec: HelperSpec;
  readonly #helper: HelperProcess;
  readonly #feed = new NotificationFeed();
  readonly #sessions = new Set<Session>();
  #closing: Promise<void> | undefined;

  /** The binary layout of its structures, found out or named. */
  readonly layout: Drmaa2Layout;

  /**
   * What happens to native jobs while somebody listens (GFD.194, `DrmaaCallback`): those of open
   * sessions at least, of others where the library tells of them. What happens while a process of
   * the library is replaced is missed. Errors with `OPERATION_UNSUPPORTED` where the library has no
   * notifications.
   */
  readonly notifications$: Observable<Drmaa2Notification> = this.#feed.notifications$;

  private constructor(spec: HelperSpec, helper: HelperProcess, layout: Drmaa2Layout) {
    this.#spec = spec;
    this.#helper = helper;
    this.layout = layout;
    this.#feed.add(helper);
  }

  /** @internal */
  static async load(path: string, options: Drmaa2Options): Promise<Drmaa2> {
    checkLoading(path, options, ['layout']);
    const { layout, environment = {}, callTimeout = 60, log = quietLog } = options;
    const settings: Drmaa2Settings = { ...(layout && { layout }) };
    const spec: HelperSpec = {
      kind: 'drmaa2',
      library: path,
      environment,
      // One, so that the last error, which is the thread's, is read where it happened.
      threads: 1,
      callTimeoutMs: callTimeout * 1000,
      log,
      settings,
    };
    const helper = await HelperProcess.start(spec);
    try {
      return new Drmaa2(spec, helper, (await helper.call('layout', [], QUESTION)) as Drmaa2Layout);
    } catch (error) {
      await helper.close();
      throw error;
    }
  }

  /** The resource manager's name (`drmaa2_get_drms_name`): `Grid Engine`. */
  drmsName(): Promise<string | undefined> {
    return this.#ask('drmsName');
  }

  /** The resource manager's version (`drmaa2_get_drms_version`). */
  drmsVersion(): Promise<Drmaa2Version> {
    return this.#ask('drmsVersion');
  }

  /** The library's own name (`drmaa2_get_drmaa_name`). The header of layout `uge` does not have it. */
  drmaaName(): Promise<string | undefined> {
    return this.#ask('drmaaName');
  }

  /**
   * The library's own version (`drmaa2_get_drmaa_version`). The header of layout `uge` does not
   * have it.
   */
  drmaaVersion(): Promise<Drmaa2Version> {
    return this.#ask('drmaaVersion');
  }

  /** Whether the library can do what the standard leaves open (`drmaa2_supports`). */
  supports(capability: Drmaa2Capability): Promise<boolean> {
    return this.#ask('supports', capability);
  }

  /**
   * Makes a session for native jobs, and opens it (`drmaa2_create_jsession`).
   *
   * @throws DrmaaError as the library says when there is one of this name: `DESCRIPTION_INVALID`
   * (`INVALID_ARGUMENT`) as a rule.
   */
  createJobSession(name: string, contact?: string): Promise<Drmaa2JobSession> {
    return this.#session(Drmaa2JobSession, 'createJobSession', name, contact);
  }

  /**
   * Opens a session that was made before, perhaps by a program that has died
   * (`drmaa2_open_jsession`); its native jobs are in it.
   *
   * @throws DrmaaError as the library says when there is none: `NOT_FOUND` (`INVALID_SESSION`) or
   * `DESCRIPTION_INVALID` (`INVALID_ARGUMENT`).
   */
  openJobSession(name: string): Promise<Drmaa2JobSession> {
    return this.#session(Drmaa2JobSession, 'openJobSession', name);
  }

  /**
   * Removes a session that is closed (`drmaa2_destroy_jsession`). What becomes of native jobs in
   * it, the library decides.
   *
   * @throws DrmaaError as the library says when there is none, or it is still open.
   */
  async destroyJobSession(name: string): Promise<void> {
    await this.#helper.call('destroyJobSession', [name]);
  }

  /**
   * The names of all sessions for native jobs (`drmaa2_get_jsession_names`); with some libraries,
   * as `user@name`.
   */
  getJobSessionNames(): Promise<readonly string[]> {
    return this.#ask('jobSessionNames');
  }

  /**
   * Makes a session for reservations, and opens it (`drmaa2_create_rsession`). Errors as
   * `createJobSession`.
   */
  createReservationSession(name: string, contact?: string): Promise<Drmaa2ReservationSession> {
    return this.#session(Drmaa2ReservationSession, 'createReservationSession', name, contact);
  }

  /**
   * Opens a session for reservations that was made before (`drmaa2_open_rsession`). Errors as
   * `openJobSession`.
   */
  openReservationSession(name: string): Promise<Drmaa2ReservationSession> {
    return this.#session(Drmaa2ReservationSession, 'openReservationSession', name);
  }

  /** Removes a session for reservations (`drmaa2_destroy_rsession`). Errors as `destroyJobSession`. */
  async destroyReservationSession(name: string): Promise<void> {
    await this.#helper.call('destroyReservationSession', [name]);
  }

  /**
   * The names of all sessions for reservations (`drmaa2_get_rsession_names`); with some libraries,
   * as `user@name`.
   */
  getReservationSessionNames(): Promise<readonly string[]> {
    return this.#ask('reservationSessionNames');
  }

  /**
   * Opens a session in which everything can be seen, of the resource manager of this contact
   * (`drmaa2_open_msession`).
   */
  async openMonitoringSession(contact?: string): Promise<Drmaa2MonitoringSession> {
    const ref = await this.#ask<HandleRef>('openMonitoringSession', contact);
    return new Drmaa2MonitoringSession(new RemoteObject(this.#helper, ref));
  }

  /** The names of the implementation's own attributes (`*_impl_spec`); none where it has none. */
  implementationSpecific(of: Drmaa2Describable): Promise<readonly string[]> {
    return this.#ask('extensionNames', of);
  }

  /**
   * What the library says about one of its own attributes (`drmaa2_describe_attribute`).
   *
   * @throws DrmaaError `OPERATION_UNSUPPORTED` for what only the library makes, `rinfo` for instance: it
   * wants one to be asked about.
   */
  describeAttribute(of: Drmaa2Describable, name: string): Promise<string | undefined> {
    return this.#ask('describe', of, name);
  }

  /**
   * Closes all sessions and ends the library's processes. Sessions persist, with their native jobs.
   * Does nothing the second time.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As {@link Drmaa2.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#feed.complete();
    // One that cannot be closed in order ends with its process.
    await Promise.allSettled([...this.#sessions].map((session) => session.close()));
    await this.#helper.close();
  }

  async #ask<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return (await this.#helper.call(method, args, QUESTION)) as T;
  }

  /** Sessions are told apart by their processes: one that hangs leaves the others alone. */
  async #session<S extends Session>(
    Type: new (object: RemoteObject, closed: () => Promise<void>) => S,
    method: string,
    ...args: readonly [name: string, contact?: string | undefined]
  ): Promise<S> {
    const helper = await HelperProcess.start(this.#spec);
    try {
      const ref = (await helper.call(method, args)) as HandleRef;
      const leaveFeed = this.#feed.add(helper, ref.id);
      const session = new Type(new RemoteObject(helper, ref), async () => {
        this.#sessions.delete(session);
        leaveFeed();
        await helper.close();
      });
      this.#sessions.add(session);
      // Whoever closed the library meanwhile did not know of this one.
      if (this.#closing !== undefined) await session.close();
      return session;
    } catch (error) {
      await helper.close();
      throw error;
    }
  }
}

/**
 * Loads a DRMAA 2 library, of whichever of the four binary layouts, in a process of its own. Several
 * may be loaded at the same time, beside each other and beside libraries of DRMAA 1.
 *
 * ```ts
 * import { loadDrmaa2 } from '@pstar/adaptor-drmaa';
 *
 * const drmaa = await loadDrmaa2('/opt/sge/lib/lx-amd64/libdrmaa2.so');
 * const session = await drmaa.createJobSession('nightly');
 * using job = await session.runJob({ remoteCommand: '/bin/sleep', args: ['1'] });
 * const { state } = await job.waitTerminated(); // 'DONE'
 * await drmaa.close();
 * ```
 *
 * @throws DrmaaError `NOT_FOUND`, `ADAPTOR_FAILED` when it cannot be loaded, with the system's words;
 * `ADAPTOR_INCOMPATIBLE` when its structures are not of the layout that was named or found out.
 */
export function loadDrmaa2(path: string, options: Drmaa2Options = {}): Promise<Drmaa2> {
  return Drmaa2.load(path, options);
}
