/** Keys of hosts and clients, and the passwords of users who are made up, by the system's own tools. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { HostKeyType } from './configuration.ts';

const execute = promisify(execFile);

/** Makes a key pair: a file, and one beside it that ends in `.pub`. */
export async function makeKey(file: string, type: HostKeyType, passphrase = ''): Promise<void> {
  // Any smaller, and they are refused; the usual ones take seconds.
  const size = type === 'rsa' ? ['-b', '2048'] : [];
  const options = ['-q', '-t', type, ...size, '-N', passphrase, '-C', 'pstar-test', '-f', file];
  await execute('ssh-keygen', options);
}

/** The public half of a key, `type base64`, without its comment. */
export async function publicKeyOf(file: string): Promise<string> {
  const text = await readFile(`${file}.pub`, 'utf8');
  return text.split(' ').slice(0, 2).join(' ');
}

/** As /etc/shadow has it. */
export async function passwordHash(password: string): Promise<string> {
  const script = 'print crypt($ENV{WORD}, q($6$pstarpstar$))';
  const { stdout } = await execute('perl', ['-e', script], { env: { WORD: password } });
  return stdout;
}
