import { expect, it } from 'vitest';
import { STATE } from '../../src/manager/state-numbers.ts';
import { NONE } from '../../src/manager/unit-page.ts';
import { UnitTable } from '../../src/manager/unit-table.ts';

/** Adds pending units. */
function add(table: UnitTable, template: number, count: number): void {
  const first = table.size;
  table.addAlike(template, count);
  table.leaveNew(first, count, STATE.Pending);
}

it('a table is dumped page by page, what all units have in common once, and restored', () => {
  const table = new UnitTable();
  table.addAlike(7, 20_000);
  table.setOwn(3, '{"name":"x"}');
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
  for (const table of [ranges, single]) table.addAlike(1, 1);
  add(ranges, 2, 40_000);
  for (let unit = 1; unit <= 40_000; unit++) {
    single.addAlike(2, 1);
    single.move(unit, STATE.Pending);
  }
  expect(ranges.dump()).toEqual(single.dump());
  expect(ranges.counts).toEqual(single.counts);
});

it('what units have of their own is the same in lines as one by one, across pages too', () => {
  const [lines, single] = [new UnitTable(), new UnitTable()];
  for (const table of [lines, single]) table.addAlike(1, 40_000);
  const own = (unit: number) => (unit % 3 === 0 ? '' : `{"name":"u${unit}"}`);
  // In two pages, all within one, and up to the end of the last.
  for (const [first, count] of [
    [16_000, 1000],
    [20_000, 5],
    [32_000, 8000],
  ] as const) {
    const texts = Array.from({ length: count }, (_, row) => own(first + row));
    lines.setOwnLines(first, count, texts.join('\n'));
    for (let row = 0; row < count; row++) {
      if (own(first + row) !== '') single.setOwn(first + row, own(first + row));
    }
  }
  for (const unit of [15_999, 16_001, 16_384, 16_999, 17_000, 20_003, 39_999]) {
    expect(lines.own(unit), `${unit}`).toBe(single.own(unit));
  }
  expect(lines.own(16_384)).toBe(own(16_384));
  expect(lines.dump()).toEqual(single.dump());
});

it('what was prepared changes nothing, whether it is needed or let go', () => {
  const [prepared, other] = [new UnitTable(), new UnitTable()];
  for (const table of [prepared, other]) add(table, 1, 10);
  for (let i = 0; i < 5; i++) prepared.prepare(40_000);
  expect(prepared.dump()).toEqual(other.dump());
  for (const table of [prepared, other]) add(table, 2, 20_000);
  prepared.dropPrepared();
  for (const table of [prepared, other]) {
    for (let i = 0; i < 20_000; i++) table.addAlike(3, 1);
  }
  expect(prepared.dump()).toEqual(other.dump());
});

it('a dump that is taken in turn says what was there when it began', () => {
  const table = new UnitTable();
  add(table, 7, 50_000);
  const then = table.dump();
  const pages = table.dumpInTurn();
  const taken = [pages.next().value];
  // Of a page that is taken, of two that are not, and behind what there was.
  for (const unit of [3, 20_000, 20_001, 49_999]) table.move(unit, STATE.Scheduled);
  add(table, 8, 20_000);
  table.move(60_000, STATE.Scheduled);
  for (let page = pages.next(); !page.done; page = pages.next()) taken.push(page.value);
  expect(taken).toEqual(then);
  expect([...table.dumpInTurn()]).toEqual(table.dump());
});

it('nothing is copied any more for a dump that has ended, wherever it was', () => {
  const table = new UnitTable();
  add(table, 7, 50_000);
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
  add(table, 7, 50_000);
  const [first, second] = [table.dumpInTurn(), table.dumpInTurn()];
  const then = table.dump();
  table.move(20_000, STATE.Scheduled);
  expect(() => first.next()).toThrow('after another had begun');
  // Its end is not that of the other.
  first.return();
  table.move(40_000, STATE.Scheduled);
  expect([...second]).toEqual(then);
});
