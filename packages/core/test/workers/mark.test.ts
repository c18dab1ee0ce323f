import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MarkWriter, readMark } from '../../src/workers/mark.ts';

function marked() {
  const directory = mkdtempSync(join(tmpdir(), 'mark-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const fd = openSync(join(directory, 'mark'), 'w+');
  return { fd, writer: new MarkWriter(fd) };
}

it('marks each call while nothing is known of them, and where they are slow', () => {
  const { fd, writer } = marked();
  expect(readMark(fd)).toBeUndefined();
  writer.begin(7, 10);
  expect(readMark(fd)).toEqual({ piece: 7, call: 10, span: 1, isHeard: false });
  writer.put(11, 0);
  writer.put(12, 0);
  expect(readMark(fd)).toEqual({ piece: 7, call: 12, span: 1, isHeard: false });
  writer.learn(10, 10);
  writer.put(13, 0);
  expect(readMark(fd)).toEqual({ piece: 7, call: 13, span: 1, isHeard: false });
});

it('marks some of many that are quick, so that the one under way is never beyond the span', () => {
  const { fd, writer } = marked();
  writer.begin(1, 0);
  writer.learn(10_000, 1);
  for (let call = 0; call < 1000; call++) {
    writer.put(call, 0);
    const mark = readMark(fd);
    expect(mark?.call).toBeLessThanOrEqual(call);
    expect((mark?.call ?? 0) + (mark?.span ?? 0)).toBeGreaterThan(call);
  }
  const { call = 0 } = readMark(fd) ?? {};
  // One that came long after the last mark has its own.
  writer.put(call + 1, 1);
  expect(readMark(fd)?.call).toBe(call + 1);
  writer.exactly(call + 5);
  expect(readMark(fd)).toEqual({ piece: 1, call: call + 5, span: 1, isHeard: false });
});

it('says whether somebody listens, whatever is marked after that', () => {
  const { fd, writer } = marked();
  writer.begin(1, 0);
  writer.hears(true);
  writer.put(4, 0);
  expect(readMark(fd)).toEqual({ piece: 1, call: 4, span: 1, isHeard: true });
  writer.hears(false);
  expect(readMark(fd)).toEqual({ piece: 1, call: 4, span: 1, isHeard: false });
});
