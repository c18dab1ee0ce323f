import { describe, expect, it } from 'vitest';
import { type Dependency, normalizeDependencies } from '../../src/model/dependency.ts';
import { DescriptionError } from '../../src/model/errors.ts';

const unit = { id: 'work-a.1', state: 'Running', group: 'night' };
const group = { kind: 'group', name: 'night' } as const;

describe('normalizeDependencies', () => {
  it.each<[Dependency, string]>([
    ['work-a.1', 'unit work-a.1 done'],
    [unit, 'unit work-a.1 done'],
    [group, 'group night done'],
    [{ unit: 'first' }, 'unit first done'],
    [{ unit, on: 'finished' }, 'unit work-a.1 finished'],
    [{ id: 'work-a.1', on: 'finished' }, 'unit work-a.1 finished'],
    [{ group: 'night', on: 'finished' }, 'group night finished'],
    [{ group, on: undefined }, 'group night done'],
  ])('reads %o', (written, expected) => {
    const [to, ref, on] = expected.split(' ');
    expect(normalizeDependencies(written)).toEqual([{ to, ref, on }]);
  });

  it('keeps each edge once, in order', () => {
    const edges = normalizeDependencies(['b', { unit: 'a' }, 'b', { unit: 'b', on: 'finished' }]);
    expect(edges.map(({ ref, on }) => `${ref} ${on}`)).toEqual(['b done', 'a done', 'b finished']);
  });

  it.each([
    [3, /^3 is no dependency; write a unit, its id or its name/],
    [null, /^null is no dependency/],
    ['', /^'' is no dependency/],
    [[['a']], /is no dependency/],
    [{}, /^\{\} is no dependency/],
    [{ unit: 'a', group: 'b' }, /is no dependency/],
    [{ unit: 'a', when: 'done' }, /is no dependency: 'when' is not known/],
    [{ id: 7 }, /is no dependency/],
    [{ kind: 'group' }, /is no dependency/],
    [{ unit: group, on: 'finished' }, /^unit: 'night' is a group; write \{ group \} in place/],
    [{}, /or \{ group, on: 'finished' \}$/],
    [{ unit: 'a', on: 'success' }, /^on: 'success' is no condition; write 'done' or 'finished'$/],
  ])('refuses %o', (value, message) => {
    expect(() => normalizeDependencies(value as Dependency)).toThrow(message);
    expect(() => normalizeDependencies(value as Dependency)).toThrow(DescriptionError);
  });
});
