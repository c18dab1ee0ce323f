import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId, parseUnitId, unitId } from '../../src/model/ids.ts';

describe('newId', () => {
  it('is safe in paths and URLs whatever the dice say', () => {
    const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.infiniteStream(fraction), (dice) => {
        expect(newId('work', () => dice.next().value)).toMatch(/^work-[0-9a-z]{8}$/);
      }),
    );
  });

  it('uses each throw', () => {
    let next = 0;
    expect(newId('pilot', () => next++ / 36)).toBe('pilot-01234567');
  });
});

describe('unit ids', () => {
  it('come apart as they were put together', () => {
    const index = fc.nat({ max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), index, (service, number) => {
        expect(parseUnitId(unitId(service, number))).toEqual({ service, index: number });
      }),
    );
  });

  it.each([
    '',
    'work-a',
    'work-a.',
    '.1',
    'work-a.01',
    'work-a.-1',
    'work-a.1e3',
    'work-a.4294967296',
  ])('%o is none', (text) => {
    expect(parseUnitId(text)).toBeUndefined();
  });
});
