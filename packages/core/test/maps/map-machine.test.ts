/** Single decisions; what comes of all of them together is in test/maps. */
import { describe, expect, it } from 'vitest';
import type { MapEffect, MapInput, MapRules } from '../../src/maps/map-events.ts';
import { MapMachine } from '../../src/maps/map-machine.ts';

const RULES: MapRules = {
  batch: 'auto',
  retries: 0,
  onError: 'collect',
  window: 1000,
  windowBytes: 1e6,
  isOrdered: true,
  isReduce: false,
};
const now = 0;

/** A map whose units are ready, and its effects since the last look. */
class Desk {
  readonly machine: MapMachine;
  #effects: MapEffect[] = [];

  constructor(rules: Partial<MapRules> = {}) {
    this.machine = new MapMachine({ ...RULES, ...rules });
  }

  tell(...inputs: MapInput[]): this {
    for (const input of inputs) this.#effects.push(...this.machine.handle(input));
    return this;
  }

  inputs(count: number, bytes = 10): this {
    const sizes = Array.from({ length: count }, () => bytes);
    return this.tell({ type: 'inputs', sizes, now }, { type: 'inputs-over', now });
  }

  ready(unit: number, ...held: { batch: number; first: number; count: number }[]): this {
    return this.tell({ type: 'unit-ready', unit, attempt: 1, held, now });
  }

  results(
    unit: number,
    batch: number,
    [first, count]: [number, number],
    more: Partial<Extract<MapInput, { type: 'results' }>> = {},
  ): this {
    const span = { first, count };
    const common = { failed: [], suspects: [], isLast: true, isFolded: false, now };
    const bytes = 10 * count;
    return this.tell({
      type: 'results',
      unit,
      attempt: 1,
      batch,
      span,
      bytes,
      ms: 1,
      ...common,
      ...more,
    });
  }

  /** What there was of that type. */
  take<Type extends MapEffect['type']>(type: Type): Extract<MapEffect, { type: Type }>[] {
    const taken = this.#effects.filter((effect) => effect.type === type);
    this.#effects = this.#effects.filter((effect) => effect.type !== type);
    return taken as Extract<MapEffect, { type: Type }>[];
  }
}

