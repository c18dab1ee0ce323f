/** Files between two ends of a link: whole, checked, and no more of them at a time than both can bear. */
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  type ChunkMessage,
  LARGE_BYTES,
  PACK_BYTES,
  PACK_ROWS,
  type PackMessage,
  WINDOW_BYTES,
} from '../../src/protocol/transfer-messages.ts';
import { Budget } from '../../src/staging/budget.ts';
import { sha256 } from '../../src/staging/pack.ts';
import { Sender } from '../../src/staging/sender.ts';
import { Source } from '../../src/staging/source.ts';
import { type Message, Pair, scratch } from './pair.ts';

const patterned = (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, i) => i * 31));
const old = (path: string) =>
  vi.waitFor(() => expect(Date.now() - statSync(path).ctimeMs).toBeGreaterThan(25), {
    timeout: 20_000,
  });

describe('a transfer', () => {
  it.each([0, 1, LARGE_BYTES, LARGE_BYTES + 1, PACK_BYTES, 3 * WINDOW_BYTES + 17])(
    'brings a file of %d bytes',
    async (bytes) => {
      const pair = new Pair();
      const file = join(scratch(), 'file');
      const data = Buffer.alloc(bytes, patterned(1021));
      writeFileSync(file, data);
      chmodSync(file, 0o776);
      const sending = pair.send(file);
      const arrival = await sending;
      expect(arrival).toMatchObject({ type: 'staged', staged: { bytes, isDirectory: false } });
      const path = pair.pathOf(sending.transfer);
      expect(readFileSync(path).equals(data)).toBe(true);
      expect(statSync(path).mode & 0o777).toBe(0o776);
    },
  );

  it('reads nothing over what the link has not written yet', async () => {
    const file = join(scratch(), 'file');
    writeFileSync(file, Buffer.alloc(8 * PACK_BYTES, patterned(1021)));
    const chunks: ChunkMessage[] = [];
    await new Promise<void>((resolve) => {
      const send = (message: PackMessage | ChunkMessage) => {
        if (message.type === 'chunk' && chunks.push(message) === 8) resolve();
      };
      new Sender({ buffered: 0, send }, new Budget()).add(new Source(1, file));
    });
    for (const { data, sha256: sum } of chunks) expect(sha256(data)).toEqual(sum);
  });

  it('brings what the kernel makes up as it is read', async () => {
    const pair = new Pair();
    const sending = pair.send('/proc/self/limits', {
      isSame: () => undefined,
      isShared: () => true,
    });
    const arrival = await sending;
    const staged = readFileSync(pair.pathOf(sending.transfer), 'utf8');
    expect(staged).toBe(readFileSync('/proc/self/limits', 'utf8'));
    expect(arrival).toMatchObject({ type: 'staged', end: { stamp: '', isShared: false } });
  });

  it('takes small files together, and a message for none of them alone', async () => {
    const pair = new Pair();
    const from = scratch();
    for (let i = 0; i < 2_000; i++) writeFileSync(join(from, `f${i}`), `${i}`);
    await pair.send(from);
    expect(pair.sent.length).toBeLessThanOrEqual(Math.ceil(2_002 / PACK_ROWS) + 1);
    const one = Array.from({ length: 600 }, (_, i) => pair.send(join(from, `f${i}`)));
    pair.sent.length = 0;
    await Promise.all(one);
    expect(pair.sent.length).toBeLessThanOrEqual(4);
    expect(readFileSync(join(pair.pathOf(1), 'f1999'), 'utf8')).toBe('1999');
  });

  it('has no more on its way than was written, and lets others pass', async () => {
    const pair = new Pair();
    const from = scratch();
    writeFileSync(join(from, 'big'), Buffer.alloc(4 * WINDOW_BYTES, 7));
    writeFileSync(join(from, 'small'), 'x');
    // Nothing is ever credited: the receiver does not get what it would have written.
    pair.tamper = (message) =>
      message.type === 'chunk' ? { type: 'credit', transfer: 0, bytes: 0 } : message;
    const receive = pair.receiver.receive.bind(pair.receiver);
    pair.receiver.receive = (message) => {
      if ((message as Message).type !== 'credit') receive(message);
    };
    void pair.send(join(from, 'big'));
    const chunks = () => pair.sent.filter(({ type }) => type === 'chunk').length;
    await vi.waitFor(() => expect(chunks()).toBe(WINDOW_BYTES / PACK_BYTES), { timeout: 20_000 });
    expect(await pair.send(join(from, 'small'))).toMatchObject({ type: 'staged' });
    expect(chunks()).toBe(WINDOW_BYTES / PACK_BYTES);
    pair.sender.close();
  });

  it('leaves the link to others, however much there is to send', async () => {
    const pair = new Pair();
    const from = scratch();
    for (let i = 0; i < 8; i++) writeFileSync(join(from, `${i}`), Buffer.alloc(WINDOW_BYTES, i));
    for (let i = 0; i < 500; i++) writeFileSync(join(from, `s${i}`), Buffer.alloc(20_000, i));
    await Promise.all(readdirSync(from).map((name) => pair.send(join(from, name))));
    expect(pair.mostBuffered).toBeLessThan(1024 * 1024 + 2 * PACK_BYTES);
  });

  it('says what is missing, with name and machine', async () => {
    const pair = new Pair();
    const path = join(scratch(), 'missing');
    const arrival = await pair.send(path);
    const problem = `${path} cannot be read on ${hostname()}: ENOENT: no such file or directory`;
    expect(arrival).toEqual({ type: 'failed', bytes: 0, problem: { problem, isMissing: true } });
    expect(pair.made).toEqual([]);
  });

  it.each([
    ['an input', { isSame: () => undefined }],
    ['an output', {}],
  ])(
    'says of %s what has a name that is not UTF-8, and not that all is missing',
    async (_, hooks) => {
      const pair = new Pair();
      const from = scratch();
      const name = Buffer.concat([Buffer.from(`${from}/caf`), Buffer.of(0xe9)]);
      writeFileSync(name, 'x');
      const arrival = await pair.send(from, hooks);
      const problem = `${from}/caf\uFFFD cannot be read: its name is not UTF-8 (on ${hostname()})`;
      expect(arrival).toEqual({ type: 'failed', bytes: 0, problem: { problem } });
      await expect.poll(() => pair.made).toEqual([]);
    },
  );

  it('of a file that grows meanwhile fails, and may be tried again', async () => {
    const pair = new Pair();
    const file = join(scratch(), 'file');
    writeFileSync(file, Buffer.alloc(2 * WINDOW_BYTES, 7));
    pair.tamper = (message) => {
      if (message.type === 'chunk' && message.at === 0) appendFileSync(file, 'more');
      return message;
    };
    const arrival = await pair.send(file);
    expect(arrival).toMatchObject({ type: 'failed', problem: { transient: true } });
    expect(JSON.stringify(arrival)).toContain('was changed while it was read');
    expect(pair.made).toEqual([]);
  });

  it.each<[string, boolean, (file: string) => void]>([
    ['replaced by a rename', true, (file) => renameSync(`${file}.new`, file)],
    ['removed', true, (file) => rmSync(file)],
    ['given one more name', true, (file) => linkSync(file, `${file}.too`)],
    ['written to in its place', false, (file) => writeAt(file, WINDOW_BYTES, 'other')],
    [
      'written to, and replaced',
      false,
      (file) => {
        writeAt(file, WINDOW_BYTES, 'other');
        renameSync(`${file}.new`, file);
      },
    ],
  ])('of a file that is %s meanwhile: it is as it was, %s', async (_, isWhole, change) => {
    const pair = new Pair();
    const file = join(scratch(), 'file');
    writeFileSync(file, Buffer.alloc(2 * WINDOW_BYTES, 7));
    writeFileSync(`${file}.new`, Buffer.alloc(2 * WINDOW_BYTES, 8));
    await old(file);
    pair.tamper = (message) => {
      if (message.type === 'chunk' && message.at === 0) change(file);
      return message;
    };
    const sending = pair.send(file);
    expect((await sending).type).toBe(isWhole ? 'staged' : 'failed');
    if (!isWhole) return;
    const there = readFileSync(pair.pathOf(sending.transfer));
    expect(there.equals(Buffer.alloc(2 * WINDOW_BYTES, 7))).toBe(true);
  });

  it('of a file that is cut off while the other side takes no more fails, when that does', async () => {
    const file = join(scratch(), 'file');
    writeFileSync(file, Buffer.alloc(2 * WINDOW_BYTES, 7));
    const most = WINDOW_BYTES / PACK_BYTES;
    let chunks = 0;
    const packs: string[] = [];
    const send = (message: PackMessage | ChunkMessage) => {
      if (message.type === 'pack') packs.push(Buffer.from(message.data).toString());
      // One more has been read, or is being read, and waits; behind that there is nothing.
      else if (++chunks === most) truncateSync(file, (most + 1) * PACK_BYTES);
    };
    const sender = new Sender({ buffered: 0, send }, new Budget());
    sender.add(new Source(1, file));
    await vi.waitFor(() => expect(chunks).toBe(most), { timeout: 20_000 });
    // What has gone wrong by now nobody awaits; this goes the same way through the pool of threads.
    for (let i = 0; i < 100; i++) await stat(file);
    sender.credit(1, WINDOW_BYTES);
    await vi.waitFor(() => expect(packs.join()).toContain('was changed while it was read'), {
      timeout: 20_000,
    });
    sender.close();
  });

  it.each<[string, (message: Message) => Message]>([
    ['pack', (message) => damaged(message, 'pack')],
    ['chunk', (message) => damaged(message, 'chunk')],
  ])('that is damaged in a %s on its way fails', async (_, tamper) => {
    const pair = new Pair();
    const file = join(scratch(), 'file');
    writeFileSync(file, Buffer.alloc(WINDOW_BYTES, 7));
    pair.tamper = tamper;
    const arrival = await pair.send(file);
    expect(arrival).toMatchObject({ type: 'failed', problem: { transient: true } });
    expect(pair.made).toEqual([]);
  });

  it('that nobody wants any more leaves nothing, and is in nobody’s way', async () => {
    const pair = new Pair();
    const from = scratch();
    writeFileSync(join(from, 'big'), Buffer.alloc(3 * WINDOW_BYTES, 7));
    const { transfer } = pair.send(join(from, 'big'));
    await new Promise<void>((resolve) => {
      // In the middle: a part comes when some of it is there.
      pair.tamper = (message) => {
        if (!pair.made.includes('1')) return message;
        pair.receiver.drop(transfer);
        pair.sender.drop(transfer);
        pair.tamper = (next) => next;
        resolve();
        return message;
      };
    });
    expect(pair.made).toEqual([]);
    expect(await pair.send(join(from, 'big'))).toMatchObject({ type: 'staged' });
  });

  it('of what the other side has is not sent again', async () => {
    const pair = new Pair();
    const from = scratch();
    mkdirSync(join(from, 'tree'));
    writeFileSync(join(from, 'tree', 'file'), 'content');
    symlinkSync('file', join(from, 'tree', 'link'));
    await old(join(from, 'tree', 'link'));
    for (const path of [join(from, 'tree'), join(from, 'tree', 'file')]) {
      const known = new Set<string>();
      const isSame = (stamp: string) => {
        if (known.has(stamp)) return 'kept' as const;
        known.add(stamp);
        return undefined;
      };
      expect(await pair.send(path, { isSame })).toMatchObject({ type: 'staged' });
      expect(await pair.send(path, { isSame })).toMatchObject({
        type: 'same',
        end: { stamp: [...known][0], isShared: true },
      });
      appendFileSync(join(from, 'tree', 'file'), 'more');
      await old(join(from, 'tree', 'file'));
      expect(await pair.send(path, { isSame })).toMatchObject({ type: 'staged' });
    }
  });
});

function writeAt(file: string, at: number, text: string): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, text, at);
  closeSync(fd);
}

/** With one byte that is not what was sent. */
function damaged(message: Message, type: 'pack' | 'chunk'): Message {
  if (message.type !== type || message.data.length === 0) return message;
  const data = Buffer.from(message.data);
  data[0] = (data[0] as number) ^ 1;
  return { ...message, data };
}
