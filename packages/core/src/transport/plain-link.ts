/**
 * Links that are not encrypted, over a way that nobody but the user can take: a socket in a directory of
 * the user's own, with this program at its other end, or a connection of ssh. The key is asked for all the
 * same: it says who has come, and whoever has one that was withdrawn stays out.
 *
 * Whoever dials says `identity key\n`, both in base64, and is answered by an empty line when let in.
 */
import { timingSafeEqual } from 'node:crypto';
import { connect, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PilotError } from '../model/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Log, silentLog } from '../runtime/log.ts';
import type { Link } from './link.ts';
import { SocketLink } from './socket-link.ts';
import { socketName } from './socket-path.ts';

/** Where to dial, and as whom. */
export interface PlainDialOptions {
  /** A unix socket that only this user can have made, and only this user can connect to. */
  readonly path: string;
  /** It leads to a program of this machine, and to none behind it. */
  readonly isNear?: boolean;
  readonly identity: string;
  readonly key: Uint8Array;
  /** How long all of it may take. */
  readonly timeoutMs: number;
  readonly log?: Log;
}

/** Who is let in. */
export interface AdmitOptions {
  readonly keyFor: (identity: string) => Uint8Array | undefined;
  readonly log: Log;
  readonly timeoutMs: number;
}

const LINE_BYTES = 1024;
const NEWLINE = 0x0a;

/**
 * Connects and introduces itself; settles when it was let in.
 *
 * @throws PilotError `CONNECTION_LOST` when nobody listens there, or does not let it in
 */
export async function dialPlain(options: PlainDialOptions): Promise<Link> {
  const { path, isNear, identity, key, timeoutMs, log = silentLog } = options;
  try {
    const { name, release } = socketName(path);
    const socket = connect(name);
    socket.write(`${base64(Buffer.from(identity))} ${base64(key)}\n`);
    await line(socket, timeoutMs).finally(release);
    return new SocketLink(socket, path, log, isNear);
  } catch (cause) {
    const { message } = cause as Error;
    throw new PilotError('CONNECTION_LOST', message, { subject: path, cause });
  }
}

/** Lets a connection in that introduces itself with the right key in time, and ends all others. */
export async function admitPlain(
  stream: Duplex,
  peer: string,
  { keyFor, log, timeoutMs }: AdmitOptions,
): Promise<{ readonly link: Link; readonly identity: string } | undefined> {
  try {
    const [name = '', proof = ''] = (await line(stream, timeoutMs)).split(' ');
    const identity = Buffer.from(name, 'base64').toString();
    const [key, shown] = [keyFor(identity), Buffer.from(proof, 'base64')];
    if (key?.length !== shown.length || !timingSafeEqual(key, shown))
      throw new Error('a wrong key');
    stream.write('\n');
    // A unix socket: what comes out of ssh or from a port is none, or has an address.
    const isNear = stream instanceof Socket && stream.remoteAddress === undefined;
    return { link: new SocketLink(stream, peer, log, isNear), identity };
  } catch (error) {
    log.debug({ peer, problem: (error as Error).message }, 'a connection was turned away');
    stream.destroy();
    return undefined;
  }
}

/** The first line; what comes after it is left to whoever reads next. A stream without one is ended. */
function line(stream: Duplex, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const settle = (error?: Error): void => {
      timer.cancel();
      stream.pause().off('data', take).off('error', fail).off('close', end);
      if (error === undefined) return;
      stream.destroy();
      reject(error);
    };
    const fail = (error: Error): void => settle(error);
    const end = (): void => settle(new Error('not let in'));
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const length = bytes.indexOf(NEWLINE);
      if (length < 0 && bytes.length <= LINE_BYTES) return;
      if (length < 0) fail(new Error('no line'));
      else {
        settle();
        if (bytes.length > length + 1) stream.unshift(bytes.subarray(length + 1));
        resolve(bytes.toString('latin1', 0, length));
      }
    };
    const timer = systemClock.after(timeoutMs, () =>
      fail(new Error(`no link within ${timeoutMs} ms`)),
    );
    // The second for when nobody listens: after us, and before whoever is next.
    stream
      .on('data', take)
      .on('error', fail)
      .on('error', () => {})
      .on('close', end);
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
