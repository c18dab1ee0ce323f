/** Where a service listens for its agents, and what they are told to call. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { ConnectContext } from '../../adaptor/adaptor.ts';
import { assert } from '../../model/assert.ts';
import { writeFileAtomic } from '../../runtime/files.ts';
import type { Log } from '../../runtime/log.ts';
import { listenPlain, type PlainListener } from '../../transport/plain-listener.ts';
import { type Listener, listenTls } from '../../transport/tls-listener.ts';
import type { ManagerAddress } from './pilot-launch.ts';

/** Where agents are listened for. */
export interface ListenOptions {
  /** The address to listen at. Default: 127.0.0.1, which only agents on this machine reach. */
  readonly host?: string | undefined;
  /** Default: the one that the service had, else any. */
  readonly port?: number | undefined;
  /** What agents are told to call. Default: `host`, or this machine's name when that is all addresses. */
  readonly advertise?: string | undefined;
}

/** What is listened with. */
export interface AgentListenerParts {
  /** For agents of this machine, in a directory that is the user's alone. */
  readonly socketFile: string;
  /** Remembers the address for the service's next process. */
  readonly addressFile: string;
  readonly log: Log;
  keyFor(identity: string): Uint8Array | undefined;
}

/** Where somebody listens. */
export interface Listening {
  /** What agents are told to call. */
  readonly address: ManagerAddress;
  /** What is dialed from this machine. */
  readonly here: ManagerAddress;
  /** A unix socket that agents on this machine try first, where there is one. */
  readonly socketFile: string | undefined;
  /** See {@link ConnectContext.admit}. */
  readonly admit: NonNullable<ConnectContext['admit']>;
}

/** Where agents are listened for, as nobody needs it before that. */
export function knownWhere(listening: Listening | undefined): Listening {
  assert(listening !== undefined, 'a resource manager is needed before anybody listens');
  return listening;
}

/** Who listens, and where. */
export interface AgentListener extends Listening {
  readonly listener: Listener;
  /** Frees port and socket; links that were accepted live on. */
  close(): void;
}

/** Listens, at the port that agents of an earlier life know if it is to be had. */
export async function listenForAgents(
  options: ListenOptions,
  parts: AgentListenerParts,
): Promise<AgentListener> {
  // Those that come before there is a listener to take them.
  const early: Parameters<Listener['admit']>[] = [];
  let take: Listener['admit'] = (...connection) => early.push(connection);
  const nearby = await listenNearby(options, parts, (...connection) => take(...connection));
  const listener = await listen(options, parts).catch((error: unknown) => {
    nearby?.close();
    for (const [stream] of early) stream.destroy();
    throw error;
  });
  take = (...connection) => listener.admit(...connection);
  for (const connection of early) take(...connection);
  return {
    listener,
    address: { host: options.advertise ?? advertised(listener.host), port: listener.port },
    here: { host: loopback(listener.host), port: listener.port },
    socketFile: nearby?.path,
    admit: (...connection) => listener.admit(...connection),
    close: () => {
      nearby?.close();
      listener.close();
    },
  };
}

/** Not where agents are to come by an address of the user's choice. */
async function listenNearby(
  { advertise }: ListenOptions,
  { socketFile, log }: AgentListenerParts,
  take: Listener['admit'],
): Promise<PlainListener | undefined> {
  return advertise === undefined ? listenPlain(socketFile, take, log) : undefined;
}

/** Keeps the address for the service's next process. */
export function keepAddress(addressFile: string, address: ManagerAddress): Promise<void> {
  return writeFileAtomic(addressFile, JSON.stringify(address));
}

async function listen(
  { host, port }: ListenOptions,
  { addressFile, keyFor, log }: AgentListenerParts,
): Promise<Listener> {
  const options = { ...(host !== undefined && { host }), keyFor, log };
  if (port !== undefined) return listenTls({ ...options, port });
  const before = await readFile(addressFile, 'utf8').catch(() => undefined);
  if (before === undefined) return listenTls(options);
  const known = portOf(before);
  if (known === undefined) {
    log.warn({ file: addressFile }, 'damaged, and written anew: agents that ran may not come back');
    return listenTls(options);
  }
  return listenTls({ ...options, port: known }).catch(() => listenTls(options));
}

/** Undefined for what is not as it was written. */
function portOf(address: string): number | undefined {
  try {
    const { port } = JSON.parse(address) as Partial<ManagerAddress>;
    const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536;
    return isPort ? port : undefined;
  } catch {
    return undefined;
  }
}

/** All addresses are no address to dial. */
function loopback(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}

function advertised(host: string): string {
  return host === '0.0.0.0' || host === '::' ? hostname() : host;
}
