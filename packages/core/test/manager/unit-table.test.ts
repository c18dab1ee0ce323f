import { expect, it } from 'vitest';
import { NONE, STATE, UnitTable } from '../../src/manager/unit-table.ts';

it('a table is dumped page by page, what all units have in common once, and restored', () => {
  const table = new UnitTable();
  for (let unit = 0; unit < 20_000; unit++) table.add(7, unit === 3 ? '{"name":"x"}' : null);
  table.toWrite(19_999).attempt[19_999 & 16_383] = 2;
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
  table.toWrite(0).template[0] = 8;
  expect(pages[0]?.columns.template).toBe(7);
});

it('units that are all alike are added in ranges as they are one by one', () => {
  const [ranges, single] = [new UnitTable(), new UnitTable()];
  for (const table of [ranges, single]) table.add(1, null);
  expect(ranges.addAlike(2, 40_000, STATE.Pending)).toBe(1);
  for (let i = 0; i < 40_000; i++) {
    const unit = single.add(2, null);
    single.move(unit, STATE.Pending);
    single.toWrite(unit).next[unit & 16_383] = unit + 1;
  }
  expect(ranges.dump()).toEqual(single.dump());
  expect(ranges.counts).toEqual(single.counts);
});

it('what was prepared changes nothing, whether it is needed or let go', () => {
  const [prepared, other] = [new UnitTable(), new UnitTable()];
  for (const table of [prepared, other]) table.addAlike(1, 10, STATE.Pending);
  for (let i = 0; i < 5; i++) prepared.prepare(40_000);
  expect(prepared.dump()).toEqual(other.dump());
  for (const table of [prepared, other]) table.addAlike(2, 20_000, STATE.Pending);
  prepared.dropPrepared();
  for (const table of [prepared, other]) {
    for (let i = 0; i < 20_000; i++) table.add(3, null);
  }
  expect(prepared.dump()).toEqual(other.dump());
});

it('a dump that is taken in turn says what was there when it began', () => {
  const table = new UnitTable();
  table.addAlike(7, 50_000, STATE.Pending);
  const then = table.dump();
  const pages = table.dumpInTurn();
  const taken = [pages.next().value];
  // Of a page that is taken, of two that are not, and behind what there was.
  for (const unit of [3, 20_000, 20_001, 49_999]) table.move(unit, STATE.Scheduled);
  table.addAlike(8, 20_000, STATE.Pending);
  table.move(60_000, STATE.Scheduled);
  for (let page = pages.next(); !page.done; page = pages.next()) taken.push(page.value);
  expect(taken).toEqual(then);
  expect([...table.dumpInTurn()]).toEqual(table.dump());
});

it('nothing is copied any more for a dump that has ended, wherever it was', () => {
  const table = new UnitTable();
  table.addAlike(7, 50_000, STATE.Pending);
  const all = table.dumpInTurn();
  expect([...all]).toHaveLength(4);
  expect(table.isDumping).toBe(false);
  const unasked = table.dumpInTurn();
  expect(table.isDumping).toBe(true);
  table.move(20_000, STATE.Scheduled);
  unasked.return();
  const begun = table.dumpInTurn();
  for (const page of begun) {
    expect(page.rows).toBe(16_384);
    break;
  }
  expect(table.isDumping).toBe(false);
  for (const ended of [all, unasked, begun]) expect(ended.next().done).toBe(true);
});

it('a dump that another has put an end to says nothing wrong', () => {
  const table = new UnitTable();
  table.addAlike(7, 50_000, STATE.Pending);
  const [first, second] = [table.dumpInTurn(), table.dumpInTurn()];
  const then = table.dump();
  table.move(20_000, STATE.Scheduled);
  expect(() => first.next()).toThrow('after another had begun');
  // Its end is not that of the other.
  first.return();
  table.move(40_000, STATE.Scheduled);
  expect([...second]).toEqual(then);
});
