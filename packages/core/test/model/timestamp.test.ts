import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DescriptionError } from '../../src/model/errors.ts';
import { parseTimestamp } from '../../src/model/timestamp.ts';

describe('parseTimestamp', () => {
  it('agrees with Date about every point in time that Date can write', () => {
    const years = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') };
    fc.assert(
      fc.property(fc.date({ ...years, noInvalidDate: true }), (date) => {
        expect(parseTimestamp(date.toISOString())).toBe(date.getTime());
        expect(parseTimestamp(date)).toBe(date.getTime());
      }),
    );
  });

  it.each([
    '2026-03-01T09:00Z',
    '2024-02-29T23:59:59.5Z',
    '2000-12-31T00:00:00+05:30',
    '1969-07-20T20:17:40-0600',
  ])('agrees with Date about %s', (text) => {
    expect(parseTimestamp(text)).toBe(Date.parse(text));
  });

  it('takes numbers for seconds', () => {
    expect(parseTimestamp(1_772_355_600.5)).toBe(1_772_355_600_500);
  });

  it.each([
    '2026-03-01',
    '2026-03-01T09:00:00', // In whose time zone?
    '2026-02-29T09:00:00Z',
    '2026-13-01T09:00:00Z',
    '2026-04-31T09:00:00Z',
    '2026-03-01T24:00:00Z',
    'tomorrow',
    1_772_355_600_000, // Milliseconds.
    Number.NaN,
    new Date(Number.NaN),
    null,
    {},
  ])('refuses %o', (value) => {
    expect(() => parseTimestamp(value as string)).toThrow(DescriptionError);
  });

  it('says what to write instead', () => {
    expect(() => parseTimestamp('tomorrow')).toThrow(
      "'tomorrow' is no time; write '2026-03-01T09:00:00Z', a Date, or seconds since the epoch",
    );
    expect(() => parseTimestamp(new Date('x'))).toThrow('an invalid Date is no time');
  });
});
