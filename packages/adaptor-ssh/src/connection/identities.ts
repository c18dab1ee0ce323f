/** The keys that a user may have: those of an agent and those in files, in the order that ssh tries them. */
import { readFileSync, statSync } from 'node:fs';
import ssh2, { type ParsedKey } from 'ssh2';
import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';

const { OpenSSHAgent, utils } = ssh2;

/** A key that can sign, once the server has said that it would take it. */
export interface Identity {
  /** For people: where it is from. */
  readonly label: string;
  readonly publicKey: ParsedKey;
  /** Rejects, in words for people, when the key cannot be had after all. */
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>;
}

/** The keys to try, and a sentence on each that cannot be. */
export interface Identities {
  readonly usable: readonly Identity[];
  readonly unusable: readonly string[];
}

/** Finds the keys of an endpoint's user. An agent that is not there has none. */
export async function findIdentities(
  endpoint: Endpoint,
  credentials: Credentials,
): Promise<Identities> {
  const unusable: string[] = [];
  const files = endpoint.identityFiles.flatMap((path) => {
    const found = keyFile(path, credentials);
    if (typeof found === 'string') unusable.push(found);
    return typeof found === 'object' ? [found] : [];
  });
  const agent = await agentKeys(endpoint.agent, unusable);
  const same = (one: Identity) => (other: Identity) => one.publicKey.equals(other.publicKey);
  const named = files.flatMap((file) => agent.filter(same(file)).slice(0, 1));
  const others = endpoint.identitiesOnly ? [] : agent.filter((key) => !named.includes(key));
  const alone = files.filter((file) => file.holdsKey && !agent.some(same(file)));
  return { usable: [...named, ...others, ...alone], unusable };
}

async function agentKeys(socket: string | undefined, unusable: string[]): Promise<Identity[]> {
  if (socket === undefined) return [];
  const agent = new OpenSSHAgent(socket);
  const keys = await new Promise<readonly ParsedKey[]>((resolve) => {
    agent.getIdentities((error, found = []) => {
      if (error) unusable.push(`no agent answers at ${socket}`);
      resolve(error ? [] : (found as ParsedKey[]));
    });
  });
  return keys.map((publicKey) => ({
    label: `the agent's ${publicKey.type} key${publicKey.comment ? ` ${publicKey.comment}` : ''}`,
    publicKey,
    sign: (data, hash) =>
      new Promise((resolve, reject) => {
        const options = (hash === undefined ? {} : { hash }) as { hash: 'sha256' };
        agent.sign(publicKey, data, options, (error, signature) => {
          if (signature !== undefined) resolve(signature);
          else reject(new Error('the agent does not sign with it', { cause: error }));
        });
      }),
  }));
}

/** A key in a file; a sentence when it is not fit for use; undefined when there is none. */
function keyFile(
  path: string,
  credentials: Credentials,
): (Identity & { readonly holdsKey: boolean }) | string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  const beside = read(`${path}.pub`);
  if (stat === undefined && beside === undefined) return undefined;
  const content = stat === undefined ? undefined : read(path);
  if (stat !== undefined && content === undefined) return `${path} cannot be read`;
  const whole = content === undefined ? undefined : parse(content);
  const isPrivate = content !== undefined && (whole === undefined || whole.isPrivateKey());
  if (isPrivate && stat?.uid === process.getuid?.() && ((stat?.mode ?? 0) & 0o077) !== 0) {
    return `${path} can be read by others (chmod 600 it)`;
  }
  const publicKey =
    whole ?? (content && publicPart(content)) ?? (beside && parse(beside)) ?? undefined;
  if (publicKey === undefined) {
    return `${path} is no private key that can be read, or needs ${path}.pub beside it`;
  }
  let key = whole?.isPrivateKey() ? whole : undefined;
  return {
    label: path,
    publicKey,
    holdsKey: isPrivate,
    sign: async (data, hash) => {
      key ??= await decrypt(path, content ?? Buffer.alloc(0), credentials);
      return signature(key, data, hash);
    },
  };
}

async function decrypt(
  path: string,
  content: Buffer,
  credentials: Credentials,
): Promise<ParsedKey> {
  const text = `Passphrase of ${path}: `;
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const passphrase = await credentials.answer('passphrase', text, attempt);
    if (passphrase === undefined) {
      throw new Error(
        attempt === 0 ? 'it needs a passphrase' : 'the passphrase is not the right one',
      );
    }
    const key = parse(content, passphrase);
    if (key !== undefined) return key;
  }
  throw new Error('the passphrase is not the right one');
}

function signature(key: ParsedKey, data: Buffer, hash: string | undefined): Buffer {
  const signed: Buffer | Error = key.sign(data, hash);
  if (signed instanceof Error) throw signed;
  return signed;
}

function parse(content: Buffer, passphrase?: string): ParsedKey | undefined {
  const parsed: ParsedKey | Error | readonly ParsedKey[] = utils.parseKey(content, passphrase);
  if (parsed instanceof Error) return undefined;
  return Array.isArray(parsed) ? parsed[0] : (parsed as ParsedKey);
}

/** The public key of an encrypted file in OpenSSH's own format, where it stands in clear. */
function publicPart(content: Buffer): ParsedKey | undefined {
  const [, body] =
    /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(content.toString('latin1')) ?? [];
  if (body === undefined) return undefined;
  const data = Buffer.from(body, 'base64');
  const magic = 'openssh-key-v1\0';
  if (data.toString('latin1', 0, magic.length) !== magic) return undefined;
  let at = magic.length;
  const string = () => {
    const length = data.readUInt32BE(at);
    at += 4 + length;
    return data.subarray(at - length, at);
  };
  for (const _ of ['cipher', 'derivation', 'its options']) string();
  at += 4;
  const blob = string();
  const type = blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
  return parse(Buffer.from(`${type} ${blob.toString('base64')}`));
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
