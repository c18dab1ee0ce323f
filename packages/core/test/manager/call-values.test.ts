import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AttemptFiles, filesOfAttempt } from '../../src/manager/attempt-files.ts';
import { CallValues } from '../../src/manager/call-values.ts';
import { Intake } from '../../src/manager/intake.ts';
import { TemplateIndex } from '../../src/manager/template-index.ts';
import type { WorkStep } from '../../src/manager/work-events.ts';
import type { CallCommand } from '../../src/model/call-command.ts';
import type { PackedArgs } from '../../src/model/packed-args.ts';
import { WORK_UNIT_STATES } from '../../src/model/work-unit-state.ts';
import { ATTRIBUTE_ITEMS, valueItem } from '../../src/protocol/transfer-messages.ts';
import { type EndedRow, endedRows } from '../support/rows.ts';
import { WorkWorld } from '../support/work-world.ts';

const command: CallCommand = { module: 'abc', export: 'f', isolation: 'process', isMap: false };
const description = { module: 'file:///m.ts', export: 'f' };

/** Submits calls, each with its arguments and what it waits for, and perhaps more. */
function submit(
  world: WorkWorld,
  ...calls: { args?: PackedArgs; more?: object; of?: CallCommand }[]
): WorkStep {
  const intake = new Intake(new TemplateIndex(world.state), world.state, 'work');
  for (const { args, more, of = command } of calls) {
    intake.add({ ...description, ...more }, { command: of, ...(args && { args }) });
  }
  return world.handle({ type: 'submit', now: world.now, submission: intake.finish() });
}

function runsIn({ effects }: WorkStep) {
  return effects.flatMap((effect) => (effect.type === 'start' ? effect.runs : []));
}

const ended = (row: Partial<EndedRow>, said?: Uint8Array) => ({
  ended: {
    ...endedRows([{ unit: 0, attempt: 1, ...row }]),
    ...(said && { values: [[0, said] as const] }),
  },
});

const problem = { call: 0, kind: 'threw', name: 'RangeError', message: 'too far' } as const;

describe('a call', () => {
  it('is told by its template, and by arguments of its own', () => {
    const world = new WorkWorld();
    world.join('a');
    const step = submit(world, {}, { args: { inline: 'QUJD' }, more: { name: 'x' } }, {});
    const [templates] = step.effects.flatMap((each) =>
      each.type === 'start' ? [each.templates] : [],
    );
    expect(templates).toMatchObject([{ command: { executable: '', call: command } }]);
    expect(runsIn(step).flatMap(({ own }) => own)).toEqual([
      null,
      JSON.stringify({ args: { inline: 'QUJD' }, name: 'x' }),
      null,
    ]);
  });

  it('of another function, or of changed code, has a template of its own', () => {
    const world = new WorkWorld();
    submit(world, {}, { of: { ...command, module: 'def' } }, { of: { ...command } });
    expect([0, 1, 2].map((unit) => world.state.template(unit).id)).toEqual([0, 1, 0]);
  });

  it('has a value that is kept, as bytes or as a file', () => {
    const world = new WorkWorld();
    world.join('a');
    submit(world, {}, {}, {});
    const frame = Buffer.from([9, 1, 2, 3, 9]);
    world.report('a', ended({}, frame.subarray(1, 4)));
    frame.fill(0);
    world.report('a', ended({ unit: 1 }));
    expect(world.state.values.of(0)).toEqual(Uint8Array.of(1, 2, 3));
    expect(world.state.values.of(1)).toBeNull();
    expect(world.state.values.of(2)).toBeUndefined();
  });

  it('that failed says why, is tried again, and then says no more of it', () => {
    const world = new WorkWorld();
    world.join('a');
    submit(world, { more: { retries: 1 } });
    const row = endedRows([{ unit: 0, attempt: 1, reason: 'CALL_FAILED' }]);
    const { moves } = world.report('a', { ended: { ...row, values: [[0, problem]] } });
    expect([...moves].map((move) => WORK_UNIT_STATES[move % 16])).toEqual([
      'Running',
      'Pending',
      'Scheduled',
    ]);
    expect(world.state.values.of(0)).toEqual(problem);
    world.report('a', ended({ attempt: 2, reason: 'STAGING_FAILED' }));
    expect(world.stateOf(0)).toBe('Failed');
    expect(world.state.values.of(0)).toBeUndefined();
  });

  it('of a map has none', () => {
    const world = new WorkWorld();
    world.join('a');
    submit(world, { of: { ...command, isMap: true } });
    world.report('a', ended({}));
    expect(world.state.values.of(0)).toBeUndefined();
  });
});

