/**
 * The relay: takes connections of agents on the far side of an ssh connection, and passes them on
 * through its own standard input and output, as streams of HTTP/2, where the server forbids
 * forwarding or the agents are on other machines behind it. It reads nothing of what they carry.
 *
 * `node relay.mjs ADDRESS PORT` listens there, on another port if that one is taken, says where in one
 * line, and ends with whoever started it.
 */

import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { pipeline } from 'node:stream';
import {
  bothWays,
  OWN_ADDRESS,
  RELAY_SETTINGS,
  RELAY_WINDOW,
  relayGreeting,
} from './relay-protocol.ts';

/** A connection that is gone without a word is found out by this. */
const PING_MS = 15_000;
const SILENCE_MS = 60_000;

const [where = '127.0.0.1', port = '0'] = process.argv.slice(2);

/** An address at which others find this host: that of its name, unless only it itself goes by that. */
async function ownAddress(): Promise<string> {
  const named = await lookup(hostname(), { family: 4 }).catch(() => undefined);
  if (named !== undefined && !named.address.startsWith('127.')) return named.address;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

async function listening(on: number): Promise<Server> {
  // Half a connection may be over while the other half goes on.
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(on, host);
  await once(server, 'listening');
  return server;
}

function pass(socket: Socket, session: ClientHttp2Session): void {
  const stream = session.request({ ':method': 'CONNECT', ':authority': 'manager' });
  // How a connection ends its two ends see; there is nobody else to tell.
  pipeline(socket, stream, () => {});
  pipeline(stream, socket, () => {});
}

function endWithSilence(session: ClientHttp2Session): void {
  let heard = performance.now();
  setInterval(() => {
    if (performance.now() - heard > SILENCE_MS) process.exit(1);
    session.ping(() => {
      heard = performance.now();
    });
  }, PING_MS);
}

const host = where === OWN_ADDRESS ? await ownAddress() : where;
const server = await listening(Number(port)).catch(() => listening(0));
const { address, port: bound } = server.address() as { address: string; port: number };
process.stdout.write(relayGreeting({ host: address, port: bound }));
const session = connect('http://manager', {
  createConnection: () => bothWays(process.stdin, process.stdout),
  settings: RELAY_SETTINGS,
});
session.on('connect', () => session.setLocalWindowSize(RELAY_WINDOW));
session.on('error', () => process.exit(1));
session.on('close', () => process.exit(0));
server.on('connection', (socket) => pass(socket, session));
endWithSilence(session);
