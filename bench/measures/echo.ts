/** The round trip of a small message, by whatever carries it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { median, type Sample } from '../harness.ts';
import type { Context } from './world.ts';

/** As long as what an agent says when a unit has ended. */
const MESSAGE = Buffer.alloc(64);
const PINGS = 500;
/** Before them: both ends compile themselves. */
const PINGS_BEFORE = 300;

/** The median in microseconds; the other end sends back what it gets, as it comes. */
export async function echoMicros(there: Writable, back: Readable): Promise<number> {
  const micros: number[] = [];
  for (let i = 0; i < PINGS_BEFORE + PINGS; i++) {
    const start = performance.now();
    there.write(MESSAGE);
    for (let got = 0; got < MESSAGE.length; )
      got += ((await once(back, 'data'))[0] as Buffer).length;
    if (i >= PINGS_BEFORE) micros.push((performance.now() - start) * 1000);
  }
  return median(micros);
}

/** A process that dials, in an agent's place, the port that {@link Context.port} says. */
export async function echoClient({ port = 0 }: Context): Promise<Sample> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const micros = await echoMicros(socket, socket);
  socket.destroy();
  return { micros };
}
