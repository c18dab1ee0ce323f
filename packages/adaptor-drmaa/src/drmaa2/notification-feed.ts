/**
 * Notifications of all processes of a library as one stream. A library may tell of every session, or
 * only of those that are open in its process: so all are listened to, and of each session only the
 * process that has it open is heard.
 */
import { EMPTY, Observable, type Subscriber, type Subscription } from 'rxjs';
import type { HelperProcess } from '../helper/helper-process.ts';
import type { Drmaa2Notification } from './types.ts';

interface Source {
  readonly helper: HelperProcess;
  /** Nothing where it is that of the library itself. */
  readonly session: string | undefined;
  subscription: Subscription;
}

/** Some libraries put the user's name before that of a session: `user@name`. */
function isOf(notification: Drmaa2Notification, session: string): boolean {
  const { sessionName = '' } = notification;
  return sessionName === session || sessionName.endsWith(`@${session}`);
}

/** What every notification of a library goes through. */
export class NotificationFeed {
  readonly #sources = new Set<Source>();
  readonly #observers = new Set<Subscriber<Drmaa2Notification>>();

  /** Libraries are listened to while somebody listens here. */
  readonly notifications$: Observable<Drmaa2Notification> = new Observable((observer) => {
    this.#observers.add(observer);
    if (this.#observers.size === 1) for (const source of this.#sources) this.#begin(source);
    return () => {
      this.#observers.delete(observer);
      if (this.#observers.size === 0) for (const source of this.#sources) this.#end(source);
    };
  });

  /** Listens to one more process; what is returned has it listened to no more. */
  add(helper: HelperProcess, session?: string): () => void {
    const source = { helper, session, subscription: EMPTY.subscribe() };
    this.#sources.add(source);
    if (this.#observers.size > 0) this.#begin(source);
    return () => {
      this.#sources.delete(source);
      source.subscription.unsubscribe();
    };
  }

  /** There will be no more. */
  complete(): void {
    for (const observer of [...this.#observers]) observer.complete();
  }

  #begin(source: Source): void {
    source.subscription = source.helper.events$.subscribe((event) => {
      if (event.kind === 'restarted') this.#listen(source);
      if (event.kind === 'emitted' && event.name === 'notification')
        this.#tell(source, event.data as Drmaa2Notification);
    });
    this.#listen(source);
  }

  #end(source: Source): void {
    source.subscription.unsubscribe();
    source.helper.call('unlisten').catch(() => {});
  }

  #listen(source: Source): void {
    source.helper.call('listen', [], { idempotent: true }).catch((error) => {
      // A process that is just being closed, or begins to be, is missed by nobody.
      if (source.session !== undefined || !this.#sources.has(source)) return;
      for (const observer of [...this.#observers]) observer.error(error);
    });
  }

  #tell(source: Source, notification: Drmaa2Notification): void {
    const { session } = source;
    const isItsOwn =
      session === undefined
        ? ![...this.#sources].some((other) => other.session && isOf(notification, other.session))
        : isOf(notification, session);
    if (isItsOwn) for (const observer of [...this.#observers]) observer.next(notification);
  }
}
