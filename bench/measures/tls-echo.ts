/**
 * The ceiling for the wire: the bytes that a unit takes there and back over a bare TLS connection of
 * the same kind to another process, and the round trip of a single small message.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { median, type Sample } from '../harness.ts';
import type { Context } from './world.ts';

/** As the transport has it. */
const TLS = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const;
const psk = Buffer.alloc(32, 7);
/** Of a server that anybody may dial who knows the key. */
export const TLS_OPTIONS = { ...TLS, pskCallback: () => psk };

/** A row of a start message, and a row of a report that a unit has ended. */
const BYTES_THERE = 6;
const BYTES_BACK = 39;
/** Units of one write, and how many writes wait for their answer at the most. */
const UNITS = 2_000;
const WINDOW = 4;
const PINGS = 500;

/** The other process: answers every six bytes with thirty-nine. */
export async function echoServer(): Promise<Sample> {
  const server = createServer(TLS_OPTIONS, (socket) => {
    let rest = 0;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.length;
      const units = Math.floor(rest / BYTES_THERE);
      rest -= units * BYTES_THERE;
      if (units > 0) socket.write(Buffer.alloc(units * BYTES_BACK));
    });
    socket.on('close', () => server.close());
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
  await once(server, 'close');
  return {};
}

/** Units a second by their bytes alone, and the median round trip of one. */
export async function tlsEcho({ sizes }: Context): Promise<Sample> {
  const server = spawn(process.execPath, [process.argv[1] as string, 'echo-server'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const socket = await dial(server);
  const roundTrip = await ping(socket);
  const perSecond = await stream(socket, sizes.nulls);
  socket.end();
  await once(server, 'exit');
  return { perSecond, micros: roundTrip };
}

/** Connects to the server that this process runs, once it has said at which port. */
export async function dial(
  server: ChildProcess & { stdout: NodeJS.ReadableStream },
): Promise<TLSSocket> {
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
  return socket;
}

async function ping(socket: TLSSocket): Promise<number> {
  const micros: number[] = [];
  for (let i = 0; i < PINGS; i++) {
    const start = performance.now();
    socket.write(Buffer.alloc(BYTES_THERE));
    await once(socket, 'data');
    micros.push((performance.now() - start) * 1000);
  }
  return median(micros);
}

async function stream(socket: TLSSocket, units: number): Promise<number> {
  const start = performance.now();
  await new Promise<void>((resolve) => {
    let sent = 0;
    let received = 0;
    const write = (): void => {
      while (sent < units && (sent - received / BYTES_BACK) / UNITS < WINDOW) {
        const now = Math.min(UNITS, units - sent);
        sent += now;
        socket.write(Buffer.alloc(now * BYTES_THERE));
      }
    };
    const read = (chunk: Buffer): void => {
      received += chunk.length;
      if (received >= units * BYTES_BACK) resolve();
      else write();
    };
    socket.on('data', read);
    write();
  });
  return (units * 1000) / (performance.now() - start);
}