describe('a map', () => {
  it('asks for as many units as there are slots, or calls', () => {
    const few = new Desk().tell({ type: 'capacity', units: 8, now }).inputs(3);
    expect(few.take('submit-units')).toEqual([{ type: 'submit-units', count: 3 }]);
    const many = new Desk().tell({ type: 'capacity', units: 8, now }).inputs(30);
    expect(many.take('submit-units')).toEqual([{ type: 'submit-units', count: 8 }]);
    const none = new Desk().inputs(30);
    expect(none.take('submit-units')).toEqual([{ type: 'submit-units', count: 1 }]);
  });

  it('is over at once without inputs, and after the last result otherwise', () => {
    expect(new Desk().inputs(0).take('over')).toEqual([{ type: 'over' }]);
    const desk = new Desk().inputs(1).tell({ type: 'unit-submitted', unit: 5, now }).ready(5);
    expect(desk.take('send')).toMatchObject([{ unit: 5, span: { first: 0, count: 1 }, round: 1 }]);
    expect(desk.take('over')).toEqual([]);
    desk.results(5, 0, [0, 1]);
    expect(desk.take('accept')).toMatchObject([{ isLast: true, failed: [] }]);
    expect(desk.take('end-units')).toEqual([{ type: 'end-units', units: [5] }]);
    expect(desk.take('over')).toEqual([{ type: 'over' }]);
  });

  it('acknowledges what comes after its end, and tells units again that it is over', () => {
    const desk = new Desk().inputs(1).ready(5).results(5, 0, [0, 1]);
    desk.take('end-units');
    desk.ready(5, { batch: 0, first: 0, count: 1 }).results(5, 0, [0, 1]);
    expect(desk.take('end-units')).toEqual([{ type: 'end-units', units: [5] }]);
    expect(desk.take('discard')).toMatchObject([{ batch: 0, isLast: true }]);
    desk.tell({ type: 'unit-submitted', unit: 6, now });
    expect(desk.take('cancel-units')).toEqual([{ type: 'cancel-units', units: [6] }]);
  });

  it('halves those of which one has ended its worker, and charges only that one', () => {
    const desk = new Desk({ batch: 64 }).inputs(64).ready(1);
    desk.take('send');
    const suspects = Array.from({ length: 64 }, (_, i) => i);
    desk.results(1, 0, [0, 64], { suspects });
    let tried = 0;
    for (let sent = desk.take('send'); sent.length > 0; sent = desk.take('send')) {
      for (const { batch, span } of sent) {
        tried++;
        expect(span.count).toBeLessThan(64);
        const { first, count } = span;
        const isGuilty = first <= 37 && 37 < first + count;
        const calls = suspects.slice(first, first + count);
        desk.results(1, batch, [first, count], { suspects: isGuilty ? calls : [] });
      }
    }
    expect(tried).toBe(12);
    const failed = desk.take('accept').flatMap((accept) => accept.failed);
    expect(failed).toEqual([37]);
    expect(desk.take('over')).toEqual([{ type: 'over' }]);
  });

  it('tries a call again as often as it may, and says which time it is', () => {
    const desk = new Desk({ retries: 2 }).inputs(1).ready(1);
    for (const round of [1, 2, 3]) {
      const [sent] = desk.take('send');
      expect(sent).toMatchObject({ round });
      desk.results(1, sent?.batch ?? -1, [0, 1], { failed: [0] });
      expect(desk.take('discard')).toHaveLength(round < 3 ? 1 : 0);
    }
    expect(desk.take('accept')).toMatchObject([{ failed: [0], isLast: true }]);
  });

  it('ends with the first failure where it is to stop, and takes everything back', () => {
    const desk = new Desk({ onError: 'stop' }).inputs(10).ready(1).ready(2);
    desk.results(1, 0, [0, 1], { failed: [0] });
    expect(desk.take('accept')).toMatchObject([{ failed: [0] }]);
    expect(desk.take('cancel-units')).toEqual([{ type: 'cancel-units', units: [1, 2] }]);
    expect(desk.take('over')).toEqual([{ type: 'over' }]);
  });

  it('takes back for an idle unit what waits behind a long call', () => {
    const desk = new Desk({ batch: 1 }).inputs(3).ready(1);
    expect(desk.take('send')).toHaveLength(3);
    desk.ready(2);
    expect(desk.take('drop')).toEqual([{ type: 'drop', unit: 1, attempt: 1, batches: [2] }]);
    desk.tell({ type: 'dropped', unit: 1, attempt: 1, batches: [2], now });
    expect(desk.take('send')).toMatchObject([{ unit: 2, span: { first: 2, count: 1 } }]);
  });

  it('counts the first result of a call, whoever has it', () => {
    const desk = new Desk({ batch: 1 }).inputs(1).ready(1);
    desk.tell({ type: 'unit-over', unit: 1, isFinal: true, now }).ready(2);
    desk.take('send');
    desk.results(1, 0, [0, 1]);
    expect(desk.take('accept')).toMatchObject([{ unit: 1, batch: 0 }]);
    desk.results(2, 1, [0, 1]);
    expect(desk.take('discard')).toMatchObject([{ unit: 2, isLast: true }]);
  });

  it('does not try again what came late after all', () => {
    const desk = new Desk({ batch: 2, retries: 1 }).inputs(2).ready(1);
    desk.tell({ type: 'unit-over', unit: 1, isFinal: true, now }).ready(2);
    const [, second] = desk.take('send');
    desk.tell({ type: 'yield', unit: 2, attempt: 1, now });
    desk.results(2, second?.batch ?? -1, [0, 2]);
    expect(desk.take('accept')).toHaveLength(1);
    expect(desk.take('over')).toHaveLength(1);
    const failing = new Desk({ batch: 1, retries: 1 }).inputs(1).ready(1);
    failing.tell({ type: 'unit-over', unit: 1, isFinal: true, now }).ready(2);
    failing.take('send');
    failing.tell({ type: 'capacity', units: 1, now });
    failing.results(2, 1, [0, 1], { failed: [0] });
    failing.tell({ type: 'yield', unit: 2, attempt: 1, now });
    failing.take('send');
    failing.results(1, 0, [0, 1]);
    expect(failing.take('over')).toHaveLength(1);
  });

  it('sends again what a batch has left out, between its results or after them', () => {
    const desk = new Desk({ batch: 10 }).inputs(10).ready(1);
    desk.take('send');
    desk.results(1, 0, [0, 2], { isLast: false }).results(1, 0, [5, 2]);
    expect(desk.take('send').map(({ span }) => span)).toEqual([
      { first: 2, count: 3 },
      { first: 7, count: 3 },
    ]);
  });

  it('knows by the attempt of a unit that it has lost what it had', () => {
    const desk = new Desk({ batch: 10 }).inputs(10).ready(1);
    desk.take('send');
    desk.tell({ type: 'unit-ready', unit: 1, attempt: 2, held: [], now });
    expect(desk.take('send')).toMatchObject([{ attempt: 2, span: { first: 0, count: 10 } }]);
    desk.results(1, 0, [0, 10], { failed: [3] });
    expect(desk.take('accept').flatMap(({ failed }) => failed)).toEqual([]);
  });

  it('has units end that give way, and says so again on a new link', () => {
    const desk = new Desk({ batch: 5 }).inputs(10).ready(1);
    desk.tell({ type: 'yield', unit: 1, attempt: 1, now });
    expect(desk.take('end-units')).toEqual([{ type: 'end-units', units: [1] }]);
    expect(desk.take('submit-units')).toHaveLength(1);
    desk.ready(1);
    expect(desk.take('end-units')).toEqual([{ type: 'end-units', units: [1] }]);
    expect(desk.take('send').map(({ unit }) => unit)).toEqual([1, 1]);
  });

  it('goes on taking back, however often it was refused', () => {
    const desk = new Desk({ batch: 1 }).inputs(5).ready(1);
    for (const unit of [2, 3]) {
      desk.ready(unit);
      const [drop] = desk.take('drop');
      if (drop === undefined) continue;
      desk.tell({ type: 'dropped', unit: drop.unit, attempt: 1, batches: [], now });
      desk.results(1, drop.batches[0] ?? -1, [2, 1]);
    }
    desk.results(1, 0, [0, 1]).results(1, 1, [1, 1]);
    expect(desk.machine.progress.out).toBe(2);
  });

  it('does not compute what was done in an earlier life, nor what a unit still has', () => {
    const desk = new Desk({ batch: 4 });
    desk.tell({ type: 'restored', span: { first: 0, count: 4 }, failed: [], now });
    desk.ready(1, { batch: 9, first: 4, count: 4 });
    expect(desk.take('drop')).toEqual([]);
    desk.inputs(12);
    expect(desk.take('send')).toMatchObject([{ batch: 10, span: { first: 8, count: 4 } }]);
    desk.ready(2, { batch: 3, first: 0, count: 4 });
    expect(desk.take('drop')[0]).toMatchObject({ unit: 2, batches: [3] });
  });

  it('reads no more than the window holds, and goes on as results are taken', () => {
    const desk = new Desk({ window: 20 }).tell({ type: 'capacity', units: 1, now });
    const sizes = (count: number) => Array.from({ length: count }, () => 1);
    expect(desk.take('read')).toEqual([{ type: 'read', count: 16 }]);
    desk.tell({ type: 'inputs', sizes: sizes(16), now });
    expect(desk.take('read')).toEqual([{ type: 'read', count: 4 }]);
    desk
      .tell({ type: 'inputs', sizes: sizes(4), now })
      .ready(1)
      .results(1, 0, [0, 1]);
    expect(desk.take('read')).toEqual([]);
    desk.tell({ type: 'taken', span: { first: 0, count: 1 }, now });
    expect(desk.take('read')).toEqual([]);
    const [, second] = desk.take('send');
    desk.results(1, second?.batch ?? -1, [1, 1]);
    desk.tell({ type: 'taken', span: { first: 1, count: 2 }, now });
    expect(desk.take('read')).toEqual([{ type: 'read', count: 3 }]);
  });

  it('lets one input of any size through', () => {
    const desk = new Desk().inputs(2, 1e8).ready(1);
    expect(desk.take('send').length).toBeGreaterThan(0);
  });
});

