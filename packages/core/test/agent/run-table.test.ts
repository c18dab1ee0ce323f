import { describe, expect, it } from 'vitest';
import { RunTable } from '../../src/agent/run-table.ts';
import { newService, type Run } from '../../src/agent/service-work.ts';

const service = newService('work');
const table = new RunTable(3);

function add(unit: number, of = service): Run {
  const run = {
    key: table.nextKey,
    service: of,
    unit,
    attempt: 1,
    template: { id: 1, request: {}, command: { executable: 'true' } } as never,
    own: null,
    allocation: {} as never,
    startedAt: 0,
    startedRow: -1,
    stop: undefined,
  };
  table.add(run);
  return run;
}

describe('a table of runs', () => {
  it('finds runs by key and by unit, and never gives a key twice', () => {
    const seen = new Set<number>();
    const live: Run[] = [];
    for (let unit = 0; unit < 100; unit++) {
      const run = add(unit);
      expect(seen.has(run.key)).toBe(false);
      seen.add(run.key);
      live.push(run);
      expect(table.of(run.key)).toBe(run);
      expect(table.ofUnit(service, unit)).toBe(run);
      if (live.length < 3) continue;
      const over = live.splice(unit % 3, 1)[0] as Run;
      table.remove(over);
      expect(table.of(over.key)).toBeUndefined();
      expect(table.ofUnit(service, over.unit)).toBeUndefined();
      expect(table.size).toBe(2);
    }
  });

  it('tells services apart, and holds no more runs than there are cores', () => {
    const other = newService('other');
    const units = table.ofService(service).map(({ unit }) => unit);
    const last = add(units[0] as number, other);
    expect(table.ofService(other)).toEqual([last]);
    expect(table.ofUnit(service, last.unit)).not.toBe(last);
    expect(() => table.nextKey).toThrow('more runs than cores');
  });
});
