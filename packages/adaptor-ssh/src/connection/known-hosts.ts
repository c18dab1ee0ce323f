/** What known_hosts files say of a host (sshd(8)); whoever asks, decides. PURE but for the hash. */
import { createHash, createHmac } from 'node:crypto';
import { matchesList } from './wildcards.ts';

/** A line of a known_hosts file that is about some hosts. */
export interface KnownHost {
  readonly marker: '' | '@revoked' | '@cert-authority';
  /** `ssh-ed25519` */
  readonly type: string;
  /** In base64. */
  readonly key: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A file, read. */
export interface KnownHostsFile {
  readonly path: string;
  readonly text: string;
}

/** What the files say of a host that has shown a key. */
export type Verdict =
  | { readonly is: 'known' }
  | { readonly is: 'revoked'; readonly by: KnownHost }
  /** Another key of the same type stands there. */
  | { readonly is: 'changed'; readonly from: KnownHost }
  /** `others` are its keys of other types; `authority` a line that would vouch for certificates. */
  | {
      readonly is: 'unknown';
      readonly others: readonly KnownHost[];
      readonly authority?: KnownHost | undefined;
    };

/** The name that a host has in known_hosts: with its port, where that is not 22. */
export function knownName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** The lines that are about a host, by its {@link knownName}. */
export function linesAbout(name: string, files: readonly KnownHostsFile[]): KnownHost[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const read = readLine(line);
      if (read === undefined || !isAbout(read.hosts, name)) return [];
      const { marker, type, key } = read;
      return [{ marker, type, key, file: path, line: index + 1 }];
    }),
  );
}

/** Judges a key (as it is on the wire) by the lines about its host. */
export function judge(lines: readonly KnownHost[], shown: Buffer): Verdict {
  const key = shown.toString('base64');
  const type = keyType(shown);
  const revoked = lines.find((line) => line.marker === '@revoked' && line.key === key);
  if (revoked !== undefined) return { is: 'revoked', by: revoked };
  const plain = lines.filter(({ marker }) => marker === '');
  if (plain.some((line) => line.key === key)) return { is: 'known' };
  const other = plain.find((line) => line.type === type);
  if (other !== undefined) return { is: 'changed', from: other };
  const authority = lines.find(({ marker }) => marker === '@cert-authority');
  return { is: 'unknown', others: plain, authority };
}

/** The type that a key says it is of. */
export function keyType(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

/** As `ssh-keygen -l` shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function readLine(line: string) {
  const fields = line.trim().split(/[ \t]+/);
  const [first = ''] = fields;
  if (first === '' || first.startsWith('#')) return undefined;
  const marker = first.startsWith('@') ? fields.shift() : '';
  if (marker !== '' && marker !== '@revoked' && marker !== '@cert-authority') return undefined;
  const [hosts, type, key] = fields;
  if (hosts === undefined || type === undefined || key === undefined) return undefined;
  return { marker, hosts, type, key } as const;
}

function isAbout(hosts: string, name: string): boolean {
  if (!hosts.startsWith('|')) return matchesList(hosts.toLowerCase().split(','), name);
  const [, version, salt, hash] = hosts.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}
