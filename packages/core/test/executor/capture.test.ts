import { appendFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Capture } from '../../src/executor/capture.ts';
import { notKept } from '../../src/executor/recent-output.ts';
import type { MissedOutput } from '../../src/executor/unit-run.ts';

const MEBIBYTE = 1024 * 1024;

describe('Capture', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'capture-test-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const make = (): Capture => new Capture(join(directory, 'file'), () => false);
  const reader = () => {
    const chunks: Buffer[] = [];
    return {
      take: (part: Buffer | MissedOutput) =>
        void chunks.push('missed' in part ? notKept(part.missed) : part),
      text: () => Buffer.concat(chunks).toString(),
    };
  };

  it('is readable by its owner only', () => {
    expect(statSync(make().path).mode & 0o777).toBe(0o600);
  });

  it('hands over what is new, a limited piece at a time', () => {
    const capture = make();
    const { take, text } = reader();
    appendFileSync(capture.path, 'abcdef');
    capture.pump(take, 4);
    expect(text()).toBe('abcd');
    capture.pump(take, 4);
    capture.pump(take, 4);
    expect(text()).toBe('abcdef');
    capture.rewind();
    capture.pump(take);
    expect(text()).toBe('abcdefabcdef');
  });

  it('gives the rest when it is drained, and is as new afterwards', () => {
    const capture = make();
    expect(capture.drain(undefined)).toBeUndefined();
    const { take, text } = reader();
    appendFileSync(capture.path, 'abc');
    capture.pump(take);
    appendFileSync(capture.path, 'def');
    expect(capture.drain(take)?.bytes.toString()).toBe('abcdef');
    expect(text()).toBe('abcdef');
    expect(statSync(capture.path).size).toBe(0);
    appendFileSync(capture.path, 'x');
    expect(capture.drain(undefined)?.bytes.toString()).toBe('x');
  });

  it('keeps the last mebibyte of much, and says so', () => {
    const capture = make();
    appendFileSync(capture.path, Buffer.alloc(2 * MEBIBYTE, 'a'));
    appendFileSync(capture.path, 'end');
    const kept = capture.drain(undefined);
    expect(kept?.missed).toBe(MEBIBYTE + 3);
    expect(kept?.bytes.toString()).toMatch(/^a+end$/);
    expect(kept?.bytes.length).toBe(MEBIBYTE);
  });

  it('trims what nobody watches, so that a watcher who comes then hears of it', () => {
    const capture = make();
    appendFileSync(capture.path, Buffer.alloc(MEBIBYTE, 'a'));
    capture.trim(false);
    expect(statSync(capture.path).size).toBe(MEBIBYTE);
    appendFileSync(capture.path, 'end');
    capture.trim(false);
    expect(statSync(capture.path).size).toBeLessThan(100_000);
    appendFileSync(capture.path, 'more');
    const { take, text } = reader();
    capture.rewind();
    capture.pump(take);
    expect(text()).toMatch(/^\n\[pstar: 98\d+ bytes of output were not kept\]\na+endmore$/);
    const again = reader();
    capture.rewind();
    capture.pump(again.take);
    expect(again.text()).toBe(text());
    const kept = capture.drain(undefined);
    expect(`${notKept(kept?.missed ?? 0)}${kept?.bytes}`).toBe(text());
  });

  it('trims only what the watcher has had', () => {
    const capture = make();
    const { take, text } = reader();
    capture.rewind();
    for (let i = 0; i < 5; i++) {
      appendFileSync(capture.path, Buffer.alloc(MEBIBYTE, `${i}`));
      capture.pump(take, MEBIBYTE / 2);
      capture.trim(true);
    }
    capture.drain(take);
    const all = [0, 1, 2, 3, 4].map((i) => `${i}`.repeat(MEBIBYTE)).join('');
    expect(text() === all).toBe(true);
  });

  it('goes on when the unit itself has emptied the file', () => {
    const capture = make();
    const { take, text } = reader();
    appendFileSync(capture.path, 'a long beginning\n');
    capture.pump(take);
    truncateSync(capture.path);
    appendFileSync(capture.path, 'short\n');
    capture.pump(take);
    expect(text()).toBe('a long beginning\nshort\n');
    expect(capture.drain(undefined)?.bytes.toString()).toBe('short\n');
  });

  it('hands over only the last of what is new where that is asked for, and says whether there was more', () => {
    const capture = make();
    const { take, text } = reader();
    appendFileSync(capture.path, 'abcdef');
    expect(capture.pumpLatest(take, 4)).toBe(true);
    appendFileSync(capture.path, 'gh');
    expect(capture.pumpLatest(take, 4)).toBe(false);
    expect(capture.pumpLatest(take, 4)).toBe(false);
    expect(text()).toBe('cdefgh');
    truncateSync(capture.path);
    appendFileSync(capture.path, 'xy');
    expect(capture.drainLatest(take, 4)).toBe(false);
    expect(text()).toBe('cdefghxy');
    expect(statSync(capture.path).size).toBe(0);
    expect(capture.drainLatest(take, 4)).toBe(false);
  });

  it('reads no more of a file that was made huge than is of use', () => {
    const capture = make();
    const { take, text } = reader();
    truncateSync(capture.path, 4 * 1024 ** 4);
    appendFileSync(capture.path, 'the end');
    expect(capture.pumpLatest(take, 7)).toBe(true);
    expect(text()).toBe('the end');
    truncateSync(capture.path, 8 * 1024 ** 4);
    expect(capture.drainLatest(take, 7)).toBe(true);
    expect(text()).toHaveLength(14);
    truncateSync(capture.path, 8 * 1024 ** 4);
    let bytes = 0;
    capture.drain((part) => {
      if (part instanceof Buffer) bytes += part.length;
    });
    expect(bytes).toBeLessThan(65 * MEBIBYTE);
  });

  it('notices that its file was removed', () => {
    const capture = make();
    expect(capture.intact).toBe(true);
    rmSync(capture.path);
    expect(capture.intact).toBe(false);
  });
});
