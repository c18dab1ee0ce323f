import { expect, it } from 'vitest';
import { toBase64 } from '../../src/model/base64.ts';

it.each([0, 1, 2, 3, 4, 255, 256, 6143, 6144, 6145, 70_000])(
  '%d bytes are what everybody makes of them',
  (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7919) >>> 3);
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
  },
);
