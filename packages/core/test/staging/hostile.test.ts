/** What a sender that means harm can make a receiver do: nothing outside of the transfer's own name. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { PIECE, type PieceKind, WINDOW_BYTES } from '../../src/protocol/transfer-messages.ts';
import type { Arrival } from '../../src/staging/incoming.ts';
import { Pack, sha256 } from '../../src/staging/pack.ts';
import { Receiver } from '../../src/staging/receiver.ts';
import { scratch } from './pair.ts';

type Row = readonly [kind: PieceKind, name: string, text?: string];

/** A receiver that expects transfer 1 in a directory beside which lies something precious. */
function target() {
  const around = scratch();
  mkdirSync(join(around, 'mine'));
  mkdirSync(join(around, 'precious'));
  writeFileSync(join(around, 'precious', 'file'), 'as it was');
  const receiver = new Receiver(() => {});
  const arrivals: Arrival[] = [];
  receiver.expect(1, join(around, 'mine', 'it'), (arrival) => arrivals.push(arrival));
  const send = (rows: readonly Row[]): void => {
    const pack = new Pack();
    for (const [kind, name, text = ''] of rows) pack.text(1, kind, name, text);
    receiver.receive(pack.take());
  };
  const harmless = (): void => {
    expect(readFileSync(join(around, 'precious', 'file'), 'utf8')).toBe('as it was');
    expect(readdirSync(around).sort()).toEqual(['mine', 'precious']);
    expect(readdirSync(join(around, 'precious'))).toEqual(['file']);
  };
  return { around, receiver, arrivals, send, harmless };
}

const { file, directory, link, end, same } = PIECE;
const top: Row = [directory, ''];

describe('a receiver', () => {
  it.each<[string, Row[]]>([
    ['a way up', [top, [file, '../../precious/file', 'bad']]],
    [
      'a way up behind a directory',
      [top, [directory, 'a'], [file, 'a/../../../precious/file', 'bad']],
    ],
    ['a name of its own', [top, [file, '/tmp/pstar-hostile', 'bad']]],
    ['the directory that it is in', [top, [file, '.', 'bad']]],
    ['the one above', [top, [directory, '..']]],
    ['no name', [top, [file, 'a//b', 'bad']]],
    ['a name that ends early', [top, [file, 'a\0b', 'bad']]],
    ['a way through a link', [top, [link, 'l', '../../precious'], [file, 'l/new', 'bad']]],
    ['a way over a link', [top, [link, 'l', '../../precious/file'], [file, 'l', 'bad']]],
    [
      'a link for a directory',
      [top, [link, 'l', '../../precious'], [directory, 'l'], [file, 'l/x']],
    ],
    [
      'a link at the top',
      [
        [link, '', '../precious'],
        [file, 'file', 'bad'],
      ],
    ],
    ['a directory that was not made', [top, [file, 'a/b', 'bad']]],
    [
      'something below a file',
      [
        [file, '', 'x'],
        [file, 'a', 'bad'],
      ],
    ],
    ['something twice', [top, [file, 'a', 'x'], [file, 'a', 'bad']]],
    ['something behind its end', [top, [end, '', '-\nx'], [file, 'a', 'x']]],
    ['an end of nothing', [[end, '', '-\nx']]],
    ['the same as what it has begun', [top, [same, '', '+s\nx']]],
    ['what there is no such of', [top, [9 as PieceKind, 'a', 'x']]],
  ])('makes nothing of %s', (_, rows) => {
    const { around, arrivals, send, harmless } = target();
    send(rows);
    expect(arrivals).toHaveLength(1);
    const isWhole = rows.some(([kind]) => kind === end) && rows.length > 1;
    expect(arrivals[0]?.type).toBe(isWhole ? 'staged' : 'failed');
    expect(existsSync(join(around, 'mine', 'it'))).toBe(isWhole);
    harmless();
  });

  it('takes no more chunks than it has room for, nor others than the next', () => {
    const data = Buffer.alloc(256 * 1024, 7);
    const chunk = (at: number) =>
      ({ type: 'chunk', transfer: 1, at, data, sha256: sha256(data) }) as const;
    for (const offsets of [
      [data.length],
      [0, 0],
      Array.from({ length: WINDOW_BYTES / data.length + 1 }, (_, i) => i * data.length),
    ]) {
      const { arrivals, receiver, harmless } = target();
      const pack = new Pack();
      pack.large(1, '', 0o644, 1e9);
      receiver.receive(pack.take());
      for (const at of offsets) receiver.receive(chunk(at));
      expect(arrivals[0]?.type).toBe('failed');
      harmless();
    }
  });

  it('says that all is there when the last byte is, and not before, and gives its memory back', async () => {
    const { around, arrivals, receiver } = target();
    const data = Buffer.alloc(256 * 1024, 7);
    const [head, tail] = [new Pack(), new Pack()];
    head.large(1, '', 0o644, data.length);
    tail.text(1, end, '', '-\nx');
    receiver.receive(head.take());
    receiver.receive({ type: 'chunk', transfer: 1, at: 0, data, sha256: sha256(data) });
    receiver.receive(tail.take());
    expect(arrivals).toEqual([]);
    await vi.waitFor(() => expect(arrivals[0]?.type).toBe('staged'), { timeout: 20_000 });
    expect(readFileSync(join(around, 'mine', 'it')).equals(Buffer.alloc(256 * 1024, 7))).toBe(true);
    expect(data.length).toBe(0);
  });

  it('passes over what nobody expects', () => {
    const { around, arrivals, receiver, harmless } = target();
    const pack = new Pack();
    pack.text(2, file, '', 'bad');
    receiver.receive(pack.take());
    expect(arrivals).toEqual([]);
    expect(readdirSync(join(around, 'mine'))).toEqual([]);
    harmless();
  });

  it('is not led astray by sizes', () => {
    for (const size of [-1, 1e12, Number.NaN]) {
      const { arrivals, receiver, harmless } = target();
      const pack = new Pack();
      pack.text(1, file, '', 'text');
      const message = pack.take();
      message.sizes[0] = size;
      receiver.receive(message);
      expect(arrivals[0]?.type).toBe('failed');
      harmless();
    }
  });
});
