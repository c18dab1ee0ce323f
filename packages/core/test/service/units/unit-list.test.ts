import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { madeWhenTaken, unitList } from '../../../src/service/units/unit-list.ts';
import type { WorkUnit } from '../../../src/service/units/work-unit.ts';

const MANY = 40_000;

const idsOf = (units: Iterable<WorkUnit>): string[] => Array.from(units, ({ id }) => id);

const view = (unit: number): WorkUnit => ({ id: `w.${unit}` }) as WorkUnit;

/** A list whose units are made when they are taken out, and how many of them were. */
function lazy(count = MANY): { units: WorkUnit[]; made: () => number } {
  let made = 0;
  const units = madeWhenTaken(5, count, (unit) => {
    made++;
    return view(unit);
  });
  return { units, made: () => made };
}

/** The same, made at once. */
function plain(): WorkUnit[] {
  return Array.from({ length: MANY }, (_, i) => view(5 + i));
}

describe('a list of units', () => {
  it('is an array of all', async () => {
    expect(idsOf(await unitList(5, 3, view))).toEqual(['w.5', 'w.6', 'w.7']);
    expect(await unitList(5, 0, view)).toEqual([]);
  });

  it('lets others have their turn while many are made', async () => {
    let turns = 0;
    let isMade = false;
    const tick = (): void => {
      turns++;
      if (!isMade) setImmediate(tick);
    };
    setImmediate(tick);
    const units = await unitList(5, MANY, view);
    isMade = true;
    expect(turns).toBeGreaterThanOrEqual(2);
    expect(units).toEqual(plain());
    expect(structuredClone(units)).toHaveLength(MANY);
  });

  it('of many millions makes hardly any before they are taken out', async () => {
    let made = 0;
    const units = await unitList(5, 10_000_000, (unit) => {
      made++;
      return view(unit);
    });
    expect(units).toHaveLength(10_000_000);
    expect(units.at(-1)?.id).toBe('w.10000004');
    expect(made).toBeLessThan(200);
  });

  it('of more than are to be made makes hardly any', async () => {
    let made = 0;
    const counted = (unit: number): WorkUnit => {
      made++;
      return view(unit);
    };
    expect(await unitList(5, 1000, counted, 1000)).toHaveLength(1000);
    expect(made).toBe(1000);
    made = 0;
    const units = await unitList(5, MANY, counted, 1000);
    expect(made).toBeLessThan(200);
    expect(units).toEqual(plain());
  });
});

describe('a list whose units are made when they are taken out', () => {
  it('makes each once', () => {
    const { units, made } = lazy();
    const atFirst = made();
    expect(units[20_007]?.id).toBe('w.20012');
    expect(units[20_007]).toBe(units[20_007]);
    expect(units.at(-1)?.id).toBe(`w.${MANY + 4}`);
    expect(made()).toBe(atFirst + 2);
    expect(units[MANY]).toBeUndefined();
    expect(1.5 in units).toBe(false);
    expect(20_009 in units).toBe(true);
    expect(units.indexOf(units[20_007] as WorkUnit)).toBe(20_007);
    expect(units.includes(units[30_000] as WorkUnit)).toBe(true);
    for (let walk = 0; walk < 2; walk++) expect(idsOf(units)).toEqual(idsOf(plain()));
    expect(made()).toBe(MANY);
  });

  it.each<[string, (units: WorkUnit[]) => unknown]>([
    ['is an array', (units) => [Array.isArray(units), units.length]],
    ['equal', (units) => units],
    ['destructuring', ([one, , three]) => [one, three]],
    ['for-in', (units) => Object.keys(units)],
    ['entries', (units) => [...units.entries()].slice(-2)],
    ['map', (units) => units.map(({ id }) => id)],
    ['filter', (units) => units.filter(({ id }) => id.endsWith('7'))],
    ['slice', (units) => units.slice(-3)],
    ['concat', (units) => units.concat(units).length],
    ['spread into a call', (units) => Math.max(...units.map(({ id }) => id.length))],
    ['reduce', (units) => units.reduce((sum, { id }) => sum + id.length, 0)],
    ['JSON', (units) => JSON.stringify(units)],
    ['what is seen', (units) => inspect(units)],
    ['sort', (units) => units.sort((a, b) => (a.id < b.id ? -1 : 1))],
    ['reverse', (units) => idsOf(units.reverse())],
    ['splice', (units) => [units.splice(1, 2), units]],
    ['push and pop', (units) => [units.push(view(1)), units.pop(), units.pop(), units.length]],
    ['shift and unshift', (units) => [units.shift(), units.unshift(view(1), view(2)), units[2]]],
    [
      'assignment',
      (units) => [Object.assign(units, { 20000: view(1) }).length, units[20_000], units[20_001]],
    ],
    ['growth', (units) => [Object.assign(units, { [MANY]: view(1) }).length, units[MANY - 1]]],
    [
      'a shorter length',
      (units) => [Object.assign(units, { length: 2 }).at(-1), units[5], [...units]],
    ],
    ['deletion', (units) => [delete units[7], 7 in units, units.length, units[8]]],
    ['freezing', (units) => [Object.isFrozen(Object.freeze(units)), units.at(-1)]],
  ])('does what any other does: %s', (_, use) => {
    expect(use(lazy().units)).toEqual(use(plain()));
  });
});
