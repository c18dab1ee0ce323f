/** Another process of the bench, and a bare TLS connection to it of the kind that links are made of. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { Sample } from '../harness.ts';

/** As the transport has it. */
const TLS = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const;
const psk = Buffer.alloc(32, 7);

/** The process, which ends when the connection has, and our end of that. */
export interface TlsPeer {
  readonly server: ChildProcess;
  readonly socket: TLSSocket;
}

/** Starts the measurement of that name, which is to {@link serveOnce}, and connects to it. */
export async function startPeer(name: string): Promise<TlsPeer> {
  const words = [process.argv[1] as string, name];
  const server = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(server.stdout, 'data')) as [Buffer];
  const socket = connect({
    ...TLS,
    host: '127.0.0.1',
    port: Number(port),
    pskCallback: () => ({ psk, identity: 'bench' }),
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  return { server, socket };
}

/** Says at which port it listens, and has a connection served; settles when that is over. */
export async function serveOnce(serve: (socket: TLSSocket) => void): Promise<Sample> {
  const server = createServer({ ...TLS, pskCallback: () => psk }, (socket) => {
    serve(socket);
    socket.on('close', () => server.close());
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
  await once(server, 'close');
  return {};
}
