import { connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { FrameSocket, type FrameUser } from '../../src/workers/frame-socket.ts';

interface Message {
  readonly n: number;
}

/** Two ends of a connection, one of them raw. */
async function pair(user: Partial<FrameUser<Message>>) {
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
  const socket = new FrameSocket<Message, Message>(dialed, {
    read: (head) => head as Message,
    received: () => {},
    closed: () => isClosed(),
    ...user,
  });
  onTestFinished(() => {
    raw.destroy();
    server.close();
  });
  return { raw, socket, closed };
}

it('puts messages together however they were cut', async () => {
  const got: [number, string][] = [];
  let enough = (): void => {};
  const { raw, socket } = await pair({
    received: (message, body) => {
      got.push([message.n, body.toString('latin1')]);
      if (got.length === 3) enough();
    },
  });
  // The bytes that the other end would send, caught from a socket of its own.
  const bytes: Buffer[] = [];
  raw.on('data', (chunk) => bytes.push(chunk));
  const large = Buffer.alloc(10_000, 'x');
  socket.send({ n: 1 }, Buffer.from('small'));
  socket.send({ n: 2 }, large);
  socket.send({ n: 3 });
  await socket.drained();
  await expect.poll(() => Buffer.concat(bytes).length).toBe(10_062);
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
  const { raw, socket, closed } = await pair({});
  raw.destroy();
  await closed;
  socket.send({ n: 1 });
  await socket.drained();
  expect(socket.backlog).toBe(0);
});

/** Bytes as they would be sent. */
function frame(head: string, lengths: readonly number[] = [head.length, 0]): Buffer {
  const prefix = Buffer.from(Uint32Array.of(0xc3a1f50d, ...lengths).buffer);
  return Buffer.concat([prefix, Buffer.from(head)]);
}

it.each([
  [
    'text',
    Buffer.from('DEBUG: something\n'),
    /^bytes that begin no message \('DEBUG: something\\n/,
  ],
  ['zeros', Buffer.alloc(100), /^bytes that begin no message \('(\\x00){40}'\)$/],
  ['ones', Buffer.alloc(100, 0xff), /^bytes that begin no message/],
  ['too long a head', frame('', [2 ** 31, 0]), /^bytes that begin no message/],
  ['no JSON', frame('{"n": '), /^a message that is no JSON \('{"n": '\)$/],
  ['what cannot be', frame('[1]'), /^not that \('\[1\]'\)$/],
])(
  'gives up a connection by which there comes %s, and says what it was',
  async (_, bytes, says) => {
    const broken: string[] = [];
    const got: Message[] = [];
    const { raw, closed } = await pair({
      read: (head) => {
        if (Array.isArray(head)) throw new Error('not that');
        return head as Message;
      },
      received: (message) => got.push(message),
      broken: (problem) => broken.push(problem),
    });
    raw.write(Buffer.concat([frame('{"n":1}'), bytes, frame('{"n":2}')]));
    await closed;
    expect(broken).toEqual([expect.stringMatching(says)]);
    expect(got).toEqual([{ n: 1 }]);
  },
);
