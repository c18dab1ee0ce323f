/** Sessions of DRMAA 2 by name: opened or made, and destroyed when the last one lets them go. */
import { createHash } from 'node:crypto';
import type { Drmaa2 } from '../drmaa2/drmaa2.ts';
import type { Drmaa2JobSession } from '../drmaa2/job-session.ts';
import { DrmaaError } from '../errors.ts';

/** What sessions are made by. */
export type SessionOwner = Pick<
  Drmaa2,
  'createJobSession' | 'openJobSession' | 'destroyJobSession' | 'getJobSessionNames'
>;

const PREFIX = 'pstar-';

/** How many connections of this program have a session open. */
const holders = new Map<string, number>();

/** A session, and how it is let go. */
export interface HeldSession {
  readonly session: Drmaa2JobSession;
  /** Closes it; destroys it when it is not needed, and nobody else in this program has it. */
  release(isNeeded: boolean): Promise<void>;
}

/** The name for a connection: the same for later processes, and of no other. */
export function sessionName(directory: string): string {
  return `${PREFIX}${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`;
}

/** Whether a session is an adaptor's; libraries may put the user's name before it. */
export function isOurs(name: string): boolean {
  return /^(.*@)?pstar-[0-9a-f]{16}$/.test(name);
}

/**
 * The sessions that `drmaa2://` has made in a library. One that no pilot of yours needs is left over from a
 * program that was killed and never came back: `destroyJobSession()` removes it.
 */
export async function listDrmaaSessions(
  library: Pick<Drmaa2, 'getJobSessionNames'>,
): Promise<readonly string[]> {
  return (await library.getJobSessionNames()).filter(isOurs);
}

/** Opens the session of a name, or makes it. */
export async function holdSession(owner: SessionOwner, name: string): Promise<HeldSession> {
  // Before it is opened: whoever lets it go meanwhile is not the last.
  holders.set(name, (holders.get(name) ?? 0) + 1);
  const session = await openOrCreate(owner, name).catch((error) => {
    leave(name);
    throw error;
  });
  return {
    session,
    release: async (isNeeded) => {
      await session.close().finally(() => leave(name));
      if (!isNeeded && !holders.has(name)) await owner.destroyJobSession(name).catch(ignoreMissing);
    },
  };
}

function leave(name: string): void {
  const left = (holders.get(name) ?? 1) - 1;
  if (left > 0) holders.set(name, left);
  else holders.delete(name);
}

async function openOrCreate(owner: SessionOwner, name: string): Promise<Drmaa2JobSession> {
  const names = await owner.getJobSessionNames();
  const isThere = names.some((each) => each === name || each.endsWith(`@${name}`));
  if (isThere) return owner.openJobSession(name);
  try {
    return await owner.createJobSession(name);
  } catch (error) {
    // Made by another connection in the meantime.
    return owner.openJobSession(name).catch(() => {
      throw error;
    });
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof DrmaaError) || error.inDoubt) throw error;
}
