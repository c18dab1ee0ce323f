import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Dependencies } from '../../src/manager/dependencies.ts';
import { TO_ROW } from '../../src/manager/edge-targets.ts';
import { GrowingUint32 } from '../../src/manager/growing.ts';

describe('what a unit waits for', () => {
  it('costs as much to tell as the unit has dependencies', () => {
    const dependencies = new Dependencies();
    const count = 10_000;
    for (let unit = 1; unit < count; unit++) dependencies.waitForUnit(unit, unit - 1, true);
    dependencies.awaitedBy(1);
    const looked = vi.spyOn(GrowingUint32.prototype, 'at');
    try {
      expect(dependencies.awaitedBy(count - 1)).toEqual([{ unit: count - 2, onSuccess: true }]);
      expect(looked.mock.calls.length).toBeLessThan(50);
      // What is submitted after the first question, too.
      dependencies.waitForUnit(count, 0, false);
      looked.mockClear();
      expect(dependencies.awaitedBy(count)).toEqual([{ unit: 0, onSuccess: false }]);
      expect(looked.mock.calls.length).toBeLessThan(50);
    } finally {
      looked.mockRestore();
    }
  });

  it('is named up to as many as are wanted', () => {
    const dependencies = new Dependencies();
    for (let unit = 0; unit < 1000; unit++) dependencies.waitForUnit(1000, unit, true);
    for (let unit = 0; unit < 3; unit++) {
      for (const packed of dependencies.takeDependentsOf(unit)) dependencies.countOff(packed >>> 1);
    }
    expect(dependencies.waitingOn(1000)).toBe(997);
    expect(dependencies.awaitedBy(1000, 2)).toEqual([
      { unit: 3, onSuccess: true },
      { unit: 4, onSuccess: true },
    ]);
  });

  it('is not a group that has ended, and has members again for others', () => {
    const dependencies = new Dependencies();
    const group = dependencies.ensureGroup('g');
    dependencies.waitForGroup(5, group, true);
    dependencies.waitForUnit(5, 0, true);
    expect(dependencies.awaitedBy(5)).toHaveLength(2);
    for (const packed of dependencies.takeDependentsOfGroup(group)) {
      dependencies.countOff(packed >>> 1);
    }
    dependencies.waitForGroup(6, group, false);
    expect(dependencies.awaitedBy(5)).toEqual([{ unit: 0, onSuccess: true }]);
    expect(dependencies.awaitedBy(6)).toEqual([{ group, onSuccess: false }]);
  });

  it('is what is left of all that it was submitted with, whenever somebody asks', () => {
    const step = fc.record({
      edges: fc.array(fc.nat(), { maxLength: 4 }),
      viaRows: fc.boolean(),
      ends: fc.option(fc.nat()),
      asks: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const dependencies = new Dependencies();
        const left = new Map<number, number[]>();
        const over = new Set<number>();
        steps.forEach(({ edges, viaRows, ends, asks }, unit) => {
          const targets = edges.map((edge) => edge % (unit + 1)).filter((to) => to < unit);
          const open = targets.filter((to) => !over.has(to));
          dependencies.reserve(unit + 1, open.length);
          if (viaRows) {
            const rows = open.flatMap((to) => [unit, 2 * to + 1, TO_ROW]);
            expect(dependencies.waitForRows(0, rows, 0)).toBe(rows.length);
          } else for (const to of open) dependencies.waitForUnit(unit, to, true);
          left.set(unit, open);
          if (ends !== null && ends < unit && !over.has(ends)) {
            over.add(ends);
            for (const packed of dependencies.takeDependentsOf(ends)) {
              dependencies.countOff(packed >>> 1);
            }
            for (const [each, to] of left) {
              left.set(
                each,
                to.filter((target) => target !== ends),
              );
            }
          }
          if (!asks) return;
          for (const [each, to] of left) {
            const expected = to.map((target) => ({ unit: target, onSuccess: true }));
            expect(dependencies.awaitedBy(each)).toEqual(expected);
          }
        });
      }),
    );
  });
});
