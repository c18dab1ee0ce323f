import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DescriptionError } from '../../src/model/errors.ts';
import {
  approximateSize,
  DURATION_MAX_S,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
} from '../../src/model/quantity.ts';

describe('parseDuration', () => {
  it.each([
    [90, 90],
    [0, 0],
    [0.25, 0.25],
    ['90s', 90],
    ['1h30m', 5400],
    [' 1 h 30 min ', 5400],
    ['1.5h', 5400],
    ['250ms', 0.25],
    ['1s1ms', 1.001],
    ['2d', 172_800],
    ['1w', 604_800],
    ['01:30:00', 5400],
    ['100:00:01', 360_001],
    ['1-12:00:00', 129_600],
  ])('reads %o as %d s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each([
    '10 parsecs',
    '90', // Slurm would take it for minutes.
    '',
    'h',
    '1h 30',
    '-5s',
    '1:30',
    '00:60:00',
    '5M',
    '1constructor',
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    true,
    {},
  ])('refuses %o', (value) => {
    expect(() => parseDuration(value as string)).toThrow(DescriptionError);
  });

  it('says what to write instead', () => {
    expect(() => parseDuration('10 parsecs')).toThrow(
      /^'10 parsecs' is no duration; write seconds, or '1h30m'$/,
    );
  });
});

describe('parseSize', () => {
  it.each([
    [4096, 4096],
    ['4GiB', 4 * 2 ** 30],
    ['4 G', 4 * 2 ** 30],
    ['512M', 512 * 2 ** 20],
    ['1.5 GB', 1_500_000_000],
    ['1kB', 1000],
    ['1K', 1024],
    ['2TiB', 2 ** 41],
    ['7B', 7],
    ['0.3KiB', 307],
  ])('reads %o as %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['4', '4 gibibytes', '4gib', '', '-1GiB', -1, Number.NaN, null, []])(
    'refuses %o',
    (value) => {
      expect(() => parseSize(value as string)).toThrow(DescriptionError);
    },
  );

  it('says what to write instead', () => {
    expect(() => parseSize('4 lots')).toThrow(/^'4 lots' is no size; write bytes, or '4GiB'$/);
  });
});

describe('the round trip', () => {
  const anyAmount = fc.double({ min: 0, max: DURATION_MAX_S, noNaN: true });

  it('gives back every duration exactly', () => {
    const milliseconds = fc.nat({ max: 10 ** 12 }).map((ms) => ms / 1000);
    fc.assert(
      fc.property(fc.oneof(milliseconds, fc.nat(), anyAmount), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds);
      }),
    );
  });

  it('gives back every size exactly', () => {
    const powers = fc
      .tuple(fc.nat({ max: 4096 }), fc.constantFrom(0, 10, 20, 30, 40))
      .map(([amount, power]) => amount * 2 ** power);
    fc.assert(
      fc.property(fc.oneof(powers, fc.maxSafeNat()), (bytes) => {
        expect(parseSize(formatSize(bytes))).toBe(bytes);
      }),
    );
  });

  it('reads what it writes whatever the spaces', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('', ' ', '  '), (seconds, space) => {
        const text = formatDuration(seconds).replaceAll(/(\d+)([a-z]+)/g, `${space}$1${space}$2`);
        expect(parseDuration(text)).toBe(seconds);
      }),
    );
  });

  it.each([
    [0, '0s'],
    [5400, '1h30m'],
    [86_401.25, '1d1s250ms'],
    [1e-7, '1e-7s'],
    [-1, '-1s'],
    [-5400, '-5400s'],
  ])('writes %d s as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [0, '0B'],
    [1000, '1000B'],
    [2 ** 32, '4GiB'],
    [1536 * 2 ** 20, '1536MiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('rounds sizes for people', () => {
    expect([999, 16_756_420_608, 150_000_000_000, 2 ** 32].map(approximateSize)).toEqual([
      '999 B',
      '15.6 GiB',
      '140 GiB',
      '4 GiB',
    ]);
  });
});
