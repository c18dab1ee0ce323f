/** What goes wrong with an ssh connection, in our words with the way out. PURE. */
import { AdaptorError, PilotError } from '@pstar/core/adaptor';

/** What may be known of an error of Node or of ssh2. */
type RawError = Error & {
  readonly code?: unknown;
  readonly level?: string;
  readonly hostname?: string;
};

const UNREACHABLE: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  EAI_AGAIN: ['its name cannot be resolved now', 'check the network of this machine'],
  EADDRNOTAVAIL: ['it cannot be dialed from that address', 'check BindAddress'],
  ECONNREFUSED: ['it refuses the connection', 'check the port, and that sshd runs there'],
  ECONNRESET: ['it closed the connection', 'it may allow no more connections now, or not this one'],
  EHOSTUNREACH: ['there is no way to it', 'check the network, or whether it needs ProxyJump'],
  ENETUNREACH: ['there is no way to it', 'check the network, or whether it needs ProxyJump'],
  ENOTFOUND: ['there is no host of this name', 'check the name, or give HostName in ~/.ssh/config'],
  EPIPE: ['it closed the connection', 'it may allow no more connections now, or not this one'],
  ETIMEDOUT: ['it does not answer', 'check the port, firewalls, or whether it needs ProxyJump'],
};

/** The error of a connection that could not be made. */
export function connectError(cause: unknown, where: string): PilotError {
  if (cause instanceof PilotError) return cause;
  const { code, level, message } = cause as RawError;
  const [problem, hint] = UNREACHABLE[String(code)] ?? [];
  if (problem !== undefined) return unreachable(problem, where, hint, cause);
  if (/no matching|handshake failed/i.test(message) && level === 'handshake') {
    return new AdaptorError('ADAPTOR_FAILED', `the two have no algorithm in common: ${message}`, {
      subject: where,
      hint: 'see Ciphers, MACs, KexAlgorithms and HostKeyAlgorithms in its configuration and ours',
      cause,
    });
  }
  if (/before handshake|invalid identification|protocol version/i.test(message)) {
    const hint = 'check the port; it may also allow no more connections now';
    return unreachable('what answers there does not speak ssh, or hung up', where, hint, cause);
  }
  const text = message.charAt(0).toLowerCase() + message.slice(1);
  return unreachable(`no connection: ${text}`, where, undefined, cause);
}

/** As Node would say it of a server that hangs up without a word. */
export function hungUp(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
}

/** The error of a connection that took too long. */
export function connectTimeout(ms: number, where: string): AdaptorError {
  const hint = 'check the port, firewalls, or whether it needs ProxyJump; see ConnectTimeout';
  return unreachable(`no connection in ${ms / 1000} s`, where, hint);
}

/** The error of what was under way on a connection that is gone. */
export function connectionLost(where: string, cause?: unknown): AdaptorError {
  return new AdaptorError('CONNECTION_LOST', 'the connection was lost', { subject: where, cause });
}

/** The error of a caller who has given up. */
export function aborted(subject: string): AdaptorError {
  return new AdaptorError('ABORTED', 'given up by its caller', { subject });
}

function unreachable(problem: string, subject: string, hint?: string, cause?: unknown) {
  return new AdaptorError('RESOURCE_MANAGER_UNREACHABLE', problem, { subject, hint, cause });
}
