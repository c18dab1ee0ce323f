import { describe, expect, it } from 'vitest';
import { decodeAll, encode } from '../../../src/journal/codec.ts';
import { TemplateIndex } from '../../../src/manager/template-index.ts';
import type { WorkEvent } from '../../../src/manager/work-events.ts';
import { WorkManager } from '../../../src/manager/work-manager.ts';
import type { WorkUnitDescription } from '../../../src/model/work-unit-description.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { schedulerOf } from '../../../src/scheduler/schedulers.ts';
import { submitAll } from '../../../src/service/units/submit.ts';
import { WorkCore } from '../../../src/service/units/work-core.ts';
import { ManualClock } from '../../agent/manual-clock.ts';

/** A service over a journal that counts, and in which something else can happen at each turn of a submit. */
class Desk {
  reserved = 0;
  appended = 0;
  readonly events: WorkEvent[] = [];
  /** What happens at the next turns. */
  readonly meanwhile: (() => void)[] = [];
  readonly core: WorkCore;
  readonly #index: TemplateIndex;
  readonly #journal = {
    append: (records: readonly unknown[]) => {
      const bytes = encode(records);
      this.appended += bytes.length;
      this.events.push(...(decodeAll(bytes).flat() as WorkEvent[]));
    },
    commit: () => Promise.resolve(),
    snapshot: () => Promise.resolve(),
    bytesSinceSnapshot: 0,
    snapshotBytes: 0,
    reserve: async (bytes: number) => {
      this.reserved += bytes;
    },
    encodeAhead: () => {},
  };

  constructor() {
    const mine = { id: 'work', directory: '/nowhere', journal: this.#journal };
    const parts = { ...mine, clock: new ManualClock(), log: silentLog };
    this.core = new WorkCore({ ...parts, scheduler: schedulerOf('fifo') });
    this.#index = new TemplateIndex(this.core.manager.state);
  }

  submit(descriptions: readonly WorkUnitDescription[], signal?: AbortSignal) {
    const turn = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      this.meanwhile.shift()?.();
    };
    const pace = { partRows: 10, turn };
    return submitAll(this.core, this.#index, this.#journal, descriptions, signal, pace);
  }

  /** What a replay of the journal leads to. */
  replayed() {
    const twin = new WorkManager(schedulerOf('fifo'));
    for (const event of this.events) twin.replay(event);
    return twin.dump();
  }
}

/** Units of which each waits for several of the first. */
function wide(count: number): WorkUnitDescription[] {
  const first = Array.from({ length: 8 }, (_, i) => ({ executable: 'a', name: `first${i}` }));
  const dependsOn = first.map(({ name }) => name);
  return [...first, ...Array<WorkUnitDescription>(count).fill({ executable: 'a', dependsOn })];
}

/** A chain by name, of two templates. */
function chain(count: number): WorkUnitDescription[] {
  return Array.from({ length: count }, (_, i) => ({
    executable: i % 2 === 0 ? 'a' : 'b',
    name: `u${i}`,
    ...(i > 0 && { dependsOn: `u${i - 1}` }),
  }));
}

describe('the room that a submit reserves', () => {
  it.each([
    ['in one piece', 1],
    ['in parts', 500],
  ])('is enough for its edges, %s', async (_, count) => {
    const desk = new Desk();
    await desk.submit(wide(count));
    expect(desk.appended).toBeGreaterThan(count * 8 * 12);
    expect(desk.reserved).toBeGreaterThanOrEqual(desk.appended);
  });
});

it('refuses units for a pilot that is over, and takes those for one that is not known here', async () => {
  const service = new Desk();
  service.core.pilotJob = (id) =>
    id === 'p1' ? { state: 'Canceled', stateDetail: 'by the user' } : undefined;
  const units = [{ executable: 'a' }, { executable: 'a', pilotJob: 'p1' }];
  await expect(service.submit(units)).rejects.toMatchObject({
    code: 'WRONG_STATE',
    problem: 'pilot p1 is Canceled: by the user',
    subject: 'pilotJob',
  });
  expect(service.core.visible.size).toBe(0);
  await service.submit([{ executable: 'a', pilotJob: 'p2' }]);
  expect(service.core.visible.size).toBe(1);
});

describe('a submit in parts', () => {
  it('lets others have their turn, whose units come before', async () => {
    const desk = new Desk();
    let other: Promise<{ first: number }> | undefined;
    desk.meanwhile.push(
      () => {},
      () => {
        other = desk.submit([{ executable: 'a', name: 'u0', group: 'other' }]);
      },
      () => desk.core.dispatch({ type: 'cancel', now: 0, units: [0], why: '' }),
    );
    expect(await desk.submit(chain(35))).toEqual({ first: 1, count: 35 });
    expect(await other).toMatchObject({ first: 0 });
    const { state } = desk.core.manager;
    expect([3, 4, 35].map((unit) => state.units.own(unit))).toEqual(
      [2, 3, 34].map((row) => `{"name":"u${row}"}`),
    );
    expect(state.dependencies.dependentsOf(1)).toEqual([2]);
    expect(desk.core.visible.state(0)).toBe('Canceled');
    expect(desk.core.visible.counts.slice(0, 3)).toEqual([0, 34, 1]);
    expect(desk.replayed()).toEqual(desk.core.manager.dump());
  });

  it.each<[string, string, (desk: Desk, abort: AbortController) => void]>([
    ['it is given up', 'ABORTED', (_, abort) => abort.abort()],
    ['the service is closed', 'SERVICE_CLOSED', (desk) => void desk.core.conductor.close()],
  ])('leaves nothing when %s in the middle', async (_, code, end) => {
    const desk = new Desk();
    const abort = new AbortController();
    desk.meanwhile.push(
      () => {},
      () => end(desk, abort),
    );
    await expect(desk.submit(chain(35), abort.signal)).rejects.toMatchObject({ code });
    expect(desk.core.manager.state.units.size).toBe(0);
    expect(desk.events).toEqual([]);
  });
});
