import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batch } from '../../src/journal/batch.ts';
import { LARGE_BYTES } from '../../src/journal/codec.ts';
import {
  decodeFrameHeader,
  FRAME_HEADER_BYTES,
  frameCheck,
} from '../../src/journal/record-format.ts';

const size = fc.oneof(fc.nat(200), fc.integer({ min: LARGE_BYTES - 2000, max: LARGE_BYTES + 5 }));

describe('a batch', () => {
  it('is one frame of what was added, in order, however large the pieces; and again once cleared', () => {
    const batch = new Batch();
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 20 }), fc.nat(), (sizes, sequence) => {
        batch.clear();
        const pieces = sizes.map((length, i) => new Uint8Array(length).fill(i + 1));
        for (const piece of pieces) batch.add(piece);
        const bytes = Buffer.concat(batch.seal(sequence, 5, crc32));
        // To seal once more, after a write that failed, changes nothing.
        expect(Buffer.compare(Buffer.concat(batch.seal(sequence, 5, crc32)), bytes)).toBe(0);

        const payload = bytes.subarray(FRAME_HEADER_BYTES);
        expect(Buffer.compare(payload, Buffer.concat(pieces))).toBe(0);
        expect(batch.payloadBytes).toBe(payload.length);
        const frame = { length: payload.length, sequence };
        const check = frameCheck(frame, [payload], 5, crc32);
        expect(decodeFrameHeader(bytes)).toEqual({ ...frame, check });
      }),
    );
  });
});
