import { expect, it } from 'vitest';
import { NONE, UnitTable } from '../../src/manager/unit-table.ts';

it('a table is dumped page by page, what all units have in common once, and restored', () => {
  const table = new UnitTable();
  for (let unit = 0; unit < 20_000; unit++) table.add(7, unit === 3 ? '{"name":"x"}' : null);
  table.page(19_999).attempt[19_999 & 16_383] = 2;
  const pages = table.dump();
  expect(pages.map(({ rows }) => rows)).toEqual([16_384, 3616]);
  expect(pages[0]?.columns).toMatchObject({ template: 7, place: NONE, attempt: 0, startedAt: 0 });
  expect(pages[1]?.columns.attempt).toHaveLength(3616);

  const restored = new UnitTable();
  for (const page of pages) restored.restore(page);
  expect(restored.dump()).toEqual(pages);
  expect(restored.page(5).template[5]).toBe(7);
  expect(restored.own(3)).toBe('{"name":"x"}');
  expect(restored.counts).toEqual(table.counts);
  table.page(0).template[0] = 8;
  expect(pages[0]?.columns.template).toBe(7);
});
