/** Submits of very many come in parts: that must be nothing but another way to say the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Intake } from '../../src/manager/intake.ts';
import { TemplateIndex } from '../../src/manager/template-index.ts';
import type { WorkEvent } from '../../src/manager/work-events.ts';
import { assertWorkInvariants } from '../../src/manager/work-invariants.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import type { Dependency } from '../../src/model/dependency.ts';
import { PilotError } from '../../src/model/errors.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { schedulerOf } from '../../src/scheduler/schedulers.ts';
import { NODE } from '../support/work-world.ts';

const OLD = 4;
const ROWS = 12;

/** A manager with old units, of which one is canceled, and what it has journalled. */
function begin(): { manager: WorkManager; journal: WorkEvent[]; submit: Submit } {
  const manager = new WorkManager(schedulerOf('fifo'));
  const index = new TemplateIndex(manager.state);
  const journal: WorkEvent[] = [];
  const submit: Submit = (descriptions, partRows) => {
    const intake = new Intake(index, manager.state, 'work', { partRows });
    for (const description of descriptions) intake.add(description);
    const { events } = manager.handle({ type: 'submit', now: 1, submission: intake.finish() });
    journal.push(...structuredClone(events));
  };
  submit([{ executable: 'a', group: 'old' }, ...Array(OLD - 1).fill({ executable: 'a' })]);
  journal.push(...manager.handle({ type: 'cancel', now: 1, units: [2], why: '' }).events);
  return { manager, journal, submit };
}

type Submit = (descriptions: readonly WorkUnitDescription[], partRows?: number) => void;

/** In place of the row that is so many before: mostly there is one. */
const BEFORE = 'before ';

const dependency: fc.Arbitrary<Dependency> = fc.oneof(
  { weight: 8, arbitrary: fc.nat(3).map((rows) => BEFORE + rows) },
  { weight: 2, arbitrary: fc.nat(OLD - 1).map((unit) => `work.${unit}`) },
  { weight: 1, arbitrary: fc.constantFrom('old', 'new').map((group) => ({ group })) },
);

const description = fc.record(
  {
    executable: fc.constantFrom('a', 'b'),
    arguments: fc.array(fc.string(), { maxLength: 2 }),
    startTime: fc.constantFrom(0, 9),
    dependsOn: fc.array(dependency, { maxLength: 2 }),
    group: fc.constantFrom('new', undefined, undefined),
  },
  { requiredKeys: ['executable'] },
);
const descriptions = fc.array(description, { minLength: ROWS, maxLength: ROWS });

/** Rows by name: what is before the first is behind the last. */
function named(rows: readonly { readonly dependsOn?: Dependency[] }[]): WorkUnitDescription[] {
  const nameOf = (row: number) => `u${(row + 2 * ROWS) % ROWS}`;
  return rows.map((row, i) => {
    const dependsOn = row.dependsOn?.map((one) =>
      typeof one === 'string' && one.startsWith(BEFORE)
        ? { unit: nameOf(i - Number(one.slice(BEFORE.length)) - 1), on: 'done' as const }
        : one,
    );
    return { executable: 'a', ...row, name: nameOf(i), dependsOn };
  });
}

it('in parts, submits lead to what they lead to in one piece, or are refused as there', () => {
  const kinds = { accepted: 0, refused: 0 };
  const property = fc.property(descriptions, fc.integer({ min: 1, max: 6 }), (rows, partRows) => {
    const outcomes = [undefined, partRows].map((size) => {
      const { manager, journal, submit } = begin();
      try {
        submit(named(rows as { dependsOn?: Dependency[] }[]), size);
      } catch (error) {
        if (!(error instanceof PilotError)) throw error;
        kinds.refused++;
        return error.code;
      }
      kinds.accepted++;
      assertWorkInvariants(manager.state);
      const dump = manager.dump();
      const twin = new WorkManager(schedulerOf('fifo'));
      for (const event of journal) twin.replay(event);
      expect(twin.dump()).toEqual(dump);
      return dump;
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
  });
  fc.assert(property, { numRuns: 300, seed: 1 });
  expect(Math.min(kinds.accepted, kinds.refused)).toBeGreaterThan(50);
});

it('only rows with something of their own are in parts, and none of a few', () => {
  const state = new WorkManager(schedulerOf('fifo')).state;
  const take = (count: number) => {
    const intake = new Intake(new TemplateIndex(state), state, 'work', { partRows: 4 });
    for (let i = 0; i < count; i++) intake.add({ executable: 'a', ...(i > 7 && { name: `${i}` }) });
    return intake.finish().parts?.map(({ row, count: rows }) => [row, rows]);
  };
  expect(take(3)).toBeUndefined();
  expect(take(8)).toBeUndefined();
  expect(take(14)).toEqual([
    [8, 4],
    [12, 2],
  ]);
});

it('agents are told what rows of parts have of their own, but no names', () => {
  const { manager, submit } = begin();
  const place = { agentId: 'a', pilotId: 'a', node: { ...NODE, cores: 20 } };
  // Row by row: in three parts of a page, of which the second is not names alone.
  const rows = Array.from({ length: 10 }, (_, i) => ({
    executable: 'a',
    name: `u${i}`,
    ...(i === 5 && { arguments: ['x'] }),
  }));
  submit(rows, 4);
  expect(manager.state.units.hasOnlyName(OLD)).toBe(false);
  const joined = {
    type: 'agent-joined',
    now: 2,
    place,
    endsAt: undefined,
    held: undefined,
  } as const;
  const { effects } = manager.handle(joined);
  const runs = effects.flatMap((effect) => (effect.type === 'start' ? effect.runs : []));
  const told = runs.flatMap(({ units, own }) =>
    [...units].map((unit, i) => [unit, own?.[i] ?? null]),
  );
  expect(told.filter(([, own]) => own !== null)).toEqual([
    [OLD + 5, '{"arguments":["x"],"name":"u5"}'],
  ]);
});

it('what is nothing but names is not read to tell agents', () => {
  const { manager, submit } = begin();
  submit(
    Array.from({ length: 9 }, (_, i) => ({ executable: 'a', name: `{${i}` })),
    4,
  );
  expect(manager.state.units.hasOnlyName(OLD)).toBe(true);
  expect(manager.state.units.own(OLD + 8)).toBe('{"name":"{8"}');
  submit([{ executable: 'a', arguments: ['x'] }]);
  expect(manager.state.units.hasOnlyName(OLD)).toBe(false);
});
