/**
 * What ssh's configuration says of a host, as `ssh -G` of OpenSSH 9.2 shows it: the user's file, then
 * the system's, and of each keyword the first value that applies. What is not understood and could
 * change which machine is reached, or how, is refused by name; what concerns terminals, X11 and the
 * like is passed over.
 */
import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { AdaptorError } from '@pstar/core/adaptor';
import { type ConfigLine, configLines } from './config-lines.ts';
import { globFiles } from './glob-files.ts';
import { isOneOf } from './setting-values.ts';
import { matchesList } from './wildcards.ts';

/** Keywords with one word; of the first line that applies. */
const SINGLE = [
  'addressfamily',
  'bindaddress',
  'canonicalizehostname',
  'ciphers',
  'connecttimeout',
  'hostkeyalgorithms',
  'hostkeyalias',
  'hostname',
  'identitiesonly',
  'identityagent',
  'kbdinteractiveauthentication',
  'kexalgorithms',
  'macs',
  'numberofpasswordprompts',
  'passwordauthentication',
  'port',
  'preferredauthentications',
  'proxyusefdpass',
  'pubkeyauthentication',
  'serveralivecountmax',
  'serveraliveinterval',
  'stricthostkeychecking',
  'user',
] as const;

/** Keywords with several words; of the first line that applies. */
const LISTS = ['globalknownhostsfile', 'userknownhostsfile'] as const;

/** Keywords that add up over all lines that apply. */
const GROWING = ['certificatefile', 'identityfile'] as const;

/** Keywords whose value is the rest of the line. */
const COMMANDS = ['knownhostscommand', 'proxycommand', 'proxyjump'] as const;

const SYNONYMS: Readonly<Record<string, string>> = {
  challengeresponseauthentication: 'kbdinteractiveauthentication',
};

/** The values that apply, as they are written: tokens and `~` are not resolved. */
export type SshSettings = {
  readonly [K in (typeof SINGLE)[number] | (typeof COMMANDS)[number]]?: string;
} & {
  readonly [K in (typeof LISTS)[number] | (typeof GROWING)[number]]?: readonly string[];
};

/** Which host is asked about, and where its configuration is. */
export interface SettingsQuery {
  /** As the user has named it. */
  readonly host: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  /** In place of the user's and the system's file. */
  readonly file?: string | undefined;
}

const DEPTH_MAX = 16;

/**
 * Reads the configuration for a host.
 *
 * @throws AdaptorError `URL_INVALID` naming file and line, for what cannot be read or is not supported
 */
export function readSettings(query: SettingsQuery): SshSettings {
  const reading = new Reading(query);
  reading.pass(false);
  if (reading.wantsFinalPass) reading.pass(true);
  return reading.settings;
}

class Reading {
  readonly #query: SettingsQuery;
  readonly #values: Record<string, string | string[]> = {};
  #final = false;
  wantsFinalPass = false;

  constructor(query: SettingsQuery) {
    this.#query = query;
    if (query.user !== undefined) this.#values['user'] = query.user;
    if (query.port !== undefined) this.#values['port'] = String(query.port);
  }

  get settings(): SshSettings {
    return this.#values as SshSettings;
  }

  pass(final: boolean): void {
    this.#final = final;
    // By the final pass the name is settled, and a HostName comes too late.
    if (final) this.#values['hostname'] = this.#hostname.replaceAll('%', '%%');
    const { file } = this.#query;
    if (file !== undefined) {
      this.#file(file, { depth: 0, base: userBase(), required: true });
      return;
    }
    this.#file(join(userBase(), 'config'), { depth: 0, base: userBase(), required: false });
    this.#file('/etc/ssh/ssh_config', { depth: 0, base: '/etc/ssh', required: false });
  }

