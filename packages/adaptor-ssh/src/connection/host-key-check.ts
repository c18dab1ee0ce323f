/**
 * Whether the machine that answers is the one that was meant. A key that is not known is never
 * accepted here, whatever StrictHostKeyChecking says: the error has the command that accepts it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { AdaptorError, shellCommand, shellQuote } from '@pstar/core/adaptor';
import { algorithmsOf } from './algorithms.ts';
import {
  fingerprint,
  judge,
  type KnownHost,
  keyType,
  knownName,
  linesAbout,
  type Verdict,
} from './known-hosts.ts';

/** Where a host's key is looked for. */
export interface HostKeyQuery {
  readonly host: string;
  readonly port: number;
  /** HostKeyAlias: the name in known_hosts, in place of host and port. */
  readonly alias?: string | undefined;
  /** The user's files first; a key that is accepted goes into the first. */
  readonly files: readonly string[];
  /** The machine in messages. Default: host and port. */
  readonly shownAs?: string;
}

/** Judges host keys by the known_hosts files as they are when it is made. */
export class HostKeyCheck {
  readonly #query: HostKeyQuery;
  readonly #lines: readonly KnownHost[];
  /** What is said of the machine without its port: good for a known key, as it is for ssh. */
  readonly #portless: readonly KnownHost[];

  constructor(query: HostKeyQuery) {
    const files = query.files.flatMap(readIfThere);
    const { host, port, alias } = query;
    this.#query = query;
    this.#lines = linesAbout(alias ?? knownName(host, port), files);
    this.#portless =
      alias === undefined && port !== 22 ? linesAbout(knownName(host, 22), files) : [];
  }

  /**
   * The algorithms to offer, those first whose keys are known: a server shows the key of the first
   * that it has, and one known by another key than that would look unknown.
   */
  order(algorithms: readonly string[]): string[] {
    const lines = this.#lines.length > 0 ? this.#lines : this.#portless;
    const types = new Set(lines.filter(({ marker }) => marker === '').map(({ type }) => type));
    const known = [...types].flatMap(algorithmsOf);
    const isKnown = (algorithm: string) => known.includes(algorithm);
    return [...algorithms.filter(isKnown), ...algorithms.filter((a) => !isKnown(a))];
  }

  /** The error that refuses a key; undefined when it is known. */
  refusal(key: Buffer): AdaptorError | undefined {
    const verdict = judge(this.#lines, key);
    if (verdict.is === 'known') return undefined;
    if (verdict.is === 'unknown') {
      const portless = judge(this.#portless, key);
      if (portless.is === 'known') return undefined;
      if (portless.is === 'revoked') return this.#refused(portless, key);
    }
    return this.#refused(verdict, key);
  }

  #refused(verdict: Exclude<Verdict, { is: 'known' }>, key: Buffer): AdaptorError {
    const { host, port, alias, shownAs: subject = `${host} port ${port}` } = this.#query;
    const shown = `${keyType(key)} ${fingerprint(key)}`;
    switch (verdict.is) {
      case 'revoked':
        return new AdaptorError('AUTHENTICATION_FAILED', `this host key is revoked: ${shown}`, {
          subject,
          hint: `it is listed by ${place(verdict.by)}: somebody may pretend to be this machine`,
        });
      case 'changed': {
        const { from } = verdict;
        const remove = ['ssh-keygen', '-R', alias ?? knownName(host, port), '-f', from.file];
        const accept = this.#acceptance(key, from.file);
        return new AdaptorError('AUTHENTICATION_FAILED', `the host key has changed: ${shown}`, {
          subject,
          hint:
            `${place(from)} has ${fingerprint(Buffer.from(from.key, 'base64'))}: somebody may pretend ` +
            'to be this machine. If its key was changed by its administrator, who can tell the ' +
            `fingerprint: ${shellCommand(remove)} && ${accept}`,
        });
      }
      case 'unknown':
        return new AdaptorError('AUTHENTICATION_FAILED', `the host key is unknown: ${shown}`, {
          subject,
          hint: `${remark(verdict)}compare the fingerprint with what the machine's administrator says; this accepts it: ${this.#acceptance(key)}`,
        });
    }
  }

  /** Accepts this very key: one that is fetched once more could be another one. */
  #acceptance(key: Buffer, from?: string): string {
    const { host, port, alias, files } = this.#query;
    const line = `${alias ?? knownName(host, port)} ${keyType(key)} ${key.toString('base64')}`;
    // Whoever writes /dev/null there wants none to be remembered.
    const known = from ?? files.find((file) => file !== '/dev/null');
    const file = known ?? join(homedir(), '.ssh', 'known_hosts');
    const make = existsSync(dirname(file))
      ? ''
      : `mkdir -p -m 700 ${shellQuote(dirname(file))} && `;
    const name = known === undefined ? `, with ?knownHosts=${file} in the URL` : '';
    return `${make}echo ${shellQuote(line)} >> ${shellQuote(file)}${name}`;
  }
}

function remark({ others, authority }: Extract<Verdict, { is: 'unknown' }>): string {
  if (authority !== undefined) {
    return `${place(authority)} trusts an authority, and certificates of hosts are not supported here; `;
  }
  const [other] = others;
  return other === undefined ? '' : `${place(other)} knows it by its ${other.type} key only; `;
}

function place({ file, line }: KnownHost): string {
  return `${file} line ${line}`;
}

function readIfThere(path: string) {
  try {
    return [{ path, text: readFileSync(path, 'utf8') }];
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new AdaptorError('NOT_FOUND', 'a file of known hosts cannot be read', {
      subject: path,
      cause,
    });
  }
}
