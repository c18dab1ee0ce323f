/**
 * Holds what adaptors give to the contract: the one place where it is looked at, once for all of them.
 * What is not as promised is left out with a warning, or is an error that names adaptor and method;
 * the core is never handed it.
 */
import type {
  AgentOffer,
  Gateway,
  NativeState,
  ResourceManager,
  Subscribable,
} from '../../adaptor/adaptor.ts';
import { AdaptorError, PilotError } from '../../model/errors.ts';
import { messageOf } from '../../model/message-of.ts';
import { isError, type Log } from '../../runtime/log.ts';
import { readStates, shown } from './native-words.ts';

/** Without these nothing could be started, nor be ended. */
const NEEDED = ['submit', 'cancel', 'close'] as const;
/** The core asks for these when somebody wants to know. */
const PROMISED: ReadonlySet<unknown> = new Set(['render', 'info']);
/** What is garbled anew each time is not to fill a disk. */
const WARNINGS_MAX = 50;
/** A native id is kept with its pilot, shown, and named in commands and files. */
const ID_LENGTH_MAX = 1000;
const TIMES = ['pollIntervalMs', 'registrationTimeoutMs'] as const;

/** Whose connection it is. */
export interface Contracting {
  readonly scheme: string;
  readonly log: Log;
}

/**
 * What nobody meant to throw: it says nothing of what came of the call, which may have done what it was
 * asked for. As a PilotError it is an AdaptorError.
 */
export class UnmeantError extends AdaptorError {}

/**
 * The connection, for all of its callers.
 *
 * @throws AdaptorError `ADAPTOR_FAILED` when it is none
 */
export function heldToContract(manager: ResourceManager, who: Contracting): ResourceManager {
  const { scheme } = who;
  if (typeof manager !== 'object' || manager === null) {
    throw failed(scheme, 'connect', `has given no connection, but ${shown(manager)}`);
  }
  for (const name of NEEDED) {
    if (typeof manager[name] === 'function') continue;
    throw failed(scheme, 'connect', `has given a connection without ${name}()`);
  }
  for (const name of TIMES) {
    const ms = manager[name];
    if (ms === undefined || (Number.isFinite(ms) && ms >= 0)) continue;
    const problem = `has given a connection whose ${name} is ${shown(ms)}`;
    throw failed(
      scheme,
      'connect',
      problem,
      'have it be a number of milliseconds, or leave it out',
    );
  }
  const warn = warnsOnce(who);
  const pushed = manager.states$ && heldPushes(manager.states$, scheme, warn);
  return new Proxy({} as ResourceManager, {
    get: (_, name) => {
      if (name === 'states$') return pushed;
      const value: unknown = Reflect.get(manager, name, manager);
      const method = String(name);
      if (typeof value === 'function') {
        const call = (...given: unknown[]): unknown => value.apply(manager, given);
        return heldCall(call, method, scheme, warn);
      }
      if (!PROMISED.has(name)) return value;
      return async () => {
        throw failed(scheme, method, 'is not there');
      };
    },
  });
}

/** The gateway, whose errors have words. */
export function heldGateway(gateway: Gateway, scheme: string): Gateway {
  if (typeof gateway !== 'object' || gateway === null) {
    throw failed(scheme, 'openGateway', `has given no gateway, but ${shown(gateway)}`);
  }
  return new Proxy({} as Gateway, {
    get: (_, name) => {
      const value: unknown = Reflect.get(gateway, name, gateway);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) =>
        asked(scheme, String(name), async () => value.apply(gateway, given));
    },
  });
}

/** What a call of an adaptor gives; whatever it throws, or rejects with, is an error that has words. */
export async function asked<T>(scheme: string, method: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw worded(scheme, method, error);
  }
}

function said<T>(scheme: string, method: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw worded(scheme, method, error);
  }
}

function worded(scheme: string, method: string, error: unknown): unknown {
  const isSaid = error instanceof PilotError || (isError(error) && messageOf(error) !== '');
  if (isSaid) return error;
  const { message } = (error ?? {}) as { readonly message?: unknown };
  const words = typeof message === 'string' ? message : error;
  const how = words === undefined || words === '' ? 'without a word' : `with ${shown(words)}`;
  return new UnmeantError('ADAPTOR_FAILED', `${method}() of ${scheme}:// has failed ${how}`, {
    hint: 'have it throw PilotErrors that say what is wrong',
    cause: error,
  });
}

function failed(scheme: string, method: string, problem: string, hint?: string): AdaptorError {
  return new AdaptorError('ADAPTOR_FAILED', `${method}() of ${scheme}:// ${problem}`, { hint });
}

type Warn = (words: string) => void;

/** The same words are worth one warning, however often they are true. */
function warnsOnce({ scheme, log }: Contracting): Warn {
  const warned = new Set<string>();
  return (words) => {
    if (warned.has(words) || warned.size === WARNINGS_MAX) return;
    warned.add(words);
    log.warn({ adaptor: scheme }, words);
  };
}

