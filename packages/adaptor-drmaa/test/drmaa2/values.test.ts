import { describe, expect, it } from 'vitest';
import { membersOf } from '../../src/drmaa2/structures.ts';
import { fromC, prepare, wordOf } from '../../src/drmaa2/values.ts';
import { NativeError } from '../../src/native/native-error.ts';

const template = membersOf('pbs', 'jtemplate');

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return (error as NativeError).data.code;
  }
  return undefined;
}

describe('values from C', () => {
  it.each([
    ['count', -1, undefined],
    ['count', 0, 0],
    ['integer', 3, 3],
    ['truth', 0, undefined],
    ['truth', 1, true],
    ['flag', 0, false],
    ['seconds', -3, undefined],
    ['seconds', -1, Number.POSITIVE_INFINITY],
    ['seconds', 0, 0],
    ['time', -3, undefined],
    ['time', -2, 'now'],
    ['time', 86_400, new Date('1970-01-02')],
    ['float', -1, undefined],
    ['float', 0.5, 0.5],
    ['jobState', -1, undefined],
    ['jobState', 6, 'REQUEUED_HELD'],
    ['event', 2, 'ATTRIBUTE_CHANGE'],
    ['operatingSystem', 3, 'LINUX'],
    ['cpuArchitecture', 16, 'PPC64LE'],
  ] as const)('a %s of %s is %s', (kind, number, value) => {
    expect(fromC({ name: 'any', kind }, number, 'pbs')).toEqual(value);
  });

  it('are refused where they are no words of the layout', () => {
    const member = { name: 'machineArch', kind: 'cpuArchitecture' } as const;
    expect(codeOf(() => fromC(member, 16, 'ogf'))).toBe('ADAPTOR_FAILED');
    expect(codeOf(() => wordOf(['A'], 77, 'any'))).toBe('ADAPTOR_FAILED');
  });
});

describe('values for C', () => {
  it.each([
    ['submitAsHold', true, 1],
    ['minSlots', 4, 4],
    ['priority', -2, -2],
    ['startTime', 'now', -2],
    ['startTime', new Date(1500), 1],
    ['machineOS', 'LINUX', 3],
    ['machineArch', 'PPC64LE', 16],
    ['args', ['a', ''], ['a', '']],
    ['resourceLimits', { CPU_TIME: 3 }, { CPU_TIME: '3' }],
  ])('%s of %s is %s', (name, value, raw) => {
    expect(prepare(template, { [name]: value }, 'pbs')).toEqual([
      [expect.objectContaining({ name }), raw],
    ]);
  });

  it.each([
    ['remoteCommand', 'a\0b'],
    ['args', 'a'],
    ['args', ['a', 1]],
    ['jobEnvironment', { A: null }],
    ['jobEnvironment', { 'A\0': 'b' }],
    ['jobEnvironment', ['A=b']],
    ['submitAsHold', 1],
    ['priority', -1],
    ['minSlots', 1.5],
    ['minSlots', -3],
    ['minPhysMemory', -1024],
    ['startTime', 0],
    ['startTime', new Date('never')],
    ['machineOS', 'PLAN9'],
    ['implementationSpecific', 'a'],
  ])('%s of %j is refused by name', (name, value) => {
    expect(() => prepare(template, { [name]: value }, 'pbs')).toThrow(NativeError);
    expect(codeOf(() => prepare(template, { [name]: value }, 'pbs'))).toBe('DESCRIPTION_INVALID');
  });

  it('durations are whole seconds, and endless ones have a number of their own', () => {
    const members = membersOf('ogf', 'rtemplate');
    const raw = (duration: number) => prepare(members, { duration }, 'ogf')[0]?.[1];
    expect([raw(0), raw(1.2), raw(Number.POSITIVE_INFINITY)]).toEqual([0, 2, -1]);
    expect(codeOf(() => raw(-1))).toBe('DESCRIPTION_INVALID');
  });

  it('what a layout does not have is refused by name, and what is undefined is not there', () => {
    const info = { jobName: 'a' };
    expect(codeOf(() => prepare(membersOf('uge', 'jinfo'), info, 'uge'))).toBe(
      'ATTRIBUTE_UNSUPPORTED',
    );
    expect(prepare(membersOf('age', 'jinfo'), info, 'age')).toHaveLength(1);
    expect(prepare(template, { jobName: undefined }, 'pbs')).toEqual([]);
  });
});
