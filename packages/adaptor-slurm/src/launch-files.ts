/**
 * What is written down before anything is submitted, in the directory that the adaptor has for its
 * connection: as which job, and which element of it, a launch went to Slurm, then with which id. So it
 * is found again after a crash, and what was never written down was never submitted; and a job that was
 * given the same id, before or afterwards, is not taken for it. When it was submitted is written down as
 * soon as it is seen: by that it is known under whatever name somebody gives it.
 *
 * That is this machine's. What Slurm and its nodes see is where its commands run.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { AgentLaunch, RemoteFiles } from '@pstar/core/adaptor';

/** Where a launch is in Slurm. */
export interface Placed {
  /** Slurm's name of the job. */
  readonly job: string;
  /** Of an array's element. */
  readonly index?: number;
}

/** Whether a job that has one of our ids is ours: `unsure` of one whose name is another. */
export type Owner = 'ours' | 'other' | 'unsure';

/** A job, as far as it tells whose it is. */
export interface Claimed {
  /** `17`; of an array's element `17_3`. */
  readonly id: string;
  readonly name: string;
  /** Seconds since the epoch. */
  readonly submittedAt?: number;
}

/** What is known of an id. */
interface Identity {
  readonly job: string;
  /** When jobs with this id and name were submitted, or requeued, as far as they were seen. */
  readonly times: Set<number>;
}

interface Kept extends Placed {
  /** Gone once the pilot is over; where the commands run. */
  readonly settingsFile: string;
}

/** The files of one connection. */
export class LaunchFiles {
  readonly #there: RemoteFiles;
  readonly #launches: string;
  readonly #arrays: string;
  readonly #ids: string;
  /** What is known of ids, as far as it was needed. */
  readonly #identities = new Map<string, Identity>();

  /**
   * @param directory the connection's own
   * @param there where the commands run
   */
  constructor(directory: string, there: RemoteFiles) {
    this.#there = there;
    this.#launches = join(directory, 'launches');
    this.#arrays = join(directory, 'arrays');
    this.#ids = join(directory, 'ids');
  }

