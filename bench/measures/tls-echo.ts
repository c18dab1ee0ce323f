/**
 * The ceiling for the wire: the bytes that a unit takes there and back over a bare TLS connection of
 * the same kind to another process, and the round trip of a single small message.
 */
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { median, type Sample } from '../harness.ts';
import { serveOnce, startPeer } from './tls-peer.ts';
import type { Context } from './world.ts';

/** A row of a start message, and a row of a report that a unit has ended. */
const BYTES_THERE = 6;
const BYTES_BACK = 39;
/** Units of one write, and how many writes wait for their answer at the most. */
const UNITS = 2_000;
const WINDOW = 4;
const PINGS = 500;

/** The other process: answers every six bytes with thirty-nine. */
export function echoServer(): Promise<Sample> {
  return serveOnce((socket) => {
    let rest = 0;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.length;
      const units = Math.floor(rest / BYTES_THERE);
      rest -= units * BYTES_THERE;
      if (units > 0) socket.write(Buffer.alloc(units * BYTES_BACK));
    });
  });
}

/** Units a second by their bytes alone, and the median round trip of one. */
export async function tlsEcho({ sizes }: Context): Promise<Sample> {
  const { server, socket } = await startPeer('echo-server');
  const roundTrip = await ping(socket);
  const perSecond = await stream(socket, sizes.nulls);
  socket.end();
  await once(server, 'exit');
  return { perSecond, micros: roundTrip };
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
