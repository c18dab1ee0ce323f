import { describe, expect, it } from 'vitest';
import { Intake } from '../../src/manager/intake.ts';
import { TemplateIndex } from '../../src/manager/template-index.ts';
import type { Submission } from '../../src/manager/work-events.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import { DescriptionError, PilotError } from '../../src/model/errors.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { schedulerOf } from '../../src/scheduler/schedulers.ts';

const base = { executable: '/bin/echo' };

/** A service as far as submits go. */
class Desk {
  readonly manager = new WorkManager(schedulerOf('backfill'));
  readonly index = new TemplateIndex(this.manager.state);

  take(descriptions: Iterable<WorkUnitDescription>): Submission {
    const intake = new Intake(this.index, this.manager.state, 'work');
    for (const description of descriptions) intake.add(description);
    return intake.finish();
  }

  submit(...descriptions: WorkUnitDescription[]): Submission {
    const submission = this.take(descriptions);
    this.manager.handle({ type: 'submit', now: 0, submission });
    return submission;
  }

  refusal(...descriptions: unknown[]): PilotError {
    try {
      this.take(descriptions as WorkUnitDescription[]);
    } catch (error) {
      if (error instanceof PilotError) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  }

  /** The unit's own description, as its user sees it. */
  described(unit: number): Record<string, unknown> {
    const { state } = this.manager;
    const own = JSON.parse(state.units.own(unit) ?? '{}') as Record<string, unknown>;
    const whole: Record<string, unknown> = { ...state.template(unit).description, ...own };
    return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== null));
  }
}

describe('descriptions of one shape', () => {
  it('share a template', () => {
    const desk = new Desk();
    const { runs, templates } = desk.submit(base, { ...base }, { ...base, arguments: ['a'] });
    expect(templates).toHaveLength(1);
    expect(runs).toEqual([0, 3]);
    expect(desk.submit(base).templates).toHaveLength(0);
  });

  it('share it with those of earlier submits, of as many kinds as come in turn', () => {
    const desk = new Desk();
    const kinds = ['a', 'b', 'c', 'd', 'e', 'f'].map((executable) => ({ executable }));
    for (const kind of kinds) expect(desk.submit(kind).templates).toHaveLength(1);
    for (const [id, kind] of [...kinds, ...kinds].entries()) {
      const again = desk.submit({ ...kind, arguments: [id] });
      expect(again).toMatchObject({ templates: [], runs: [id % kinds.length, 1] });
    }
  });

  it('share it whatever the order of their keys', () => {
    const desk = new Desk();
    const one = {
      executable: 'a',
      priority: 1,
      resources: { x: 1, y: 2 },
      retries: { limit: 1, delay: 2 },
    };
    const other = {
      retries: { delay: 2, limit: 1 },
      resources: { y: 2, x: 1 },
      priority: 1,
      executable: 'a',
    };
    expect(desk.submit(one, other).templates).toHaveLength(1);
  });

  it('do not share it when something else than what varies is different', () => {
    const desk = new Desk();
    const shapes = [
      base,
      { ...base, priority: 1 },
      { ...base, group: 'g' },
      { ...base, gpus: 1 },
      { ...base, wallTimeLimit: 5 },
    ];
    expect(desk.submit(...shapes, ...shapes).templates).toHaveLength(5);
  });

  it('are what they were when they were taken, though their object is changed in place', () => {
    const desk = new Desk();
    const description = { ...base, arguments: ['0'], resources: { licenses: 1 }, priority: 0 };
    function* changing() {
      for (let i = 0; i < 4; i++) {
        description.arguments[0] = `${i}`;
        if (i === 2) description.resources.licenses = 2;
        if (i === 3) description.priority = 7;
        yield description;
      }
    }
    desk.manager.handle({ type: 'submit', now: 0, submission: desk.take(changing()) });
    const seen = [0, 1, 2, 3].map((unit) => {
      const { arguments: args, resources, priority } = desk.described(unit);
      return [args, resources, priority];
    });
    expect(seen).toEqual([
      [['0'], { licenses: 1 }, 0],
      [['1'], { licenses: 1 }, 0],
      [['2'], { licenses: 2 }, 0],
      [['3'], { licenses: 2 }, 7],
    ]);
  });

  it('are what they are when they come again, though their object was changed in place', () => {
    const desk = new Desk();
    const description: WorkUnitDescription = { executable: 'a', resources: { x: 1 } };
    desk.submit(description);
    description.executable = 'b';
    desk.submit(description);
    Object.assign(description.resources ?? {}, { x: 2 });
    desk.submit(description);
    delete description.resources;
    desk.submit(description);
    const seen = [0, 1, 2, 3].map((unit) => {
      const { executable, resources } = desk.described(unit);
      return { executable, resources };
    });
    expect(seen).toEqual([
      { executable: 'a', resources: { x: 1 } },
      { executable: 'b', resources: { x: 1 } },
      { executable: 'b', resources: { x: 2 } },
      { executable: 'b' },
    ]);
  });

  it('are told apart by what objects in them stand for', () => {
    // As a PilotJob: its id is a getter of its class, and JSON does not see it.
    class Pilot {
      readonly #id: string;
      constructor(id: string) {
        this.#id = id;
      }
      get id(): string {
        return this.#id;
      }
    }
    const desk = new Desk();
    const on = (id: string) => ({ ...base, pilotJob: new Pilot(id) });
    const { templates, runs } = desk.submit(on('p1'), on('p2'), on('p1'));
    expect(templates.map(({ description }) => description.pilotJob)).toEqual(['p1', 'p2']);
    expect(runs).toEqual([0, 1, 1, 1, 0, 1]);
  });

  it('are not taken for another that JSON would write alike', () => {
    const desk = new Desk();
    desk.submit(base, { ...base, resources: {} });
    expect(desk.refusal({ ...base, priority: () => 1 }).subject).toBe('priority');
    expect(desk.refusal({ ...base, resources: { a: () => 1 } }).subject).toBe('resources');
    expect(desk.refusal({ ...base, gpus: Number.NaN }).subject).toBe('gpus');
    expect(desk.refusal({ ...base, gpus: 1n }).subject).toBe('gpus');
  });
});

