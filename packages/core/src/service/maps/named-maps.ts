/**
 * The maps of a work unit service that have names: each has a directory of its own, with a log of its
 * results. A name is open once at a time.
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openResultLog } from '../../journal/result-log.ts';
import { DescriptionError, PilotError } from '../../model/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { ensureDirectory, syncDirectory } from '../../runtime/files.ts';
import type { Log } from '../../runtime/log.ts';
import { storeError } from '../../runtime/store-error.ts';
import { NamedMap } from './named-map.ts';

/** What a map by name is opened with. */
export interface NamedMapOptions {
  readonly name: string;
  /** The name that the function is exported by, and the hash of its module. */
  readonly export: string;
  readonly code: string;
  /** What was done by other code counts, but for what failed. */
  readonly anyCode: boolean;
  /** Calls that have failed are done; else they are tried again. */
  readonly keepsFailures: boolean;
}

/** As it is in the log. */
interface Identity {
  readonly export: string;
  readonly code: string;
}

/** Names of directories have 255 bytes, and drafts of them a few more. */
const MOST_BYTES = 240;
/** No name begins so. */
const GONE = '.gone-';
/** What no bytes of UTF-8 stand for. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** All maps of a service that have names. */
export class NamedMaps {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Those that are open, or being opened or closed. */
  readonly #open = new Map<string, Promise<NamedMap>>();
  #isTidy = false;
  #isClosed = false;

  /** @param directory made when the first map wants it */
  constructor(directory: string, clock: Clock, log: Log) {
    this.#directory = directory;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Opens a map, or begins one.
   *
   * @throws PilotError `ALREADY_EXISTS` when it was computed by other code, `WRONG_STATE` when it is open,
   * `SERVICE_CLOSED`, and what {@link openResultLog} throws
   */
  open(options: NamedMapOptions): Promise<NamedMap> {
    const { name } = options;
    const path = this.#pathOf(name);
    if (this.#isClosed) return Promise.reject(closed(name));
    if (this.#open.has(name)) return Promise.reject(inUse(name));
    const opening = this.#openAt(path, options);
    this.#open.set(name, opening);
    opening.catch(() => this.#open.delete(name));
    return opening;
  }

  /**
   * Deletes the results of a map, so that one of that name begins anew. One that there is not is gone.
   *
   * @throws PilotError `WRONG_STATE` when it is open, `STORE_UNWRITABLE`
   */
  async forget(name: string): Promise<void> {
    const path = this.#pathOf(name);
    if (this.#open.has(name)) throw inUse(name);
    try {
      await this.#tidyUp();
      // Two steps: half a log would be taken for a damaged one.
      await rename(path, join(this.#directory, GONE + encoded(name)));
      await syncDirectory(this.#directory);
      this.#isTidy = false;
      await this.#tidyUp();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw storeError(error, path, 'the results cannot be deleted');
    }
  }

  /** Closes all that are open; what they were to keep is durable then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = await Promise.allSettled(this.#open.values());
    const opened = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    await Promise.all(opened.map((map) => map.close()));
  }

  async #openAt(directory: string, options: NamedMapOptions): Promise<NamedMap> {
    const { name, anyCode, keepsFailures } = options;
    await ensureDirectory(directory);
    await this.#tidyUp();
    const opened = await openResultLog({ directory, clock: this.#clock, log: this.#log });
    const { log, restored, notice } = opened;
    try {
      const identity = opened.identity as Identity | undefined;
      const isSame = identity?.code === options.code && identity.export === options.export;
      if (identity && !isSame && !anyCode) throw otherCode(name, identity, options);
      if (this.#isClosed) throw closed(name);
      if (!keepsFailures || !isSame) restored.forgetFailures();
      if (!isSame) {
        log.identify({ export: options.export, code: options.code } satisfies Identity);
        await log.commit();
      }
    } catch (error) {
      await log.close().catch(() => {});
      throw error;
    }
    if (notice) this.#log.warn({ map: name }, notice);
    return new NamedMap(name, log, restored, () =>
      log.close().finally(() => void this.#open.delete(name)),
    );
  }

  #pathOf(name: string): string {
    const path = LONE_SURROGATE.test(name) ? '' : encoded(name);
    if (path.length > 0 && path.length <= MOST_BYTES) return join(this.#directory, path);
    throw new DescriptionError('DESCRIPTION_INVALID', `can be no name of a map: '${name}'`, {
      subject: 'name',
      hint: 'use a shorter one, of at least one letter',
    });
  }

  /** Deletes what a crash has kept from being deleted. */
  async #tidyUp(): Promise<void> {
    if (this.#isTidy) return;
    this.#isTidy = true;
    for (const entry of await readdir(this.#directory)) {
      if (!entry.startsWith(GONE)) continue;
      await rm(join(this.#directory, entry), { recursive: true, force: true });
    }
  }
}

/** A name as that of a directory. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/^\./, '%2E');
}

function inUse(name: string): PilotError {
  return new PilotError('WRONG_STATE', 'a map of this name is running', {
    subject: `map ${name}`,
    hint: 'wait for its end, or give this one another name',
  });
}

function closed(name: string): PilotError {
  return new PilotError('SERVICE_CLOSED', 'its service was closed', { subject: `map ${name}` });
}

function otherCode(name: string, before: Identity, now: Identity): PilotError {
  const what =
    before.export === now.export ? 'its code has changed' : `it called ${before.export} before`;
  return new PilotError('ALREADY_EXISTS', what, {
    subject: `map ${name}`,
    hint: `keep what is done with anyCode: true, give another name, or begin anew after forgetMap('${name}')`,
  });
}
