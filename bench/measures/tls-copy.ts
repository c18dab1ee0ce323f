/** The ceiling for values: as many bytes over a bare TLS connection to another process, and back. */
import { spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { Sample } from '../harness.ts';
import { dial, TLS_OPTIONS } from './tls-echo.ts';
import type { Context } from './world.ts';

const MEGABYTE = 1024 * 1024;

/** Megabytes a second there, while as many come back. */
export async function tlsCopy({ sizes }: Context): Promise<Sample> {
  const words = [process.argv[1] as string, 'copy-server'];
  const server = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const socket = await dial(server);
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
export async function copyServer(): Promise<Sample> {
  const server = createServer(TLS_OPTIONS, (socket) => {
    socket.pipe(socket);
    socket.on('close', () => server.close());
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
  await once(server, 'close');
  return {};
}