  /** Writes down that these launches are about to become a job, an array if they are several. */
  async place(job: string, launches: readonly AgentLaunch[]): Promise<void> {
    await mkdir(this.#launches, { recursive: true, mode: 0o700 });
    await Promise.all(
      launches.map(({ name, settingsFile }, index) => {
        const kept: Kept = { job, settingsFile, ...(launches.length > 1 && { index }) };
        return writeFile(this.#launch(name), JSON.stringify(kept), { flush: true });
      }),
    );
  }

  /**
   * Makes the directory of an array that is written down: Slurm writes the output of an element to a
   * file that is named by its index, and that leads to the log of its pilot. It is beside the first
   * pilot's, which may be over and gone before another begins.
   */
  async makeArray(job: string, launches: readonly AgentLaunch[]): Promise<string> {
    const [first] = launches as readonly [AgentLaunch];
    const directory = posix.join(posix.dirname(first.directory), job);
    await mkdir(this.#arrays, { recursive: true, mode: 0o700 });
    await writeFile(join(this.#arrays, job), directory, { flush: true });
    await this.#there.makeDirectory(directory);
    await Promise.all(
      launches.map(({ logFile }, index) =>
        this.#there.symlink(logFile, posix.join(directory, `${index}.log`)),
      ),
    );
    return directory;
  }

  /** Where a launch was about to go; undefined when it never was. */
  async find(launchName: string): Promise<Placed | undefined> {
    return this.#read(this.#launch(launchName));
  }

  /**
   * Writes down which id Slurm gave to a job, or to an array as a whole.
   *
   * @returns the name of the job that has this id already, if there is one and pilots of it are not over;
   *   then nothing is written
   */
  async identify(id: string, job: string): Promise<string | undefined> {
    const holder = await this.#jobOf(id);
    if (holder === job) return undefined;
    if (holder !== undefined && (await this.#isLiving(holder))) return holder;
    await this.#writeIdentity(id, { job, times: new Set() });
    return undefined;
  }

  /**
   * Whether what Slurm calls so is what was submitted: `17`, or `17_3` of an array, with the name of the
   * job. Of ids that were never written down, the name alone says so.
   *
   * A job of another name is ours as well if it was submitted when ours was, by what was seen of it under
   * its own name: somebody has renamed it. Where that was not seen, it cannot be told.
   */
  async ownerOf({ id, name, submittedAt }: Claimed): Promise<Owner> {
    const [whole] = id.split('_') as [string];
    const known = await this.#identityOf(whole);
    if (known === undefined) return (await this.#isLiving(name)) ? 'ours' : 'other';
    const { job, times } = known;
    if (submittedAt === undefined) return name === job ? 'ours' : 'other';
    if (name !== job) {
      if (times.has(submittedAt)) return 'ours';
      return times.size === 0 ? 'unsure' : 'other';
    }
    if (times.has(submittedAt)) return 'ours';
    times.add(submittedAt);
    // What cannot be written down is known to this connection all the same.
    await this.#writeIdentity(whole, known).catch(() => {});
    return 'ours';
  }

  /** Takes it back: nothing came of it. */
  async forget(launches: readonly AgentLaunch[]): Promise<void> {
    for (const { name } of launches) await rm(this.#launch(name), { force: true });
  }

  /** Removes what is about pilots that are over, while other connections may submit. */
  async tidy(): Promise<void> {
    // Looked at first: of what is here now the launches have been written down.
    const arrays = await namesIn(this.#arrays);
    const ids = await namesIn(this.#ids);
    const used = new Set<string>();
    const look = async (name: string) => {
      const kept = await this.#read(join(this.#launches, name));
      if (kept !== undefined && (await this.#isThere(kept.settingsFile))) used.add(kept.job);
      else await rm(join(this.#launches, name), { force: true });
    };
    await Promise.all((await namesIn(this.#launches)).map(look));
    const unused = arrays.filter((job) => !used.has(job));
    await Promise.all(unused.map((job) => this.removeArray(job)));
    await Promise.all(ids.map((id) => this.#tidyId(id, used)));
  }

  /** Removes the directory of an array; what cannot be removed stays written down for the next time. */
  async removeArray(job: string): Promise<void> {
    const note = join(this.#arrays, job);
    try {
      const directory = await readFile(note, 'utf8');
      if (directory !== '') await this.#there.remove(directory);
      await rm(note, { force: true });
    } catch {}
  }

  async #tidyId(id: string, used: ReadonlySet<string>): Promise<void> {
    const job = await this.#jobOf(id);
    if (job !== undefined && used.has(job)) return;
    await rm(join(this.#ids, id), { force: true });
    this.#identities.delete(id);
  }

  async #jobOf(id: string): Promise<string | undefined> {
    return (await this.#identityOf(id))?.job;
  }

  async #identityOf(id: string): Promise<Identity | undefined> {
    const known = this.#identities.get(id);
    if (known !== undefined) return known;
    const text = await readFile(join(this.#ids, id), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const [job = '', ...times] = text.split('\n');
    // Others may have read it meanwhile, and have learnt more.
    const identity = this.#identities.get(id) ?? { job, times: new Set(times.map(Number)) };
    this.#identities.set(id, identity);
    return identity;
  }

  /** A line for the name, and one for each time. */
  async #writeIdentity(id: string, identity: Identity): Promise<void> {
    this.#identities.set(id, identity);
    await mkdir(this.#ids, { recursive: true, mode: 0o700 });
    const path = join(this.#ids, id);
    const unique = `${path}.${randomBytes(4).toString('hex')}.new`;
    await writeFile(unique, [identity.job, ...identity.times].join('\n'), { flush: true });
    await rename(unique, path);
  }

  /** Whether a launch that went as this job has a pilot that is not over. */
  async #isLiving(job: string): Promise<boolean> {
    for (const name of await namesIn(this.#launches)) {
      const kept = await this.#read(join(this.#launches, name));
      if (kept?.job === job && (await this.#isThere(kept.settingsFile))) return true;
    }
    return false;
  }

  /** What cannot be looked at is taken to be there. */
  #isThere(path: string): Promise<boolean> {
    return this.#there.stat(path).then(
      (facts) => facts !== undefined,
      () => true,
    );
  }

  #launch(name: string): string {
    return join(this.#launches, `${name}.json`);
  }

  async #read(file: string): Promise<Kept | undefined> {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as Kept;
    } catch {
      // Never written, or not to its end: then nothing was submitted either.
      return undefined;
    }
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}