describe('a reduce', () => {
  it('combines what two units have, and has the last fold as its result', () => {
    const desk = new Desk({ batch: 1, isReduce: true }).inputs(2).ready(1).ready(2);
    const [a, b] = desk.take('send');
    // The second was queued behind the first until there was another unit.
    const [back] = desk.take('drop');
    desk.tell({ type: 'dropped', unit: 1, attempt: 1, batches: back?.batches ?? [], now });
    const [moved] = desk.take('send');
    expect([a?.unit, b?.unit, moved?.unit]).toEqual([1, 1, 2]);
    desk.results(1, a?.batch ?? -1, [0, 1], { isFolded: true });
    desk.results(2, moved?.batch ?? -1, [1, 1], { isFolded: true });
    const [first] = desk.take('fetch-fold');
    expect(first).toMatchObject({ unit: 1 });
    desk.results(1, first?.batch ?? -1, [0, 1]);
    expect(desk.take('give-fold')).toMatchObject([{ unit: 2, batch: first?.batch }]);
    desk.results(2, first?.batch ?? -1, [0, 1], { isFolded: true });
    expect(desk.take('forget-fold')).toEqual([{ type: 'forget-fold', batch: first?.batch }]);
    const [last] = desk.take('fetch-fold');
    desk.results(2, last?.batch ?? -1, [0, 1]);
    expect(desk.take('over')).toEqual([{ type: 'over', fold: last?.batch }]);
  });

  it('computes again what a unit had folded in an attempt that is over', () => {
    const desk = new Desk({ batch: 2, isReduce: true }).inputs(2).ready(1);
    desk.results(1, 0, [0, 2], { isFolded: true, isLast: false });
    desk.take('send');
    desk.tell({ type: 'unit-ready', unit: 1, attempt: 2, held: [], now });
    expect(desk.take('send')).toMatchObject([{ attempt: 2, span: { first: 0, count: 2 } }]);
  });

  it('computes again what a lost unit had folded', () => {
    const desk = new Desk({ batch: 2, isReduce: true }).inputs(4).ready(1);
    desk.results(1, 0, [0, 2], { isFolded: true });
    desk.take('send');
    desk.tell({ type: 'unit-over', unit: 1, isFinal: true, now }).ready(2);
    const spans = desk.take('send').map(({ span }) => span);
    expect(spans).toEqual([
      { first: 0, count: 2 },
      { first: 2, count: 2 },
    ]);
  });

  it('computes again what a worker had folded that ended between calls, and not what came after it', () => {
    const desk = new Desk({ batch: 2, isReduce: true }).inputs(4).ready(1);
    desk.results(1, 0, [0, 2], { isFolded: true });
    desk.take('send');
    desk.results(1, 1, [2, 2], { isFolded: true, isFoldLost: true });
    const [again, ...others] = desk.take('send');
    expect(again).toMatchObject({ span: { first: 0, count: 2 } });
    expect(others).toEqual([]);
    desk.results(1, again?.batch ?? -1, [0, 2], { isFolded: true });
    expect(desk.take('fetch-fold')).toMatchObject([{ unit: 1 }]);
  });

  it('computes again what was to be handed over and is lost', () => {
    const desk = new Desk({ batch: 2, isReduce: true }).inputs(2).ready(1);
    desk.results(1, 0, [0, 2], { isFolded: true });
    const [lost] = desk.take('fetch-fold');
    desk.take('send');
    desk.results(1, lost?.batch ?? -1, [0, 0], { isFoldLost: true });
    expect(desk.take('over')).toEqual([]);
    const [again] = desk.take('send');
    expect(again).toMatchObject({ unit: 1, span: { first: 0, count: 2 } });
    desk.results(1, again?.batch ?? -1, [0, 2], { isFolded: true });
    const [whole] = desk.take('fetch-fold');
    desk.results(1, whole?.batch ?? -1, [0, 1]);
    expect(desk.take('over')).toEqual([{ type: 'over', fold: whole?.batch }]);
  });
});
