import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFileHeader,
  decodeFrameHeader,
  encodeFileHeader,
  encodeFrameHeader,
  FILE_HEADER_BYTES,
  type FileHeader,
  FORMAT_VERSION,
  FRAME_HEADER_BYTES,
  frameCheck,
} from '../../src/journal/record-format.ts';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const fileHeader: fc.Arbitrary<FileHeader> = fc.record({
  type: fc.constantFrom('segment', 'snapshot'),
  format: fc.constant(FORMAT_VERSION),
  kind: fc.stringMatching(/^[a-z-]{1,30}$/),
  records: fc.integer({ min: 1, max: 0xffff }),
  number: uint32,
  sequence: fc.maxSafeNat(),
  salt: uint32,
});

const rest = {
  type: 'segment',
  format: FORMAT_VERSION,
  records: 1,
  number: 1,
  sequence: 1,
  salt: 5,
} as const;

describe('a file header', () => {
  it('reads as it was written', () => {
    fc.assert(
      fc.property(fileHeader, (header) => {
        const bytes = encodeFileHeader(header, crc32);
        expect(bytes).toHaveLength(FILE_HEADER_BYTES);
        expect(decodeFileHeader(bytes, crc32)).toEqual({ state: 'valid', header });
      }),
    );
  });

  it('never passes for right with a bit turned', () => {
    fc.assert(
      fc.property(fileHeader, fc.nat(FILE_HEADER_BYTES * 8 - 1), (header, bit) => {
        const bytes = encodeFileHeader(header, crc32);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const { state } = decodeFileHeader(bytes, crc32);
        expect(state).toBe(bit < 64 ? 'foreign' : 'damaged');
      }),
    );
  });

  it('tells a newer version from damage', () => {
    const bytes = encodeFileHeader({ ...rest, kind: 'x' }, crc32);
    bytes[8] = FORMAT_VERSION + 1;
    new DataView(bytes.buffer).setUint32(60, crc32(bytes.subarray(0, 60)), true);
    const version = FORMAT_VERSION + 1;
    expect(decodeFileHeader(bytes, crc32)).toEqual({ state: 'newer', version });
  });

  it('is foreign when it is something else, or short', () => {
    expect(decodeFileHeader(new Uint8Array(0), crc32).state).toBe('foreign');
    expect(decodeFileHeader(Buffer.from('#!/bin/sh\n'.repeat(20)), crc32).state).toBe('foreign');
  });

  it('takes only a short word for its kind', () => {
    for (const kind of ['', 'two words', 'ä', 'x'.repeat(31)]) {
      expect(() => encodeFileHeader({ ...rest, kind }, crc32)).toThrow('defect');
    }
  });
});

describe('a frame header', () => {
  it('reads as it was written', () => {
    const header = fc.record({ length: uint32, sequence: fc.maxSafeNat(), check: uint32 });
    fc.assert(
      fc.property(header, (written) => {
        const bytes = new Uint8Array(FRAME_HEADER_BYTES);
        encodeFrameHeader(bytes, written);
        expect(decodeFrameHeader(bytes)).toEqual(written);
      }),
    );
  });

  it('is not there in zeros, nor in fewer bytes', () => {
    expect(decodeFrameHeader(new Uint8Array(100))).toBeUndefined();
    expect(decodeFrameHeader(Uint8Array.of(0xc1, 0xf2, 0xa4, 0x4a))).toBeUndefined();
  });
});

describe('the check of a frame', () => {
  const frame = { length: 4, sequence: 7 };
  const check = frameCheck(frame, [Uint8Array.of(1, 2, 3, 4)], 99, crc32);

  it('does not depend on the parts in which the payload comes', () => {
    const parts = [Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3, 4)];
    expect(frameCheck(frame, parts, 99, crc32)).toBe(check);
  });

  it.each([
    ['payload', frame, [1, 2, 3, 5], 99],
    ['sequence', { length: 4, sequence: 8 }, [1, 2, 3, 4], 99],
    ['length', { length: 5, sequence: 7 }, [1, 2, 3, 4], 99],
    ['salt', frame, [1, 2, 3, 4], 98],
  ])('changes with the %s', (_, other, payload, salt) => {
    expect(frameCheck(other, [Uint8Array.from(payload)], salt, crc32)).not.toBe(check);
  });
});