describe('a call that is given the values of others', () => {
  const args: PackedArgs = { values: [[1, 0]], files: [[2, 'beef']], inline: 'QUJD' };

  function waiting(said?: Uint8Array) {
    const world = new WorkWorld();
    world.join('a');
    submit(world, { more: { name: 'first' } }, { args, more: { dependsOn: 'first' } });
    return { world, runs: runsIn(world.report('a', ended({}, said))) };
  }

  it('is told them when it is bound, where they are small', () => {
    const { runs } = waiting(Uint8Array.of(1, 2, 3));
    const inputs = [{ item: valueItem(2), name: 'value-2' }];
    const values = [
      [2, null],
      [1, 'AQID'],
    ];
    const told = { inputs, outputs: null, args: { inline: 'QUJD', values }, name: null };
    expect(runs.map(({ own }) => own)).toEqual([[JSON.stringify(told)]]);
  });

  it('is to fetch them, where they are files, or more than fit into a message', () => {
    const large = Array.from({ length: 4 }, (_, unit) => unit);
    const world = new WorkWorld();
    world.join('a');
    submit(world, ...large.map((unit) => ({ more: { name: `${unit}` } })), {
      args: { values: large.map((unit) => [unit, unit] as const), inline: '' },
      more: { dependsOn: large.map((unit) => `${unit}`) },
    });
    for (const unit of large.slice(1)) world.report('a', ended({ unit }, new Uint8Array(60_000)));
    const [run] = runsIn(world.report('a', ended({})));
    const { inputs } = JSON.parse(run?.own?.[0] ?? '') as { inputs: { item: number }[] };
    expect(inputs.map(({ item }) => item)).toEqual([valueItem(0), valueItem(3)]);
  });

  it('is not promised, for nobody has them yet', () => {
    const world = new WorkWorld();
    world.join('a');
    const first = { more: { name: 'first' } };
    const more = { dependsOn: 'first' };
    const step = submit(world, first, { args: { inline: 'QUJD' }, more });
    expect(step.events.map(({ type }) => type)).toContain('promised');
    const other = new WorkWorld();
    other.join('a');
    const none = submit(other, first, { args, more });
    expect(none.events.map(({ type }) => type)).not.toContain('promised');
  });

  it('reads what it is given, and writes what it returns, and nothing else', () => {
    const { world } = waiting(Uint8Array.of(1));
    const files = filesOfAttempt(world.state, 'a', 1, 1);
    if (!(files instanceof AttemptFiles)) throw new Error(files.problem);
    expect(files.at(valueItem(1))).toEqual({ direction: 'in', unit: 0 });
    expect(files.at(valueItem(2))).toEqual({ direction: 'in', sha256: 'beef' });
    expect(files.at(ATTRIBUTE_ITEMS.value)).toEqual({ direction: 'out', unit: 1 });
    for (const item of [valueItem(0), valueItem(3), ATTRIBUTE_ITEMS.output]) {
      expect(files.at(item), String(item)).toHaveProperty('problem');
    }
  });
});

it('many values are in parts of a snapshot that do not grow with them', () => {
  const values = new CallValues();
  for (let unit = 0; unit < 20; unit++) values.ended(unit, true, new Uint8Array(50_000).fill(unit));
  values.ended(20, true, undefined);
  const dump = values.dump();
  expect(dump.length).toBeGreaterThan(2);
  for (const { units } of dump) expect(units.length).toBeLessThan(10);
  const again = new CallValues();
  for (const part of dump) again.restore(part);
  expect(again.of(20)).toBeNull();
  // vitest's own comparison takes a second.
  expect(isDeepStrictEqual(again.dump(), dump)).toBe(true);
});
