/** What is sent is summed up the same, wherever that is done. */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { PACK_BYTES } from '../../src/protocol/transfer-messages.ts';
import { sha256, sha256OfChunk } from '../../src/staging/pack.ts';

it.each([
  ['at once', false],
  ['beside', true],
])('sums a chunk up %s', async (_, isBeside) => {
  const whole = randomBytes(PACK_BYTES + 7);
  const chunk = whole.subarray(7);
  const before = Buffer.from(chunk);
  expect(await sha256OfChunk(chunk, isBeside)).toEqual(sha256(before));
  expect(chunk.equals(before)).toBe(true);
});
