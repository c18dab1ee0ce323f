/**
 * Holds a connection to time: what an adaptor is asked again and again, and its letting go, is given
 * up when it does not settle. A call that never does is an outage like any other, and not the end of
 * all that waits for it.
 */
import type { ResourceManager } from '../../adaptor/adaptor.ts';
import { AdaptorError } from '../../model/errors.ts';
import type { Clock, TimerOptions } from '../../runtime/clock.ts';

/**
 * An answer may take three commands in turn, each of which waits a minute before it is given up: that
 * is as long as any of our own adaptors takes to say itself that there is none.
 */
const ANSWER_MS = 180_000;
/** Letting go needs nobody's answer; our own adaptors take five seconds at most to tidy up. */
const CLOSE_MS = 10_000;
/** After so long without an answer there is no contact, as far as somebody can tell who waits. */
export const SILENT_MS = 5_000;

type Limited = 'states' | 'cancel' | 'find' | 'close';

const LIMITS_MS: Readonly<Record<Limited, number>> = {
  states: ANSWER_MS,
  cancel: ANSWER_MS,
  find: ANSWER_MS,
  close: CLOSE_MS,
};

/** A connection whose calls settle; those that may wait for people and queues are left alone. */
export class Answers {
  /** The connection, for all of its callers. What comes after it was given up is dropped. */
  readonly manager: ResourceManager;
  readonly #clock: Clock;
  /** The calls for states and ends that are under way, the oldest first, with since when. */
  readonly #asked = new Map<symbol, { readonly name: Limited; readonly since: number }>();

  constructor(manager: ResourceManager, clock: Clock) {
    this.#clock = clock;
    this.manager = new Proxy(manager, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const call = value.bind(target);
        if (!isLimited(name)) return call;
        return (...given: unknown[]) => this.#ask(name, async () => call(...given));
      },
    });
  }

  /** That states or an end have been asked for in vain so far; undefined while there are answers. */
  get trouble(): string | undefined {
    const [oldest] = this.#asked.values();
    if (oldest === undefined) return undefined;
    const ms = this.#clock.monotonic() - oldest.since;
    return ms < SILENT_MS ? undefined : notAnswered(oldest.name, ms);
  }

  async #ask<T>(name: Limited, call: () => Promise<T>): Promise<T> {
    const key = Symbol(name);
    const isPolled = name === 'states' || name === 'cancel';
    if (isPolled) this.#asked.set(key, { name, since: this.#clock.monotonic() });
    const limit = LIMITS_MS[name];
    const late = () =>
      new AdaptorError('RESOURCE_MANAGER_UNREACHABLE', notAnswered(name, limit), {
        hint: 'it is asked again',
      });
    try {
      // Whoever closes waits for it, and has nothing else that keeps the program alive.
      return await within(this.#clock, limit, call(), late, { unref: name !== 'close' });
    } finally {
      this.#asked.delete(key);
    }
  }
}

/** Has a connection closed that is of no use, if it can be. */
export async function letGo(manager: ResourceManager, clock: Clock): Promise<void> {
  const closed = (async () => manager?.close?.())();
  await within(clock, CLOSE_MS, closed, () => undefined).catch(() => {});
}

/** The promise; rejected when it takes longer. */
export function within<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  late: () => unknown,
  options?: TimerOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(late()), options);
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** The promise; `say` is called once if it takes so long that somebody may wonder. */
export async function saidIfSlow<T>(
  clock: Clock,
  promise: Promise<T>,
  say: () => void,
): Promise<T> {
  const timer = clock.after(30_000, say, { unref: true });
  try {
    return await promise;
  } finally {
    timer.cancel();
  }
}

function isLimited(name: string | symbol): name is Limited {
  return Object.hasOwn(LIMITS_MS, name);
}

function notAnswered(name: Limited, ms: number): string {
  return `${name}() of the adaptor has not settled for ${Math.round(ms / 1000)} s`;
}
