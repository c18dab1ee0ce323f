import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { encodeValue } from '../../src/runtime/values.ts';
import { BatchLoop } from '../../src/workers/batch-loop.ts';
import { CallContext } from '../../src/workers/call-context.ts';
import { MarkWriter } from '../../src/workers/mark.ts';
import type { FromWorker } from '../../src/workers/worker-messages.ts';

/** A loop that calls this, and what it sends. */
function loopOf(call: (x: unknown) => unknown, isFull = () => false) {
  const directory = mkdtempSync(join(tmpdir(), 'batch-loop-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const sent: FromWorker[] = [];
  const host = {
    mark: new MarkWriter(openSync(join(directory, 'mark'), 'w+')),
    backlog: 0,
    send: (message: FromWorker) => void sent.push(message),
    drained: async () => {},
    isFull,
    usage: () => [0, 0, 0] as const,
  };
  const place = { cores: [], gpus: [], host: 'here', pilotJob: 'pilot.1', scratch: directory };
  const context = new CallContext({
    ...place,
    state: undefined,
    tell() {},
    print() {},
    listens() {},
  });
  return { sent, loop: new BatchLoop(host, { call, combine: undefined, context }) };
}

/** The calls of a batch. */
function piece(to: number) {
  const rest = { piece: 1, from: 0, to, first: 0, round: 1 };
  return { type: 'calls', kind: 'calls', isSpread: false, ...rest } as const;
}

it('ends soon after the call that has left too much memory behind, so that no other is to blame for it', async () => {
  let isFull = false;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const call = (x: unknown): unknown => {
    Atomics.wait(cell, 0, 0, 30);
    if (x === 2) isFull = true;
    return x;
  };
  const { sent, loop } = loopOf(call, () => isFull);
  await loop.calls(piece(10), encodeValue([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  expect(sent.at(-1)).toMatchObject({ type: 'results', isOver: true, isFull: true });
  expect(sent.reduce((sum, each) => sum + (each.type === 'results' ? each.count : 0), 0)).toBe(3);
});

it('sends what many calls have thrown in messages that are not long', async () => {
  const { sent, loop } = loopOf(() => {
    throw new Error('x'.repeat(10_000));
  });
  const inputs = Array.from({ length: 100 }, () => 0);
  await loop.calls(piece(100), encodeValue(inputs));
  const results = sent.filter((message) => message.type === 'results');
  expect(results.flatMap(({ problems }) => problems)).toHaveLength(100);
  const lengths = results.map((message) => JSON.stringify(message).length);
  expect(Math.max(...lengths)).toBeLessThan(200 * 1024);
});
