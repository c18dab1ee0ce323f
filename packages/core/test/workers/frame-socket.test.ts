import { connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { FrameSocket } from '../../src/workers/frame-socket.ts';

interface Message {
  readonly n: number;
}

/** Two ends of a connection, one of them raw. */
async function pair(received: (message: Message, body: Buffer) => void) {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  const accepted = new Promise<Socket>((done) => server.once('connection', done));
  const dialed = connect(port, '127.0.0.1');
  const raw = await accepted;
  let isClosed = (): void => {};
  const closed = new Promise<void>((done) => {
    isClosed = done;
  });
  const socket = new FrameSocket<Message, Message>(dialed, received, () => isClosed());
  onTestFinished(() => {
    raw.destroy();
    server.close();
  });
  return { raw, socket, closed };
}

it('puts messages together however they were cut', async () => {
  const got: [number, string][] = [];
  let enough = (): void => {};
  const { raw, socket } = await pair((message, body) => {
    got.push([message.n, body.toString('latin1')]);
    if (got.length === 3) enough();
  });
  // The bytes that the other end would send, caught from a socket of its own.
  const bytes: Buffer[] = [];
  raw.on('data', (chunk) => bytes.push(chunk));
  const large = Buffer.alloc(10_000, 'x');
  socket.send({ n: 1 }, Buffer.from('small'));
  socket.send({ n: 2 }, large);
  socket.send({ n: 3 });
  await socket.drained();
  await expect.poll(() => Buffer.concat(bytes).length).toBe(10_050);
  const all = Buffer.concat(bytes);
  const over = new Promise<void>((done) => {
    enough = done;
  });
  raw.setNoDelay(true);
  for (let at = 0; at < all.length; at += at < 60 ? 1 : 3000) {
    raw.write(all.subarray(at, at + (at < 60 ? 1 : 3000)));
    await new Promise((done) => setImmediate(done));
  }
  await over;
  expect(got).toEqual([
    [1, 'small'],
    [2, large.toString()],
    [3, ''],
  ]);
});

it('says when the other end is gone, and sends nothing more', async () => {
  const { raw, socket, closed } = await pair(() => {});
  raw.destroy();
  await closed;
  socket.send({ n: 1 });
  await socket.drained();
  expect(socket.backlog).toBe(0);
});
