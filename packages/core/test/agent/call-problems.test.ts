import { expect, it } from 'vitest';
import { boundedProblems } from '../../src/agent/call-problems.ts';
import { FrameEncoder } from '../../src/transport/frame-codec.ts';

it('cuts what failed calls say to what a message takes, and names all of them', () => {
  const text = 'x'.repeat(100_000);
  const one = { kind: 'threw', name: 'Error', message: text, stack: text } as const;
  const all = Array.from({ length: 2_000 }, (_, call) => ({ ...one, call }));
  const told = boundedProblems(all);
  expect(told.map(({ call }) => call)).toEqual(all.map(({ call }) => call));
  expect(told[0]).toMatchObject({ kind: 'threw', name: 'Error' });
  expect(told[0]?.stack).toHaveLength(16 * 1024);
  expect(boundedProblems([{ ...one, call: 0, name: text }])[0]?.name).toHaveLength(256);
  expect(told.at(-1)).not.toHaveProperty('stack');
  expect(JSON.stringify(told).length).toBeLessThan(6 * 1024 * 1024);
});

it('leaves room for values where all calls of the largest batch have failed, in any script', () => {
  const text = '\u6f22'.repeat(100_000);
  const one = { kind: 'out-of-memory', name: text, message: text, stack: text } as const;
  const all = Array.from({ length: 16_384 }, (_, call) => ({ ...one, call, isSuspect: true }));
  let size = 0;
  const encoder = new FrameEncoder((part) => {
    size += part.length;
  });
  encoder.add({ problems: boundedProblems(all) });
  encoder.flush();
  expect(size).toBeLessThan(12 * 1024 * 1024);
});

it('leaves small ones as they are, but for thrown values that are large', () => {
  const one = { call: 1, kind: 'crashed', name: 'Error', message: 'm', isSuspect: true } as const;
  expect(boundedProblems([one])).toEqual([one]);
  const small = { ...one, thrown: new Uint8Array(10), stderrTail: 'words' };
  expect(boundedProblems([small])).toEqual([small]);
  expect(boundedProblems([{ ...one, thrown: new Uint8Array(1e6) }])).toEqual([one]);
});