  #file(path: string, at: { depth: number; base: string; required: boolean }): void {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      if (!at.required) return;
      throw new AdaptorError('NOT_FOUND', 'the configuration of ssh cannot be read', {
        subject: path,
        cause,
      });
    }
    let active = true;
    for (const line of configLines(text)) {
      const subject = `${path} line ${line.number}`;
      const { keyword } = line;
      const words = isOneOf(COMMANDS, keyword) ? [line.rest] : line.words;
      if (words === undefined) throw refused('a quote is left open', subject);
      if (words.length === 0 || words[0] === '') throw refused(`${keyword} says nothing`, subject);
      if (keyword === 'host') active = matchesList(words, this.#hostOfPass);
      else if (keyword === 'match') active = this.#match(words, subject);
      else if (!active) continue;
      else if (keyword === 'include') this.#include(words, at, subject);
      else this.#set({ ...line, words });
    }
  }

  /** The first pass goes by the name that was given, the final one by the name that was found. */
  get #hostOfPass(): string {
    return this.#final ? this.#hostname : this.#query.host;
  }

  get #hostname(): string {
    return resolveHostname(this.settings, this.#query.host);
  }

  #include(words: readonly string[], at: { depth: number; base: string }, subject: string): void {
    if (at.depth >= DEPTH_MAX) throw refused('one file includes the other without end', subject);
    for (const word of words) {
      const path = expandHome(word);
      for (const file of globFiles(isAbsolute(path) ? path : join(at.base, path))) {
        this.#file(file, { depth: at.depth + 1, base: at.base, required: true });
      }
    }
  }

  #match(words: readonly string[], subject: string): boolean {
    let result = true;
    const rest = [...words];
    while (rest.length > 0) {
      const [head = '', attached] = (rest.shift() ?? '').split(/=(.*)/s);
      const negated = head.startsWith('!');
      const criterion = (negated ? head.slice(1) : head).toLowerCase();
      const argument = () => {
        const value = attached ?? rest.shift();
        if (value === undefined) throw refused(`Match ${criterion} has no value`, subject);
        return value;
      };
      if (this.#criterion(criterion, argument, result, subject) === negated) result = false;
    }
    return result;
  }

  #criterion(name: string, argument: () => string, live: boolean, subject: string): boolean {
    const among = (value: string) => matchesList(argument().split(','), value);
    switch (name) {
      case 'all':
        return true;
      case 'canonical':
        return this.#final;
      case 'final':
        this.wantsFinalPass = true;
        return this.#final;
      case 'host':
        return among(this.#hostname);
      case 'originalhost':
        return among(this.#query.host);
      case 'user':
        return among(this.settings.user ?? userInfo().username);
      case 'localuser':
        return among(userInfo().username);
      case 'exec':
        argument();
        if (!live) return false;
        throw refused('Match exec is not supported: it would run a command', subject);
      default:
        throw refused(`Match ${name} is not supported`, subject);
    }
  }

  #set({ keyword: written, words = [] }: ConfigLine): void {
    const keyword = SYNONYMS[written] ?? written;
    const [first = ''] = words;
    if (keyword === 'proxycommand' || keyword === 'proxyjump') {
      // Whichever of the two stands first counts; but `ProxyJump none` leaves room for a command.
      const { proxycommand: command, proxyjump: jump } = this.settings;
      const isTaken = keyword === 'proxyjump' ? jump : jump?.toLowerCase() !== 'none' && jump;
      if (command === undefined && !isTaken) this.#values[keyword] = first;
    } else if (isOneOf(GROWING, keyword)) {
      const known = (this.#values[keyword] ?? []) as readonly string[];
      this.#values[keyword] = [...new Set([...known, first])];
    } else if (isOneOf(LISTS, keyword)) {
      this.#values[keyword] ??= [...words];
    } else if (isOneOf(SINGLE, keyword) || isOneOf(COMMANDS, keyword)) {
      this.#values[keyword] ??= first;
    }
  }
}

/** The name or address to dial: HostName, in which `%h` is the name that was given. */
export function resolveHostname(settings: SshSettings, host: string): string {
  const name = settings.hostname ?? host;
  return name.replace(/%(.)/g, (token, char: string) =>
    char === 'h' ? host : char === '%' ? '%' : token,
  );
}

/** A path in which `~/` is the home directory. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

function userBase(): string {
  return join(homedir(), '.ssh');
}

function refused(problem: string, subject: string): AdaptorError {
  return new AdaptorError('URL_INVALID', problem, {
    subject,
    hint: 'change it, or name another configuration by ?config=FILE',
  });
}
