/** The ceiling for values: as many bytes over a bare TLS connection to another process, and back. */
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import type { Sample } from '../harness.ts';
import { serveOnce, startPeer } from './tls-peer.ts';
import type { Context } from './world.ts';

const MEGABYTE = 1024 * 1024;

/** Megabytes a second there, while as many come back. */
export async function tlsCopy({ sizes }: Context): Promise<Sample> {
  const { server, socket } = await startPeer('copy-server');
  const chunk = randomFillSync(Buffer.alloc(MEGABYTE));
  const bytes = sizes.valueMegabytes * MEGABYTE;
  const start = performance.now();
  let received = 0;
  const back = new Promise<void>((resolve) => {
    socket.on('data', (data: Buffer) => {
      received += data.length;
      if (received === bytes) resolve();
    });
  });
  for (let left = sizes.valueMegabytes; left > 0; left--) {
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  await back;
  const perSecond = (sizes.valueMegabytes * 1000) / (performance.now() - start);
  socket.end();
  await once(server, 'exit');
  return { perSecond };
}

/** The other process: sends back what it gets. */
export function copyServer(): Promise<Sample> {
  return serveOnce((socket) => socket.pipe(socket));
}
