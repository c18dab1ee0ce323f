/** What both ends of an encrypted link agree on, so that nothing needs to be negotiated. */

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';

/**
 * Authentication by a key that both ends know, no certificate. TLS 1.2, because Node's pskCallback
 * does not reach TLS 1.3; the elliptic curve gives forward secrecy. Sessions cannot be resumed nor
 * keys renegotiated: a pilot whose key was withdrawn stays out.
 */
export const PSK_TLS = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const satisfies TlsOptions;

/** `host:port`, with brackets where the host is an IPv6 address. */
export function endpoint(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The other end of a socket, as long as it is connected. */
export function remoteEnd({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? 'gone' : endpoint(remoteAddress, remotePort ?? 0);
}
