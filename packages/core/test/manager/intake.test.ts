import { describe, expect, it } from 'vitest';
import { Intake } from '../../src/manager/intake.ts';
import { DescriptionError } from '../../src/model/errors.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { SubmitDesk } from '../support/submit-desk.ts';

const base = { executable: '/bin/echo' };

describe('a refused submit', () => {
  it('says which description is wrong', () => {
    const error = new SubmitDesk().refusal(base, base, { ...base, priorty: 1 });
    expect(error.code).toBe('DESCRIPTION_INVALID');
    expect(error.message).toContain('2');
    expect(error.message).toContain('did you mean priority?');
  });

  it.each([[undefined], [null], [7], ['ls'], [[]]])('says that %j is no description', (value) => {
    expect(new SubmitDesk().refusal(base, value)).toBeInstanceOf(DescriptionError);
  });

  it('leaves the manager as it was', () => {
    const desk = new SubmitDesk();
    desk.submit(base);
    const before = desk.manager.dump();
    desk.refusal({ ...base, group: 'new', priority: 3 }, { ...base, gpus: -1 });
    desk.refusal({ ...base, group: 'other', dependsOn: 'nobody' });
    expect(desk.manager.dump()).toEqual(before);
    // What was half seen is no trap for the next one: the journal must get the template then.
    const { templates } = desk.submit({ ...base, group: 'new', priority: 3 });
    expect(templates.map(({ id }) => id)).toEqual([1]);
  });

  it('that was never handed over is no trap for the next one either', () => {
    const desk = new SubmitDesk();
    desk.take([{ ...base, priority: 1, group: 'g' }]);
    const { templates, runs } = desk.submit(
      { ...base, priority: 2 },
      { ...base, priority: 1, group: 'g' },
    );
    expect(templates.map(({ id, description }) => [id, description.priority])).toEqual([
      [0, 2],
      [1, 1],
    ]);
    expect(runs).toEqual([0, 1, 1, 1]);
  });
});

describe('names and dependencies', () => {
  it('mean units of the same submit, before or behind', () => {
    const { edges } = new SubmitDesk().submit(
      { ...base, name: 'a', dependsOn: [{ unit: 'b', on: 'finished' }] },
      { ...base, name: 'b' },
      { ...base, dependsOn: ['a', { id: 'b' }] },
    );
    expect(edges).toEqual(Uint32Array.of(0, 2, 2, 2, 1, 2, 2, 3, 2));
  });

  it('mean units that are there by their ids, also when others were submitted meanwhile', () => {
    const desk = new SubmitDesk();
    desk.submit(base, base);
    const intake = new Intake(desk.index, desk.manager.state, 'work');
    intake.add({ ...base, name: 'x' });
    intake.add({ ...base, dependsOn: ['work.1', 'x'] });
    desk.submit(base);
    const submission = intake.finish();
    expect(submission).toMatchObject({ first: 3, edges: Uint32Array.of(1, 3, 0, 1, 1, 2) });
    desk.manager.handle({ type: 'submit', now: 0, submission });
  });

  it('do not reach into another submit', () => {
    const desk = new SubmitDesk();
    desk.submit({ ...base, name: 'a' });
    expect(desk.refusal({ ...base, dependsOn: 'a' }).code).toBe('DEPENDENCY_UNKNOWN');
  });

  it('mean groups, also those that the submit makes', () => {
    const desk = new SubmitDesk();
    const { edges } = desk.submit(
      { ...base, group: 'g' },
      { ...base, group: 'h', dependsOn: { group: 'g' } },
      { ...base, dependsOn: { group: 'h' } },
    );
    expect(edges).toEqual(Uint32Array.of(1, 1, 3, 2, 3, 3));
    expect(desk.manager.state.dependencies.groups.map(({ name }) => name)).toEqual(['g', 'h']);
  });

  it('say what is unknown, ambiguous or circular, and of which description', () => {
    const desk = new SubmitDesk();
    const a = { ...base, name: 'a' };
    expect(desk.refusal(base, { ...base, dependsOn: 'b' }).message).toContain(
      "description 1: dependsOn: there is no unit 'b'",
    );
    expect(desk.refusal({ ...base, dependsOn: { group: 'g' } }).message).toContain(
      "there is no group 'g'",
    );
    expect(desk.refusal(a, a, { ...base, dependsOn: 'a' }).message).toContain(
      "several units of this submit are named 'a'",
    );
    const circular = desk.refusal(base, { ...a, dependsOn: 'a' });
    expect(circular).toBeInstanceOf(DescriptionError);
    expect(circular).toMatchObject({ code: 'DEPENDENCY_CIRCULAR', index: 1, subject: 'dependsOn' });
    expect(desk.refusal({ ...base, dependsOn: 'other.4' }).message).toContain(
      'it is of service other; units depend on units of their own service only',
    );
    expect(desk.refusal({ ...base, dependsOn: 7 }).message).toContain('7 is no dependency');
  });

  it('may form a chain of any length, in any order', () => {
    const length = 100_000;
    const desk = new SubmitDesk();
    const backwards = Array.from({ length }, (_, i) => ({
      ...base,
      name: `u${i}`,
      ...(i + 1 < length && { dependsOn: `u${i + 1}` }),
    }));
    const submission = desk.take(backwards);
    desk.manager.handle({ type: 'submit', now: 0, submission });
    expect(desk.manager.state.units.counts.slice(0, 3)).toEqual([0, length - 1, 1]);
    // Canceling the last takes all the others along.
    desk.manager.handle({ type: 'cancel', now: 0, units: [length - 1], why: '' });
    expect(desk.manager.state.units.counts[6]).toBe(length);
    const circle = backwards.map((description, i) =>
      i === length - 1 ? { ...description, dependsOn: 'u0' } : description,
    );
    expect(() => desk.take(circle)).toThrow(
      /^description 0: dependsOn: waits for .* 99992 more .*, which waits for description 0;/,
    );
  });
});

