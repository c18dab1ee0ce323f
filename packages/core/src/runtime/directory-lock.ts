/**
 * One process at a time in a directory. A lock is a file `lock.<n>` that says who holds it, and
 * the directory is free when no file's holder is alive. The lock of a dead holder is followed by
 * the next number, never replaced: a name can be made only once, so of two processes that find the
 * same dead holder one wins, and a slow one never removes the lock of a fast one.
 */

import { readFileSync, readlinkSync } from 'node:fs';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { PilotError } from '../model/errors.ts';
import type { Clock } from './clock.ts';
import { randomSecret } from './random.ts';
import { storeError } from './store-error.ts';

/** A directory that is ours until we let it go. */
export interface DirectoryLock {
  /** Lets the directory go; harmless the second time. */
  release(): Promise<void>;
}

/** Who holds a directory. */
export interface DirectoryHolder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
}

/** A pid alone is not enough: it is given out again, and on every machine. */
interface Holder extends DirectoryHolder {
  /** The boot of the machine and the process's start within it, where the system tells. */
  readonly boot?: string;
  readonly start?: string;
  /** Where the pid counts: containers of one machine do not see each other's processes. */
  readonly namespace?: string;
  /** Which thread of the process; absent in locks of earlier versions. */
  readonly thread?: number;
}

const LOCK_NAME = /^lock\.(\d+)$/;

/**
 * Takes a directory for this process, at once or not at all.
 *
 * A lock held on another machine, or in another container, is believed to be alive, as nothing can be
 * seen from here. One that was held under this very name before a restart is not.
 *
 * @throws PilotError `STORE_LOCKED`, naming who holds it; `STORE_FULL` or `STORE_UNWRITABLE`.
 */
export async function lockDirectory(path: string, clock: Clock): Promise<DirectoryLock> {
  const me = describeSelf(clock);
  for (;;) {
    const before = await locksIn(path);
    for (const { file, holder } of before) {
      if (holder && isAlive(holder)) throw locked(path, file, holder);
    }
    const number = (before.at(-1)?.number ?? 0) + 1;
    const mine = lockFile(path, number);
    if (!(await createOnce(path, mine, me))) continue;

    // Somebody may have come and gone since we looked, and another be here now.
    const others = (await locksIn(path)).filter((lock) => lock.number !== number);
    if (others.some(({ holder }) => holder && isAlive(holder))) {
      await rm(mine, { force: true });
      continue;
    }
    for (const { file } of others) await rm(file, { force: true });
    return { release: () => rm(mine, { force: true }) };
  }
}

/** Who holds a directory now; undefined while it is free. */
export async function directoryHolder(path: string): Promise<DirectoryHolder | undefined> {
  const live = (await locksIn(path)).find(({ holder }) => holder && isAlive(holder));
  if (live?.holder === undefined) return undefined;
  const { pid, host, since } = live.holder;
  return { pid, host, since };
}

function lockFile(path: string, number: number): string {
  return join(path, `lock.${number}`);
}

interface Lock {
  readonly number: number;
  readonly file: string;
  /** Undefined when it is gone, or when a machine's crash left the file without contents. */
  readonly holder: Holder | undefined;
}

/** Every lock in a directory, by number. */
async function locksIn(path: string): Promise<Lock[]> {
  const numbers = (await readdir(path))
    .flatMap((name) => LOCK_NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  return Promise.all(
    numbers.map(async (number) => {
      const file = lockFile(path, number);
      return { number, file, holder: await readHolder(file) };
    }),
  );
}

/** Creates the file with its contents in one step; false when the name is taken. */
async function createOnce(directory: string, file: string, holder: Holder): Promise<boolean> {
  const draft = join(directory, `.lock.${randomSecret(6).toString('hex')}`);
  try {
    await writeFile(draft, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw storeError(error, file, 'the file cannot be written');
  } finally {
    await rm(draft, { force: true });
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function describeSelf(clock: Clock): Holder {
  const boot = bootId();
  const start = startOf(process.pid);
  const namespace = pidNamespace();
  return {
    pid: process.pid,
    host: hostname(),
    since: new Date(clock.now()).toISOString(),
    thread: threadId,
    ...(boot === undefined ? {} : { boot }),
    ...(start === undefined ? {} : { start }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function isAlive(holder: Holder): boolean {
  const boot = bootId();
  // A machine's name may change while it runs, and it may restart under the same name.
  const sameBoot = holder.boot !== undefined && holder.boot === boot;
  const seen = sameBoot && (holder.namespace ?? pidNamespace()) === pidNamespace();
  if (!seen && holder.host !== hostname()) return true;
  if (!sameBoot && holder.boot !== undefined && boot !== undefined) return false;
  if (holder.start !== undefined) return startOf(holder.pid) === holder.start;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function bootId(): string | undefined {
  return readOr('/proc/sys/kernel/random/boot_id')?.trim();
}

function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** When a process started, in the kernel's ticks; undefined when there is none, or no /proc. */
function startOf(pid: number): string | undefined {
  const stat = readOr(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold anything, even ') '.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie runs nothing any more.
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function locked(path: string, file: string, holder: Holder): PilotError {
  const { pid, host, since } = holder;
  const { where, hint } = waysOut(holder, file);
  const problem = `in use by process ${pid} on ${host} since ${since}${where}`;
  return new PilotError('STORE_LOCKED', problem, { subject: path, hint });
}

function waysOut(holder: Holder, file: string): { where: string; hint: string } {
  const { pid, host, boot, namespace, thread } = holder;
  const isHere =
    pid === process.pid && host === hostname() && boot === bootId() && namespace === pidNamespace();
  if (!isHere) {
    return { where: '', hint: `close it there first; if that machine is gone, delete ${file}` };
  }
  if (thread === threadId) return { where: ': this one', hint: 'close it here first' };
  return {
    where: `: this one, in its thread ${thread}`,
    hint: `close it there first; if that thread was terminated, delete ${file}`,
  };
}
