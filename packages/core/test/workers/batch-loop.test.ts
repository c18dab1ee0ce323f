import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { encodeValue } from '../../src/runtime/values.ts';
import { BatchLoop } from '../../src/workers/batch-loop.ts';
import { CallContext } from '../../src/workers/call-context.ts';
import { MarkWriter } from '../../src/workers/mark.ts';
import type { FromWorker } from '../../src/workers/worker-messages.ts';

it('ends soon after the call that has left too much memory behind, so that no other is to blame for it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'batch-loop-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const sent: FromWorker[] = [];
  let isFull = false;
  const host = {
    mark: new MarkWriter(openSync(join(directory, 'mark'), 'w+')),
    backlog: 0,
    send: (message: FromWorker) => void sent.push(message),
    drained: async () => {},
    isFull: () => isFull,
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
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const call = (x: unknown): unknown => {
    Atomics.wait(cell, 0, 0, 30);
    if (x === 2) isFull = true;
    return x;
  };
  const loop = new BatchLoop(host, { call, combine: undefined, context });
  const inputs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const piece = { piece: 1, from: 0, to: 10, first: 0, round: 1 };
  await loop.calls(
    { type: 'calls', kind: 'calls', isSpread: false, ...piece },
    encodeValue(inputs),
  );
  expect(sent.at(-1)).toMatchObject({ type: 'results', isOver: true, isFull: true });
  expect(sent.reduce((sum, each) => sum + (each.type === 'results' ? each.count : 0), 0)).toBe(3);
});
