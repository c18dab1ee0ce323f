/** Opens an encrypted link to a listener. */

import { connect } from 'node:tls';
import { PilotError } from '../model/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Log, silentLog } from '../runtime/log.ts';
import type { Link } from './link.ts';
import { SocketLink } from './socket-link.ts';
import { endpoint, PSK_TLS } from './tls-options.ts';

/** Where to dial, and as whom. */
export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** By this name the listener finds the key; it travels in the clear. */
  readonly identity: string;
  readonly key: Uint8Array;
  /** How long connecting and authenticating may take together. */
  readonly timeoutMs: number;
  readonly log?: Log;
}

/**
 * Connects and authenticates, both ends to each other.
 *
 * @throws PilotError `AUTHENTICATION_FAILED` when the keys differ, or the listener knows no such
 * identity, or is none; `CONNECTION_LOST`, worth another try, when it could not be reached in time.
 */
export function dialTls(options: DialOptions): Promise<Link> {
  const { host, port, identity, key, timeoutMs, log = silentLog } = options;
  const peer = endpoint(host, port);
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...PSK_TLS,
      host,
      port,
      pskCallback: () => ({ psk: key, identity }),
      // There is no certificate whose names could be checked; who has the key is the one meant.
      checkServerIdentity: () => undefined,
    });
    const fail = (error: PilotError): void => {
      timer.cancel();
      socket.destroy();
      reject(error);
    };
    const timer = systemClock.after(timeoutMs, () =>
      fail(new PilotError('CONNECTION_LOST', `no link within ${timeoutMs} ms`, { subject: peer })),
    );
    const failed = (cause: NodeJS.ErrnoException): void => fail(dialError(cause, peer));
    socket.on('error', failed);
    socket.once('secureConnect', () => {
      timer.cancel();
      const link = new SocketLink(socket, peer, log);
      socket.off('error', failed);
      resolve(link);
    });
  });
}

function dialError(cause: NodeJS.ErrnoException, peer: string): PilotError {
  const options = { subject: peer, cause };
  // An alert from the other side, or its answer cannot be decrypted or is no TLS.
  if (cause.code?.startsWith('ERR_SSL_')) {
    return new PilotError('AUTHENTICATION_FAILED', 'the keys of the two ends do not match', {
      ...options,
      hint: 'check that the address, the identity and the key are those that the manager gave out',
    });
  }
  return new PilotError('CONNECTION_LOST', cause.message, options);
}
