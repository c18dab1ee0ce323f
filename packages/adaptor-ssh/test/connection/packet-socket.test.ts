import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { type PacketSocket, packetSocket } from '../../src/connection/packet-socket.ts';

const GCM = 'aes128-gcm@openssh.com';
const PACKET_BYTES = 32 * 1024;
const loaded = createRequire(import.meta.url).cache;
const NATIVE_PART = '/somewhere/sshcrypto.node';

/** A connection, and its other end. */
async function pair(): Promise<PacketSocket & { readonly peer: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ours = packetSocket({ host: '127.0.0.1', port });
  const [peer] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    ours.socket.destroy();
    peer.destroy();
    server.close();
  });
  return { ...ours, peer };
}

/** What comes, chunk by chunk, as it was handed over. */
async function chunksOf({ socket, peer }: Awaited<ReturnType<typeof pair>>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const text of ['first', 'second']) {
    const had = chunks.length;
    peer.write(text);
    await expect.poll(() => chunks.length).toBeGreaterThan(had);
  }
  return chunks;
}

/** Three pieces of a packet, as ssh2 writes them: the length is a part of the packet that it encrypted. */
function packetPieces(bytes = PACKET_BYTES): { plain: ArrayBuffer; pieces: Buffer[] } {
  const plain = Buffer.allocUnsafeSlow(4 + bytes);
  plain.writeUInt32BE(bytes);
  const encrypted = Buffer.allocUnsafeSlow(bytes);
  randomBytes(bytes).copy(encrypted);
  return { plain: plain.buffer, pieces: [plain.subarray(0, 4), encrypted, randomBytes(16)] };
}

describe('what is read', () => {
  afterEach(() => {
    delete loaded[NATIVE_PART];
  });

  it('has memory of its own until a cipher is agreed on: ssh2 keeps parts of it', async () => {
    const [first, second] = await chunksOf(await pair());
    expect([String(first), String(second)]).toEqual(['first', 'second']);
  });

  it('is read into the same memory again where ssh2 decrypts to memory of its own', async () => {
    const ours = await pair();
    ours.readsIn(GCM);
    const [first, second] = await chunksOf(ours);
    expect(first?.buffer).toBe(second?.buffer);
    expect([String(first), String(second)]).toEqual(['secon', 'second']);
  });

  it.each(['chacha20-poly1305@openssh.com', 'aes128-ctr'])(
    'has its own with %s',
    async (cipher) => {
      const ours = await pair();
      ours.readsIn(GCM);
      ours.readsIn(cipher);
      const [first, second] = await chunksOf(ours);
      expect([String(first), String(second)]).toEqual(['first', 'second']);
    },
  );

  it("has its own with ssh2's native part, which decrypts where it is", async () => {
    loaded[NATIVE_PART] = {} as NodeJS.Module;
    const ours = await pair();
    ours.readsIn(GCM);
    const [first, second] = await chunksOf(ours);
    expect([String(first), String(second)]).toEqual(['first', 'second']);
  });

  it('comes to its end, and may be held up', async () => {
    const ours = await pair();
    ours.readsIn(GCM);
    const sent = randomBytes(3 * 1024 * 1024);
    let at = 0;
    let isSame = true;
    ours.socket.on('data', (chunk: Buffer) => {
      isSame &&= sent.compare(chunk, 0, chunk.length, at, at + chunk.length) === 0;
      at += chunk.length;
      ours.socket.pause();
      setImmediate(() => ours.socket.resume());
    });
    ours.peer.end(sent);
    await once(ours.socket, 'end');
    expect([at, isSame]).toEqual([sent.length, true]);
  });
});

describe('what is written', () => {
  it('leaves whole and in order, and its memory is given back', async () => {
    const { socket, peer } = await pair();
    const packets = Array.from({ length: 100 }, () => packetPieces());
    const all = packets.flatMap(({ pieces }) => pieces);
    const sent = Buffer.concat(all);
    const received: Buffer[] = [];
    peer.on('data', (chunk: Buffer) => received.push(chunk));
    for (const piece of all) socket.write(piece);
    socket.end();
    await once(peer, 'end');
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    const left = packets.flatMap(({ plain, pieces }) => [plain, pieces[1]?.buffer]);
    expect(new Set(left.map((memory) => memory?.byteLength))).toEqual(new Set([0]));
  });

  it('keeps its memory where that is not all its own', async () => {
    const { socket, peer } = await pair();
    const shared = Buffer.allocUnsafeSlow(3 * PACKET_BYTES);
    peer.resume();
    for (const at of [0, PACKET_BYTES]) socket.write(shared.subarray(at, at + PACKET_BYTES));
    socket.end();
    await once(peer, 'end');
    expect(shared.length).toBe(3 * PACKET_BYTES);
  });
});
