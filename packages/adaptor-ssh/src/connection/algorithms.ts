/** Which algorithms a server is offered: those of ssh2 1.17, as far as the configuration wants them. PURE. */
import type { SshSettings } from './ssh-config.ts';
import { matches } from './wildcards.ts';

/** What ssh2 makes of its own list: of names that it does not have nothing comes. */
interface Change {
  readonly remove?: readonly RegExp[];
  readonly append?: readonly RegExp[];
  readonly prepend?: readonly RegExp[];
}

/** What is offered; absent: what ssh2 offers by itself. */
export interface AlgorithmOffer {
  readonly cipher?: Change;
  readonly hmac?: Change;
  readonly kex?: Change;
  readonly serverHostKey: readonly string[];
  /** Whether the order of host key algorithms is the user's own. */
  readonly ordered: boolean;
}

const BY_KEY_TYPE: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** Of host keys, as ssh prefers them. `ssh-rsa` with SHA-1 is there for who asks for it. */
const HOST_KEY_ALGORITHMS: readonly string[] = Object.values(BY_KEY_TYPE).flat();

/** The algorithms by which a key of this type signs. */
export function algorithmsOf(keyType: string): readonly string[] {
  return BY_KEY_TYPE[keyType] ?? [];
}

/** Reads what the configuration wants to be offered. */
export function algorithmOffer(settings: SshSettings): AlgorithmOffer {
  const { ciphers, macs, kexalgorithms: kex, hostkeyalgorithms: hostKeys } = settings;
  return {
    ...(ciphers !== undefined && { cipher: change(ciphers) }),
    ...(macs !== undefined && { hmac: change(macs) }),
    ...(kex !== undefined && { kex: change(kex) }),
    serverHostKey: hostKeys === undefined ? HOST_KEY_ALGORITHMS : adjusted(hostKeys),
    ordered: hostKeys !== undefined && !/^[+-]/.test(hostKeys),
  };
}

/** `+`, `-` and `^` change ssh2's list; without them it is replaced. */
function change(text: string): Change {
  const patterns = text
    .replace(/^[+^-]/, '')
    .split(',')
    .map(pattern);
  switch (text.charAt(0)) {
    case '+':
      return { append: patterns };
    case '-':
      return { remove: patterns };
    case '^':
      return { remove: patterns, prepend: patterns };
    default:
      return { remove: [/./], append: patterns };
  }
}

function adjusted(text: string): string[] {
  const named = text.replace(/^[+^-]/, '').split(',');
  const all = HOST_KEY_ALGORITHMS;
  const can = [...all, 'ssh-rsa'];
  const chosen = named.flatMap((one) => can.filter((algorithm) => matches(one, algorithm)));
  switch (text.charAt(0)) {
    case '+':
      return [...new Set([...all, ...chosen])];
    case '-':
      return all.filter((algorithm) => !chosen.includes(algorithm));
    case '^':
      return [...new Set([...chosen, ...all])];
    default:
      return [...new Set(chosen)];
  }
}

function pattern(text: string): RegExp {
  const source = text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