type Call = (...given: unknown[]) => unknown;

function heldCall(call: Call, method: string, scheme: string, warn: Warn): Call {
  switch (method) {
    case 'offer':
      return (...given) =>
        offerOf(
          said(scheme, method, () => call(...given)),
          scheme,
        );
    case 'kill':
      return (...given) => unawaited(() => call(...given), `kill() of ${scheme}://`, warn);
    default:
      return async (...given) => {
        const answer = await asked(scheme, method, async () => call(...given));
        return answerOf(method, answer, scheme, warn);
      };
  }
}

function answerOf(method: string, answer: unknown, scheme: string, warn: Warn): unknown {
  switch (method) {
    case 'states':
      if (!Array.isArray(answer)) {
        throw failed(scheme, method, `has given ${shown(answer)}, which is no list of states`);
      }
      return readStates(answer, (problem) => warn(`states() of ${scheme}:// ${problem}`));
    case 'submit':
      if (typeof answer === 'string' && answer !== '') return nativeId(answer, scheme, method);
      throw failed(scheme, method, `has given no native id, but ${shown(answer)}`);
    case 'find':
      if (answer === undefined || answer === null) return undefined;
      if (typeof answer === 'string' && answer !== '') return nativeId(answer, scheme, method);
      throw failed(scheme, method, `has given ${shown(answer)}, which is no native id`);
    case 'render':
      if (typeof answer === 'string') return answer;
      throw failed(scheme, method, `has given ${shown(answer)}, which is no text`);
    case 'info':
      if (typeof answer === 'object' && answer !== null) return answer;
      throw failed(scheme, method, `has given ${shown(answer)}, which says nothing`);
    default:
      return answer;
  }
}

/** It is a word that is compared, kept and shown: on one line, and of a length that can be kept. */
function nativeId(id: string, scheme: string, method: string): string {
  if (id.length > ID_LENGTH_MAX) {
    const problem = `has given a native id of ${id.length} characters, which begins ${shown(id.slice(0, 50))}`;
    throw failed(scheme, method, problem, `have it give ${ID_LENGTH_MAX} or fewer`);
  }
  // Half of a surrogate pair would be another character when it is read back.
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(id)) {
    const problem = `has given the native id ${JSON.stringify(id)}, which has a line break or control character`;
    throw failed(
      scheme,
      method,
      problem,
      'have it give the id alone, without what is printed around it',
    );
  }
  return id;
}

/**
 * Makes a call that nobody waits for. What it throws, or what it gives rejects with though it is to give
 * nothing, would end the program.
 */
function unawaited(call: () => unknown, name: string, warn: Warn): void {
  const failed = (error: unknown): void => warn(`${name} has failed: ${messageOf(error)}`);
  try {
    Promise.resolve(call()).catch(failed);
  } catch (error) {
    failed(error);
  }
}

function offerOf(offer: unknown, scheme: string): AgentOffer {
  if (offer === undefined || offer === null) return {};
  if (typeof offer !== 'object') throw failed(scheme, 'offer', `has given ${shown(offer)}`);
  if ('then' in offer) {
    Promise.resolve(offer).catch(() => {});
    throw failed(scheme, 'offer', 'has given a promise', 'have it give the offer itself');
  }
  const { cores, memory } = offer as AgentOffer;
  if (cores !== undefined && !(Number.isSafeInteger(cores) && cores > 0)) {
    throw failed(scheme, 'offer', `has given ${shown(cores)} cores`, 'have it give 1 or more');
  }
  if (memory !== undefined && !(Number.isFinite(memory) && memory > 0)) {
    throw failed(scheme, 'offer', `has given ${shown(memory)} bytes of memory`);
  }
  return offer;
}

function heldPushes(
  states$: Subscribable<NativeState>,
  scheme: string,
  warn: Warn,
): Subscribable<NativeState> {
  if (typeof states$.subscribe !== 'function') {
    throw failed(scheme, 'connect', 'has given a connection whose states$ has no subscribe()');
  }
  return {
    subscribe: (next) => {
      const name = 'states$.subscribe';
      const take = (state: unknown) => {
        const [read] = readStates([state], (problem) => warn(`states$ of ${scheme}:// ${problem}`));
        if (read !== undefined) next(read);
      };
      const subscription: unknown = said(scheme, name, () => states$.subscribe(take));
      unawaited(() => subscription, `${name}() of ${scheme}://`, warn);
      return {
        unsubscribe: () => {
          const { unsubscribe } = (subscription ?? {}) as { readonly unsubscribe?: unknown };
          if (typeof unsubscribe === 'function') {
            const call = (): unknown => unsubscribe.call(subscription);
            unawaited(call, `unsubscribe() of states$ of ${scheme}://`, warn);
          } else warn(`${name}() of ${scheme}:// has given nothing to unsubscribe by`);
        },
      };
    },
  };
}
