import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Retries } from '../../src/model/attribute-readers.ts';
import type { DependencyEdge } from '../../src/model/dependency.ts';
import { DescriptionError } from '../../src/model/errors.ts';
import {
  estimatedRunTimeOf,
  type ParsedWorkUnitDescription,
  parseWorkUnitDescription,
  requestOf,
  WorkUnitDescription,
} from '../../src/model/work-unit-description.ts';

const TRUE = { executable: '/bin/true' };

function refusalOf(value: unknown): DescriptionError {
  try {
    parseWorkUnitDescription(value);
  } catch (error) {
    if (error instanceof DescriptionError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a work unit description', () => {
  it('is brought into one form', () => {
    const description: WorkUnitDescription = {
      executable: 'python3',
      arguments: ['fit.py', '--seed', 7, ''],
      environment: { SEED: 7, VERBOSE: true, EMPTY: '' },
      dependsOn: ['first', { group: 'night', on: 'finished' }],
      retries: { limit: 3, delay: '1m', backoff: 'exponential' },
      startTime: '2026-03-01T09:00:00Z',
      wallTimeLimit: '1h30m',
      totalPhysicalMemory: '4GiB',
      cpuArchitecture: 'x64',
      pilotJob: { id: 'pilot-1' },
      resources: { licenses: 0.5 },
      cleanup: true,
      priority: -3,
    };
    expect(parseWorkUnitDescription(description)).toEqual({
      executable: 'python3',
      arguments: ['fit.py', '--seed', '7', ''],
      environment: { SEED: '7', VERBOSE: 'true', EMPTY: '' },
      dependsOn: [
        { to: 'unit', ref: 'first', on: 'done' },
        { to: 'group', ref: 'night', on: 'finished' },
      ],
      retries: { limit: 3, delay: 60, backoff: 'exponential' },
      startTime: Date.parse('2026-03-01T09:00:00Z'),
      wallTimeLimit: 5400,
      totalPhysicalMemory: 2 ** 32,
      cpuArchitecture: ['x64'],
      pilotJob: 'pilot-1',
      resources: { licenses: 0.5 },
      cleanup: true,
      priority: -3,
      maxCancellationTime: 10,
    });
  });

  it('has its defaults and nothing else', () => {
    expect(parseWorkUnitDescription(TRUE)).toEqual({
      ...TRUE,
      priority: 0,
      maxCancellationTime: 10,
    });
    expect(parseWorkUnitDescription({ ...TRUE, retries: 2 }).retries).toEqual({
      limit: 2,
      delay: 0,
      backoff: 'constant',
    });
  });

  it('takes undefined for not given', () => {
    const parsed = parseWorkUnitDescription({ ...TRUE, output: undefined, priority: undefined });
    expect(Object.keys(parsed).sort()).toEqual(['executable', 'maxCancellationTime', 'priority']);
  });

  it('is also parsed by the schema itself', () => {
    expect(WorkUnitDescription.parse(TRUE)).toEqual(parseWorkUnitDescription(TRUE));
    expect(() => WorkUnitDescription.parse({})).toThrow(DescriptionError);
    expect(WorkUnitDescription.safeParse(TRUE).success).toBe(true);
  });

  it('is typed for those who write it and for those who read it', () => {
    type Written = WorkUnitDescription;
    type Read = ParsedWorkUnitDescription;
    expectTypeOf<Written['wallTimeLimit']>().toEqualTypeOf<number | string | undefined>();
    expectTypeOf<Written['startTime']>().toEqualTypeOf<Date | string | number | undefined>();
    expectTypeOf<Read['executable']>().toEqualTypeOf<string>();
    expectTypeOf<Read['maxCancellationTime']>().toEqualTypeOf<number>();
    expectTypeOf<Required<Read>['retries']>().toEqualTypeOf<Retries>();
    expectTypeOf<Required<Read>['dependsOn']>().toEqualTypeOf<DependencyEdge[]>();
    expectTypeOf<{ output: undefined }>().not.toExtend<Pick<Read, 'output'>>();
    expectTypeOf<{ walltime: 3 }>().not.toExtend<Written>();
  });
});

describe('what bad input gets', () => {
  it.each([
    [{ wallTimeLimit: '10 parsecs' }, "'10 parsecs' is no duration; write seconds, or '1h30m'"],
    [{ wallTimeLimit: 0 }, '0 is no limit; write a duration above 0, or leave it out for no limit'],
    [{ totalPhysicalMemory: '4' }, "'4' is no size; write bytes, or '4GiB'"],
    [{ totalCpuCount: 0 }, '0 is no count; write a whole number from 1 up'],
    [{ numberOfProcesses: 1.5 }, '1.5 is no count; write a whole number from 1 up'],
    [{ threadsPerProcess: '2' }, "'2' is no count; write a whole number from 1 up"],
    [{ gpus: -1 }, '-1 is no amount; write a whole number from 0 up'],
    [{ priority: 0.5 }, '0.5 is no whole number; write one like 10, 0 or -5'],
    [{ output: '' }, "'' is no text; write some text"],
    [{ error: 7 }, '7 is no text; write some text'],
    [{ workingDirectory: 'a\0b' }, "'a\\u0000b' holds a NUL byte; the operating system ends"],
    [{ arguments: '-v' }, "'-v' is no list; write ['--size', 10]"],
    [{ arguments: [true] }, 'true is no argument; write text or a number'],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what it is about
    [{ arguments: [1, , 2] }, 'undefined is no argument; write text or a number'],
    [{ arguments: [Number.NaN] }, 'NaN is no argument; write text or a number'],
    [{ arguments: [1, -Infinity] }, '-Infinity is no argument; write text or a number'],
    [{ arguments: ['a\udc00b'] }, "'a\\udc00b' holds half of a character"],
    [{ output: 'a\ud83d' }, "'a\\ud83d' holds half of a character; a program would be given"],
    [{ arguments: ['a\0'] }, "'a\\u0000' holds a NUL byte"],
    [{ environment: { 'A=B': 1 } }, "'A=B' is no name of a variable; it must be neither"],
    [{ environment: { '': 1 } }, "'' is no name of a variable"],
    [{ environment: { A: null } }, 'null is no value for the variable A'],
    [{ environment: { A: '\0' } }, "A: '\\u0000' holds a NUL byte"],
    [{ environment: { A: '\ud800' } }, "A: '\\ud800' holds half of a character; a program would"],
    [{ environment: { '\ud800': 'x' } }, "'\\ud800' is no name of a variable"],
    [{ environment: { A: Number.NaN } }, 'NaN is no value for the variable A'],
    [{ environment: ['A=1'] }, '["A=1"] is no object; write { NAME: \'value\' }'],
    [{ environment: new Map([['A', '1']]) }, "{} is no object; write { NAME: 'value' }"],
    [{ environment: JSON.parse('{"__proto__":"x"}') }, "'__proto__' is no name; to JavaScript"],
    [{ resources: { licenses: -1 } }, '-1 is no amount of licenses; write a number from 0 up'],
    [{ resources: { cores: 1 } }, "'cores' is no name for a resource: it has an attribute of its"],
    [{ resources: { memory: 1 } }, "'memory' is no name for a resource"],
    [{ resources: { gpus: 1 } }, "'gpus' is no name for a resource"],
    [{ totalPhysicalMemory: 1e300 }, "1e+300 is too much for a size; write bytes, or '4GiB'"],
    [{ totalPhysicalMemory: '99999999TiB' }, "'99999999TiB' is too much for a size"],
    [{ wallTimeLimit: 1e300 }, "1e+300 is too much for a duration; write seconds, or '1h30m'"],
    [{ resources: { 'a b': 1 } }, "'a b' is no name of a resource"],
    [{ retries: -1 }, '-1 is no amount; write a whole number from 0 up'],
    [{ retries: { limit: 1, wait: 3 } }, '{"limit":1,"wait":3} is no retries; write 3, or {'],
    [{ retries: { limit: 1, delay: 'soon' } }, "'soon' is no duration"],
    [{ retries: { limit: 1, delay: 1e300 } }, '1e+300 is too much for a duration; write seconds'],
    [{ retries: { delay: 1 } }, '{"delay":1} is no retries; write 3, or { limit: 3,'],
    [{ retries: {} }, '{} is no retries; write 3'],
    [{ retries: 'often' }, "'often' is no object; write 3, or { limit: 3,"],
    [{ cleanup: 'yes' }, "'yes' is no cleanup; write true, false or 'default'"],
    [{ restartOnPilotLoss: 1 }, '1 is no boolean; write true or false'],
    [{ startTime: 'noon' }, "'noon' is no time; write '2026-03-01T09:00:00Z', a Date, or seconds"],
    [{ pilotJob: 7 }, '7 is no text'],
    [
      { pilotJob: { id: 'pilots-1', create: () => 1 } },
      'pilots-1 is a service, and no pilot; write',
    ],
    [{ pilotJob: {} }, 'undefined is no text'],
    [{ candidateHosts: 'n1' }, "'n1' is no list"],
    [
      { candidateHosts: [] },
      '[] leaves nothing to choose from; name one at least, or leave it out',
    ],
    [{ cpuArchitecture: [] }, '[] leaves nothing to choose from'],
    [{ cpuArchitecture: [] as unknown[], operatingSystemType: [3] }, '3 is no text'],
    [{ dependsOn: { unit: 'a', on: 'ok' } }, "on: 'ok' is no condition; write 'done' or"],
  ])('%o: %s', (wish, message) => {
    const error = refusalOf({ ...TRUE, ...wish });
    const attribute = Object.keys(wish).at(-1);
    expect(error.message.startsWith(`${attribute}: ${message}`), error.message).toBe(true);
    expect(error.code).toBe('DESCRIPTION_INVALID');
    expect(error.subject).toBe(attribute);
    expect(error.transient).toBe(false);
  });

  it.each([
    ['wallTimeLimt', 'wallTimeLimit'],
    ['number_of_processes', 'numberOfProcesses'],
    ['Executable', 'executable'],
    ['cores', 'totalCpuCount'],
    ['env', 'environment'],
    ['dependOn', 'dependsOn'],
    ['cmd', 'executable'],
    ['exe', 'executable'],
    ['mem', 'totalPhysicalMemory'],
    ['cwd', 'workingDirectory'],
    ['retry', 'retries'],
    ['max_retries', 'retries'],
    ['ntasks', 'numberOfProcesses'],
    ['cpus-per-task', 'threadsPerProcess'],
  ])('an unknown attribute %s: did you mean %s?', (written, meant) => {
    const error = refusalOf({ ...TRUE, [written]: 1 });
    expect(error.message).toBe(`${written}: is no attribute; did you mean ${meant}?`);
    expect(error.subject).toBe(written);
  });

  it('an unknown attribute nodes, of which a unit has one', () => {
    expect(refusalOf({ ...TRUE, nodes: 2 }).message).toBe(
      'nodes: is no attribute; a unit runs on one node: submit a unit for each',
    );
  });

  it('names an unknown attribute that resembles none', () => {
    expect(refusalOf({ ...TRUE, colour: 'red' }).message).toBe('colour: is no attribute');
    expect(refusalOf({ ...TRUE, constructor: 'red' }).message).toBe('constructor: is no attribute');
  });

  it('says all that is wrong at once', () => {
    const error = refusalOf({ executable: 3, wallTimeLimit: 'long', colour: 'red' });
    expect(error.at(4).message.split('\n')).toEqual([
      'description 4: executable: 3 is no text; write some text',
      "wallTimeLimit: 'long' is no duration; write seconds, or '1h30m'",
      'colour: is no attribute',
    ]);
  });

  it('asks for an executable', () => {
    expect(refusalOf({ name: 'a' }).message).toBe(
      'executable: is missing; name the program to run',
    );
    expect(refusalOf({ executable: undefined }).subject).toBe('executable');
  });

  it.each([undefined, null, 3, 'ls -l', [], [undefined], () => 1])('refuses %o whole', (value) => {
    expect(refusalOf(value).message).toMatch(/is no object; write \{ attribute: value, … \}$/);
  });

  it('is never an exception of another kind', () => {
    const keys = fc.constantFrom(...Object.keys(WorkUnitDescription.shape));
    fc.assert(
      fc.property(
        fc.dictionary(keys, fc.anything({ withBigInt: true, withDate: true })),
        (value) => {
          try {
            parseWorkUnitDescription(value);
          } catch (error) {
            expect(error).toBeInstanceOf(DescriptionError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('what cannot be done', () => {
  it.each([
    [
      { interactive: true },
      'a work unit has no terminal; give it a file as input, and read stdout$',
    ],
    [{ contact: 'me@example.org' }, 'nobody is notified; subscribe to state$'],
    [{ project: 'x' }, "only a pilot is charged; name it in the pilot's description"],
    [{ queue: 'x' }, "only a pilot waits in a queue; name it in the pilot's description"],
    [{ numberOfProcesses: 4, processesPerHost: 2 }, 'all processes of a work unit run on one host'],
    [{ spmdVariation: 'MPI' }, "no such launcher is known; write 'None' and call the launcher"],
  ])('%o: %s', (wish, message) => {
    const error = refusalOf({ ...TRUE, ...wish });
    expect(error.code).toBe('ATTRIBUTE_UNSUPPORTED');
    expect(error.subject).toBe(Object.keys(wish).at(-1));
    expect(error.message).toContain(`: ${message}`);
  });

  it('is not asked for by every value', () => {
    for (const harmless of [
      { interactive: false },
      { spmdVariation: 'None' },
      { spmdVariation: 'OpenMP' },
      { numberOfProcesses: 2, processesPerHost: 2 },
    ]) {
      expect(parseWorkUnitDescription({ ...TRUE, ...harmless })).toMatchObject(harmless);
    }
  });
});

describe('a function in the place of a program', () => {
  const CALL = { module: 'file:///home/score.ts', export: 'score' };

  it('is named by its module and its name there', () => {
    const wish = { ...CALL, args: [1, { a: 2 }], isolation: 'fresh', memoryLimit: '1GiB' } as const;
    expect(parseWorkUnitDescription(wish)).toMatchObject({
      ...wish,
      executable: '',
      memoryLimit: 1024 ** 3,
    });
    const { module } = parseWorkUnitDescription({ ...CALL, module: new URL(CALL.module) });
    expect(module).toBe(CALL.module);
  });

  it.each([
    [{ executable: 'true' }, 'executable: is of programs, and a function is called; leave it out'],
    [{ arguments: [] }, 'arguments: is of programs'],
    [{ cleanup: false }, 'cleanup: is of programs'],
    [{ fileTransfer: [] }, 'fileTransfer: is of programs'],
    [{ export: undefined }, 'export: is missing; name the function that the module exports'],
    [{ module: './score.ts' }, "module: './score.ts' is the URL of no file; write import.meta.url"],
    [{ isolation: 'none' }, "isolation: 'none' is no isolation; write 'thread', 'process' or"],
    [{ args: 7 }, "args: 7 is no list; write [input]; what a program is given is arguments: ['…']"],
    [{ recycleAfter: 0 }, 'recycleAfter: 0 is no count'],
  ])('is refused with %o: %s', (wish, message) => {
    expect(refusalOf({ ...CALL, ...wish }).message).toContain(message);
  });

  it.each([
    [{ export: 'f' }, 'export: is of functions, and there is no module; name its module'],
    [{ ...TRUE, args: [] }, 'args: is of functions, and there is no module; did you mean arg'],
    [{ ...TRUE, isolation: 'fresh' }, 'isolation: is of functions'],
    [{ ...TRUE, memoryLimit: 1 }, 'memoryLimit: is of functions'],
    [{ ...TRUE, call: {} }, 'call: is no attribute'],
  ])('is missing for %o: %s', (wish, message) => {
    expect(refusalOf(wish).message).toContain(message);
  });
});

describe('what a unit holds', () => {
  it.each([
    [{}, 1],
    [{ totalCpuCount: 4 }, 4],
    [{ numberOfProcesses: 3, threadsPerProcess: 2 }, 6],
    [{ totalCpuCount: 4, numberOfProcesses: 3, threadsPerProcess: 2 }, 4],
  ])('%o: %d cores', (wish, cores) => {
    const request = requestOf(parseWorkUnitDescription({ ...TRUE, ...wish }));
    expect(request).toEqual({ cores, memory: 0, gpus: 0, resources: {} });
  });

  it('has memory, gpus and named resources too', () => {
    const wish = { totalPhysicalMemory: '1KiB', gpus: 2, resources: { fpga: 1 } };
    expect(requestOf(parseWorkUnitDescription({ ...TRUE, ...wish }))).toEqual({
      cores: 1,
      memory: 1024,
      gpus: 2,
      resources: { fpga: 1 },
    });
  });

  it.each([
    [{}, undefined],
    [{ wallTimeLimit: 60 }, 60],
    [{ wallTimeLimit: 60, totalCpuTime: 80, totalCpuCount: 4 }, 20],
    [{ wallTimeLimit: 60, totalCpuTime: 80, estimatedRunTime: '5s' }, 5],
  ])('%o: probably %s s', (wish, seconds) => {
    expect(estimatedRunTimeOf(parseWorkUnitDescription({ ...TRUE, ...wish }))).toBe(seconds);
  });
});
