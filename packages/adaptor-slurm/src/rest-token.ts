/**
 * The token that slurmrestd wants on a port. It is looked up for each request, as tokens live for half
 * an hour by default and pilots for longer; it is kept nowhere, and nothing that is thrown holds it.
 */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { type Clock, PilotError, type SecurityContext } from '@pstar/core/adaptor';

/** Where a token is looked for. */
export interface TokenSources {
  readonly security?: SecurityContext;
  /** The user in the URL. */
  readonly urlUser: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

/** Who asks. */
export interface Credentials {
  readonly user: string;
  readonly token: string;
}

const SOURCES =
  "pass a context of { userId, userPass: token }, or the token's file as userKey, or set SLURM_JWT; `scontrol token` prints one";

/**
 * What to show slurmrestd: `userPass`, the first line of the file `userKey`, or SLURM_JWT, in this
 * order; undefined when there is none of them.
 *
 * @throws PilotError `AUTHENTICATION_FAILED` for what is no token, or one whose time is over;
 *   `NOT_FOUND` for a file that cannot be read
 */
export async function findCredentials(sources: TokenSources): Promise<Credentials | undefined> {
  const { security, urlUser, environment, clock } = sources;
  const text =
    security?.userPass ??
    (security?.userKey === undefined
      ? environment['SLURM_JWT']
      : await readToken(security.userKey));
  if (text === undefined || text === '') return undefined;
  const token = text.trim().replace(/^SLURM_JWT=/, '');
  const expiry = expiryOf(token);
  if (expiry !== undefined && expiry * 1000 <= clock.now()) {
    const ago = `expired at ${new Date(expiry * 1000).toISOString()}`;
    throw refused(`the token for slurmrestd has ${ago}`, SOURCES);
  }
  return { user: security?.userId ?? (urlUser || userInfo().username), token };
}

/** What is said of a slurmrestd that wants a token and got none. */
export function tokenMissing(subject: string): PilotError {
  return new PilotError('AUTHENTICATION_FAILED', 'slurmrestd wants a token', {
    subject,
    hint: SOURCES,
  });
}

/** Seconds since the epoch; undefined for a token without an end. */
function expiryOf(token: string): number | undefined {
  const [, payload, signature] = /^[\w-]+\.([\w-]+)\.([\w-]+)$/.exec(token) ?? [];
  if (payload === undefined || signature === undefined) {
    throw refused('what is there for a token is no JSON web token', SOURCES);
  }
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' ? exp : undefined;
  } catch {
    // No cause: the parser's message would show a part of it.
    throw refused('what is there for a token is no JSON web token', SOURCES);
  }
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).split('\n')[0] ?? '';
  } catch (cause) {
    throw new PilotError('NOT_FOUND', "the token's file cannot be read", { subject: path, cause });
  }
}

function refused(problem: string, hint: string): PilotError {
  return new PilotError('AUTHENTICATION_FAILED', problem, { subject: 'slurmrestd', hint });
}
