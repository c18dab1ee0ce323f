import { describe, expect, it } from 'vitest';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { SubmitDesk } from '../support/submit-desk.ts';

const base = { executable: '/bin/echo' };

describe('descriptions of one shape', () => {
  it('share a template', () => {
    const desk = new SubmitDesk();
    const { runs, templates } = desk.submit(base, { ...base }, { ...base, arguments: ['a'] });
    expect(templates).toHaveLength(1);
    expect(runs).toEqual([0, 3]);
    expect(desk.submit(base).templates).toHaveLength(0);
  });

  it('share it with those of earlier submits, of as many kinds as come in turn', () => {
    const desk = new SubmitDesk();
    const kinds = ['a', 'b', 'c', 'd', 'e', 'f'].map((executable) => ({ executable }));
    for (const kind of kinds) expect(desk.submit(kind).templates).toHaveLength(1);
    for (const [id, kind] of [...kinds, ...kinds].entries()) {
      const again = desk.submit({ ...kind, arguments: [id] });
      expect(again).toMatchObject({ templates: [], runs: [id % kinds.length, 1] });
    }
  });

  it('share it whatever the order of their keys', () => {
    const desk = new SubmitDesk();
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
    const desk = new SubmitDesk();
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
    const desk = new SubmitDesk();
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
    const desk = new SubmitDesk();
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
    const desk = new SubmitDesk();
    const on = (id: string) => ({ ...base, pilotJob: new Pilot(id) });
    const { templates, runs } = desk.submit(on('p1'), on('p2'), on('p1'));
    expect(templates.map(({ description }) => description.pilotJob)).toEqual(['p1', 'p2']);
    expect(runs).toEqual([0, 1, 1, 1, 0, 1]);
  });

  it('are not taken for another that JSON would write alike', () => {
    const desk = new SubmitDesk();
    desk.submit(base, { ...base, resources: {} });
    expect(desk.refusal({ ...base, priority: () => 1 }).subject).toBe('priority');
    expect(desk.refusal({ ...base, resources: { a: () => 1 } }).subject).toBe('resources');
    expect(desk.refusal({ ...base, gpus: Number.NaN }).subject).toBe('gpus');
    expect(desk.refusal({ ...base, gpus: 1n }).subject).toBe('gpus');
  });
});
