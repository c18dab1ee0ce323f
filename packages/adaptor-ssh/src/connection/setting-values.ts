/** What the values of ssh's configuration mean: tokens, times, numbers, yes and no. */
import { createHash } from 'node:crypto';
import { homedir, hostname, userInfo } from 'node:os';
import { AdaptorError } from '@pstar/core/adaptor';

/** What tokens stand for. */
export interface TokenValues {
  /** As the user has named the host. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** HostKeyAlias, or the host. */
  readonly alias: string;
}

/** Whether a word is one of those. */
export function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word);
}

/**
 * Resolves `%h` and the like, and `${VARIABLE}`.
 *
 * @throws AdaptorError `URL_INVALID` for what stands for nothing
 */
export function expandTokens(text: string, values: TokenValues): string {
  const { name, host, port, user, alias } = values;
  const unknown = (token: string) =>
    new AdaptorError('URL_INVALID', `${token} in '${text}' stands for nothing`, {
      subject: name,
      hint: "see TOKENS in 'man ssh_config'",
    });
  const local = hostname();
  const tokens: Readonly<Record<string, () => string>> = {
    '%': () => '%',
    C: () => createHash('sha1').update(`${local}${host}${port}${user}`).digest('hex'),
    d: homedir,
    h: () => host,
    i: () => String(userInfo().uid),
    k: () => alias,
    L: () => local.replace(/\..*/s, ''),
    l: () => local,
    n: () => name,
    p: () => String(port),
    r: () => user,
    u: () => userInfo().username,
  };
  return text.replace(/%(.?)|\$\{(\w+)\}/gs, (whole, token?: string, variable?: string) => {
    const value = token === undefined ? process.env[variable ?? ''] : tokens[token]?.();
    if (value === undefined) throw unknown(whole);
    return value;
  });
}

/** Milliseconds of a time as ssh writes it (`90`, `1m30s`); of seconds, when there is none. */
export function duration(text: string | undefined, otherwiseSeconds: number): number {
  if (text === undefined || text === 'none') return otherwiseSeconds * 1000;
  const unit: Readonly<Record<string, number>> = {
    '': 1,
    s: 1,
    m: 60,
    h: 3600,
    d: 86400,
    w: 604800,
  };
  let seconds = 0;
  for (const [, count = '', name = ''] of text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)) {
    seconds += Number(count) * (unit[name] ?? 1);
  }
  return seconds * 1000;
}

/** Reads a port. */
export function portNumber(text: string, subject: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new AdaptorError('URL_INVALID', `'${text}' is no port`, { subject });
}

/** Whether a switch is on. */
export function isYes(value: string | undefined): boolean {
  return value !== undefined && /^(yes|true)$/i.test(value);
}

/** Whether a switch is off. */
export function isNo(value: string | undefined): boolean {
  return value !== undefined && /^(no|false)$/i.test(value);
}
