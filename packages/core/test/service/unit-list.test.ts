import { describe, expect, it } from 'vitest';
import { unitList } from '../../src/service/unit-list.ts';
import type { WorkUnit } from '../../src/service/work-unit.ts';

const MANY = 20_000;

/** A list, and how many of its units were made. */
function listOf(count: number): { units: WorkUnit[]; made: () => number } {
  let made = 0;
  const view = (unit: number): WorkUnit => {
    made++;
    return { id: `w.${unit}` } as WorkUnit;
  };
  return { units: unitList(5, count, view), made: () => made };
}

describe('a list of units', () => {
  it('is an array of all', () => {
    const { units, made } = listOf(3);
    expect(units.map(({ id }) => id)).toEqual(['w.5', 'w.6', 'w.7']);
    expect(made()).toBe(3);
  });

  it('of very many makes each once, when it is taken out', () => {
    const { units, made } = listOf(MANY);
    expect(units).toHaveLength(MANY);
    expect(Array.isArray(units)).toBe(true);
    expect(made()).toBe(0);
    expect(units[7]?.id).toBe('w.12');
    expect(units[7]).toBe(units[7]);
    expect(units.at(-1)?.id).toBe(`w.${MANY + 4}`);
    expect(made()).toBe(2);
    expect(units[MANY]).toBeUndefined();
    expect(1.5 in units).toBe(false);
    expect([...units].map(({ id }) => id)).toEqual(
      Array.from({ length: MANY }, (_, i) => `w.${i + 5}`),
    );
    expect(made()).toBe(MANY);
  });

  it('of very many can be changed like any other', () => {
    const { units } = listOf(MANY);
    expect(units.splice(1, 2).map(({ id }) => id)).toEqual(['w.6', 'w.7']);
    expect(units).toHaveLength(MANY - 2);
    expect(units[1]?.id).toBe('w.8');
    units.length = 2;
    expect(units[5]).toBeUndefined();
    expect(units.reverse().map(({ id }) => id)).toEqual(['w.8', 'w.5']);
    expect(Object.keys(units)).toEqual(['0', '1']);
    expect(Object.isFrozen(Object.freeze(listOf(MANY).units))).toBe(true);
  });
});