it('takes any iterable, and nothing is a submit too', () => {
  const desk = new SubmitDesk();
  expect(desk.take(new Set([base])).count).toBe(1);
  expect(desk.take([]).count).toBe(0);
});

describe('files that travel', () => {
  /** What units have of their own when they are submitted by a program in that directory. */
  function takenIn(
    desk: SubmitDesk,
    directory: string,
    descriptions: readonly WorkUnitDescription[],
  ) {
    const resolve = (name: string): string =>
      name.startsWith('/') ? name : `${directory}/${name}`;
    const intake = new Intake(desk.index, desk.manager.state, 'work', { resolve });
    for (const description of descriptions) intake.add(description);
    const submission = intake.finish();
    desk.manager.handle({ type: 'submit', now: 0, submission });
    return submission;
  }

  it('are kept with the names that they had for the program that submitted them', () => {
    const desk = new SubmitDesk();
    const unit = { ...base, fileTransfer: ['a > in', '/b < out'] };
    const { templates, own } = takenIn(desk, '/home', [unit, unit]);
    expect(templates).toHaveLength(1);
    expect(own).toBeUndefined();
    expect(desk.described(1)['fileTransfer']).toEqual([
      { source: '/home/a', target: 'in', direction: 'in' },
      { source: 'out', target: '/b', direction: 'out' },
    ]);
    takenIn(desk, '/elsewhere', [unit]);
    expect(desk.described(2)['fileTransfer']).toMatchObject([{ source: '/elsewhere/a' }, {}]);
    expect(desk.described(0)['fileTransfer']).toMatchObject([{ source: '/home/a' }, {}]);
  });

  it('may differ from unit to unit of one template', () => {
    const desk = new SubmitDesk();
    const { templates } = takenIn(desk, '/home', [
      { ...base, fileTransfer: ['a > in'] },
      { ...base, fileTransfer: ['b > in'] },
      base,
      { ...base, fileTransfer: [{ source: '/home/a', target: 'in' }] },
    ]);
    expect(templates).toHaveLength(1);
    expect(desk.described(1)['fileTransfer']).toMatchObject([{ source: '/home/b' }]);
    expect(desk.described(2)['fileTransfer']).toBeUndefined();
    expect(desk.manager.state.units.own(3)).toBeNull();
  });

  it('are refused by attribute and row', () => {
    const error = new SubmitDesk().refusal(base, { ...base, fileTransfer: ['a b'] });
    expect(error.message).toContain('fileTransfer');
    expect(error.message).toContain("'a b'");
  });
});
