/** A DRMAA 1 library: what it is, and sessions with what it speaks for. */
import type { Log } from '@pstar/core/adaptor';
import { DrmaaError } from '../errors.ts';
import { HelperProcess, type HelperSpec } from '../helper/helper-process.ts';
import { checkLoading } from '../helper/load-options.ts';
import { quietLog } from '../helper/quiet-log.ts';
import type { Told } from './native-words.ts';
import { DrmaaSession } from './session.ts';

/** How a library is loaded. */
export interface DrmaaOptions {
  /** Variables for the library's processes besides this program's own: SGE_ROOT, SLURM_CONF, LD_PRELOAD. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Seconds after which a call into the library has failed and its process is replaced; 60. Where that has
   * to start first, it takes what it takes, but no more than 20 s or as long as a call may.
   */
  readonly callTimeout?: number;
  /** Takes what the library prints, in moderation. */
  readonly log?: Log;
}

/** The version of the standard that a library keeps to. */
export interface DrmaaVersion {
  readonly major: number;
  readonly minor: number;
}

interface Description {
  readonly version: Told<DrmaaVersion>;
  readonly drmSystem: Told<string>;
  readonly implementation: Told<string>;
}

const READS = { idempotent: true };
/** Enough that calls which stall, as in one of 200 with Grid Engine, do not hold up others. */
const THREADS = 8;

/**
 * Loads a library of DRMAA 1.0, by its file or by a name that the system finds. It lives in processes
 * of its own, one and one more for each session: it neither stalls nor ends this program, and does not
 * keep it running. Others of the kind, and two of the same with different settings, can be loaded
 * beside it.
 *
 * @throws DrmaaError `DESCRIPTION_INVALID` for options that are none; `NOT_FOUND` when there is no such
 * file; `ADAPTOR_INCOMPATIBLE` when it is a library of DRMAA 2; `ADAPTOR_FAILED` when it cannot be loaded,
 * with the system's words; `TIMEOUT` when that does not come to an end
 */
export async function loadDrmaa(path: string, options: DrmaaOptions = {}): Promise<Drmaa> {
  checkLoading(path, options);
  const { environment = {}, callTimeout = 60, log = quietLog } = options;
  const spec: HelperSpec = {
    kind: 'drmaa1',
    library: path,
    environment,
    threads: THREADS,
    callTimeoutMs: callTimeout * 1000,
    log,
  };
  const helper = await HelperProcess.start(spec);
  try {
    return new Drmaa(spec, helper, (await helper.call('describe', [], READS)) as Description);
  } catch (error) {
    await helper.close();
    throw error;
  }
}

/** A DRMAA 1 library. What it is told it forgets with `close()`; what runs goes on. */
export class Drmaa {
  readonly #spec: HelperSpec;
  readonly #helper: HelperProcess;
  readonly #description: Description;
  readonly #sessions = new Set<DrmaaSession>();
  #closed = false;

  /** @internal */
  constructor(spec: HelperSpec, helper: HelperProcess, description: Description) {
    this.#spec = spec;
    this.#helper = helper;
    this.#description = description;
  }

  /**
   * The version of the standard (`drmaa_version`).
   *
   * @throws DrmaaError as the library has said
   */
  get version(): DrmaaVersion {
    return answerOf(this.#description.version);
  }

  /**
   * What the library speaks for, or may (`drmaa_get_DRM_system`): `SGE 8.1.9`.
   *
   * @throws DrmaaError as the library has said
   */
  get drmSystem(): string {
    return answerOf(this.#description.drmSystem);
  }

  /**
   * What the library is (`drmaa_get_DRMAA_implementation`).
   *
   * @throws DrmaaError as the library has said
   */
  get implementation(): string {
    return answerOf(this.#description.implementation);
  }

  /** What `init` can be given, if the library knows (`drmaa_get_contact` outside of a session). */
  async contacts(): Promise<readonly string[]> {
    const contacts = (await this.#helper.call('contact', [], READS)) as string;
    return contacts.split(',').filter((each) => each.trim() !== '');
  }

  /**
   * The names of the attributes that templates may have (`drmaa_get_attribute_names`), as C has them.
   * A library that tells them in a session only is asked in one that is left at once.
   */
  async attributeNames(): Promise<readonly string[]> {
    return (await this.#helper.call('names', ['attribute'], READS)) as string[];
  }

  /** As `attributeNames`, of those that are vectors (`drmaa_get_vector_attribute_names`). */
  async vectorAttributeNames(): Promise<readonly string[]> {
    return (await this.#helper.call('names', ['vector_attribute'], READS)) as string[];
  }

  /**
   * Enters a session (`drmaa_init`): a new one, or the one of this contact, also after the program that
   * had it has crashed. There may be several at once, of which each has a process of its own.
   *
   * @throws DrmaaError `URL_INVALID` for a contact that is none; `RESOURCE_MANAGER_UNREACHABLE`;
   * `WRONG_STATE` after `close()`; as {@link loadDrmaa}
   */
  async init(contact = ''): Promise<DrmaaSession> {
    if (this.#closed) throw closedError(this.#spec.library);
    let entered = contact;
    const helper = await HelperProcess.start({
      ...this.#spec,
      reenter: async (call) => void (await call('init', [entered])),
    });
    try {
      entered = (await helper.call('init', [contact])) as string;
      if (this.#closed) throw closedError(this.#spec.library);
    } catch (error) {
      await helper.close();
      throw error;
    }
    const { drmSystem } = this.#description;
    const home = {
      helper,
      drmSystem: 'value' in drmSystem ? drmSystem.value : '',
      timeZone: this.#spec.environment['TZ'],
    };
    const left = (session: DrmaaSession) => void this.#sessions.delete(session);
    const session = new DrmaaSession(entered, home, left, contact !== '');
    this.#sessions.add(session);
    return session;
  }

  /** Leaves all sessions and ends the library's processes. Does nothing the second time. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#sessions].map((session) => session.exit()));
    await this.#helper.close();
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function answerOf<T>(told: Told<T>): T {
  if ('value' in told) return told.value;
  throw DrmaaError.fromData(told.error);
}

function closedError(subject: string): DrmaaError {
  return new DrmaaError('WRONG_STATE', 'the library has been closed', { subject });
}