describe('what a unit has of its own', () => {
  it('is only what differs, and null takes away', () => {
    const desk = new Desk();
    const { own } = desk.submit(
      { ...base, name: 'a', arguments: ['x'], output: 'out' },
      { ...base, name: 'b', arguments: ['x'], output: 'out' },
      { ...base, arguments: [1, ''] },
      { ...base, name: 'a', arguments: ['x'], output: 'out', environment: { A: 1, B: true } },
    );
    expect(own?.map((json) => json && JSON.parse(json))).toEqual([
      null,
      { name: 'b' },
      { name: null, arguments: ['1', ''], output: null },
      { environment: { A: '1', B: 'true' } },
    ]);
    expect(desk.described(2)).toEqual({
      ...desk.described(0),
      name: undefined,
      output: undefined,
      arguments: ['1', ''],
    });
  });

  it('is not kept where nobody has any', () => {
    expect(new Desk().submit(base, base)).not.toHaveProperty('own');
  });

  it.each([
    ['arguments', ['a\0b']],
    ['arguments', [null]],
    ['arguments', null],
    ['arguments', 'xyz'],
    ['environment', null],
    ['environment', { 'A=B': '1' }],
    ['environment', []],
    ['name', ''],
    ['output', 7],
    ['workingDirectory', 'a\0'],
  ])('is refused like a whole description: %s', (attribute, value) => {
    const desk = new Desk();
    const error = desk.refusal(
      { ...base, arguments: ['x', 'y', 'z'] },
      { ...base, [attribute]: value },
    );
    expect(error).toBeInstanceOf(DescriptionError);
    expect(error.message).toContain(`description 1: ${attribute}`);
  });

  it('is refused when no process could be given it', () => {
    const desk = new Desk();
    const error = desk.refusal(base, { ...base, arguments: ['x'.repeat(3_000_000)] });
    expect(error.message).toContain('pass more in a file');
  });
});

describe('a refused submit', () => {
  it('says which description is wrong', () => {
    const error = new Desk().refusal(base, base, { ...base, priorty: 1 });
    expect(error.code).toBe('DESCRIPTION_INVALID');
    expect(error.message).toContain('2');
    expect(error.message).toContain('did you mean priority?');
  });

  it.each([[undefined], [null], [7], ['ls'], [[]]])('says that %j is no description', (value) => {
    expect(new Desk().refusal(base, value)).toBeInstanceOf(DescriptionError);
  });

  it('leaves the manager as it was', () => {
    const desk = new Desk();
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
    const desk = new Desk();
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
    const { edges } = new Desk().submit(
      { ...base, name: 'a', dependsOn: [{ unit: 'b', on: 'finished' }] },
      { ...base, name: 'b' },
      { ...base, dependsOn: ['a', { id: 'b' }] },
    );
    expect(edges).toEqual(Uint32Array.of(0, 2, 2, 2, 1, 2, 2, 3, 2));
  });

  it('mean units that are there by their ids, also when others were submitted meanwhile', () => {
    const desk = new Desk();
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
    const desk = new Desk();
    desk.submit({ ...base, name: 'a' });
    expect(desk.refusal({ ...base, dependsOn: 'a' }).code).toBe('DEPENDENCY_UNKNOWN');
  });

  it('mean groups, also those that the submit makes', () => {
    const desk = new Desk();
    const { edges } = desk.submit(
      { ...base, group: 'g' },
      { ...base, group: 'h', dependsOn: { group: 'g' } },
      { ...base, dependsOn: { group: 'h' } },
    );
    expect(edges).toEqual(Uint32Array.of(1, 1, 3, 2, 3, 3));
    expect(desk.manager.state.dependencies.groups.map(({ name }) => name)).toEqual(['g', 'h']);
  });

  it('say what is unknown, ambiguous or circular, and of which description', () => {
    const desk = new Desk();
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
      'it is of service other',
    );
    expect(desk.refusal({ ...base, dependsOn: 7 }).message).toContain('7 is no dependency');
  });

  it('may form a chain of any length, in any order', () => {
    const length = 100_000;
    const desk = new Desk();
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
  const desk = new Desk();
  expect(desk.take(new Set([base])).count).toBe(1);
  expect(desk.take([]).count).toBe(0);
});

describe('files that travel', () => {
  /** What units have of their own when they are submitted by a program in that directory. */
  function takenIn(desk: Desk, directory: string, descriptions: readonly WorkUnitDescription[]) {
    const resolve = (name: string): string =>
      name.startsWith('/') ? name : `${directory}/${name}`;
    const intake = new Intake(desk.index, desk.manager.state, 'work', { resolve });
    for (const description of descriptions) intake.add(description);
    const submission = intake.finish();
    desk.manager.handle({ type: 'submit', now: 0, submission });
    return submission;
  }

  it('are kept with the names that they had for the program that submitted them', () => {
    const desk = new Desk();
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
    const desk = new Desk();
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
    const error = new Desk().refusal(base, { ...base, fileTransfer: ['a b'] });
    expect(error.message).toContain('fileTransfer');
    expect(error.message).toContain("'a b'");
  });
});
