/** What a URL says of hosts, and of how they are reached. PURE. */
import { PilotError } from '@pstar/core/adaptor';
import { z } from 'zod';
import type { SshTarget } from './connection/ssh-host.ts';

const text = z.string().min(1);

const OPTIONS = {
  /** In place of `~/.ssh/config`. */
  config: text.optional(),
  /** In place of `~/.ssh/known_hosts`. */
  knownHosts: text.optional(),
  /** A private key that is tried first. */
  identity: text.optional(),
  /** The address of a login node at which compute nodes reach it; of `…+ssh://` alone. */
  listen: text.optional(),
};
const OWN: readonly string[] = Object.keys(OPTIONS);

/** What may stand in the query. */
export const SshOptions = z.strictObject(OPTIONS, {
  error: (issue) => {
    if (issue.code !== 'unrecognized_keys') return undefined;
    return `there is no option ${issue.keys.join(', ')}; there are ${OWN.join(', ')}`;
  },
});

/** The options of a URL. */
export type SshOptions = z.infer<typeof SshOptions>;

/** The options of ours among those that a URL has. */
export function readOptions({ searchParams }: URL): SshOptions {
  return SshOptions.parse(
    Object.fromEntries([...searchParams].filter(([name]) => OWN.includes(name))),
  );
}

/**
 * The hosts of a URL, each with its user and port: `ssh://me@a,b:2222` is `me@a:2222` and `me@b:2222`.
 *
 * @throws PilotError `URL_INVALID`
 */
export function hostsOf(url: URL): readonly string[] {
  if (url.pathname !== '' && url.pathname !== '/') {
    throw invalid(url, 'it takes no path', 'name a directory as the workingDirectory of a pilot');
  }
  return targetsOf(url);
}

function targetsOf(url: URL): readonly string[] {
  const names = url.hostname === '' ? [] : decodeURIComponent(url.hostname).split(',');
  if (names.includes('')) throw invalid(url, 'a host has no name', 'write ssh://a,b,c');
  const user = url.username === '' ? '' : `${decodeURIComponent(url.username)}@`;
  const port = url.port === '' ? '' : `:${url.port}`;
  return names.map((name) => `${user}${name}${port}`);
}

/**
 * The one host of a URL like `slurm+ssh://login.example/`; its path is for the other adaptor.
 *
 * @throws PilotError `URL_INVALID`
 */
export function gatewayOf(url: URL): string {
  const [target, ...others] = targetsOf(url);
  if (target !== undefined && others.length === 0) return target;
  throw invalid(url, 'it has to name one host', `write ${url.protocol}//login.example/`);
}

/** Where a target leads: `me@node1:2222`. */
export function readTarget(target: string, options: SshOptions): SshTarget {
  const [, user, bracketed, name, port] =
    /^(?:(.*)@)?(?:\[([^\]]+)\]|([^@:[\]]+))(?::(\d+))?$/s.exec(target) ?? [];
  const host = bracketed ?? name;
  if (host === undefined) {
    throw new PilotError('DESCRIPTION_INVALID', 'this is no host', {
      subject: target,
      hint: "write 'node1', or 'me@node1:2222'",
    });
  }
  const { config, knownHosts, identity } = options;
  return {
    host,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: Number(port) }),
    ...(config !== undefined && { config }),
    ...(knownHosts !== undefined && { knownHosts }),
    ...(identity !== undefined && { identity }),
  };
}

function invalid(url: URL, problem: string, hint: string): PilotError {
  return new PilotError('URL_INVALID', problem, { subject: url.href, hint });
}
