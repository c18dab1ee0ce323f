import { describe, expect, expectTypeOf, it } from 'vitest';
import { DescriptionError } from '../../src/model/errors.ts';
import {
  type ParsedPilotJobDescription,
  PilotJobDescription,
  parsePilotJobDescription,
  readPilotJobDescription,
} from '../../src/model/pilot-job-description.ts';
import { written } from '../../src/model/written.ts';

function refusalOf(value: unknown): DescriptionError {
  try {
    parsePilotJobDescription(value);
  } catch (error) {
    if (error instanceof DescriptionError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a pilot job description', () => {
  it('is brought into one form', () => {
    const description: PilotJobDescription = {
      totalCpuCount: 128,
      wallTimeLimit: '1-00:00:00',
      queue: 'long',
      contact: 'me@example.org',
      environment: { TMPDIR: '/scratch', DEPTH: 2 },
      nativeOptions: { constraint: 'haswell', exclusive: true },
      initCommands: ['module load nodejs'],
      idleTimeout: '10m',
      totalPhysicalMemory: '64 GiB',
      agent: {
        registrationTimeout: '2m',
        memory: '1GiB',
        gpus: 0,
        executor: 'null',
        node: undefined,
      },
    };
    expect(parsePilotJobDescription(description)).toStrictEqual({
      totalCpuCount: 128,
      wallTimeLimit: 86_400,
      queue: 'long',
      contact: ['me@example.org'],
      environment: { TMPDIR: '/scratch', DEPTH: '2' },
      nativeOptions: { constraint: 'haswell', exclusive: true },
      initCommands: ['module load nodejs'],
      idleTimeout: 600,
      totalPhysicalMemory: 64 * 2 ** 30,
      agent: { registrationTimeout: 120, memory: 2 ** 30, gpus: 0, executor: 'null' },
    });
  });

  it('may be empty, and has no defaults of its own', () => {
    expect(parsePilotJobDescription({})).toStrictEqual({});
    expect(PilotJobDescription.parse({ name: undefined })).toStrictEqual({});
  });

  it('is typed for those who read it', () => {
    type Read = Required<ParsedPilotJobDescription>;
    expectTypeOf<Read['wallTimeLimit']>().toEqualTypeOf<number>();
    expectTypeOf<Required<Read['agent']>['executor']>().toEqualTypeOf<'process' | 'null'>();
    expectTypeOf<{ agent: { cores: undefined } }>().not.toExtend<ParsedPilotJobDescription>();
  });

  it.each([
    [{ walltime: 3 }, 'walltime: is no attribute; did you mean wallTimeLimit?'],
    [{ partition: 'x' }, 'partition: is no attribute; did you mean queue?'],
    [{ agent: { leese: 3 } }, 'agent.leese: is no attribute; did you mean agent.lease?'],
    [{ agent: { cores: 0 } }, 'agent.cores: 0 is no count; write a whole number from 1 up'],
    [{ agent: 3 }, 'agent: 3 is no object; write { attribute: value, … }'],
    [{ agent: { executor: 'x' } }, "agent.executor: 'x' is no executor; write 'process' or 'null'"],
    [
      { agent: { lease: 5, heartbeat: 5 } },
      'agent.lease: 5 s is no longer than a heartbeat; write a few times agent.heartbeat, which is 5 s',
    ],
    [{ nativeOptions: 3 }, "nativeOptions: 3 is no object; write { constraint: 'haswell' }"],
    [{ nativeOptions: { a: {} } }, 'nativeOptions: {} is no value for a; write text, a number or'],
    [{ nativeOptions: ['a\0'] }, "nativeOptions: 'a\\u0000' holds a NUL byte"],
    [{ nativeOptions: { 'a\0': 1 } }, "nativeOptions: 'a\\u00001' holds a NUL byte"],
    ...['A;touch x;', 'A B', '-x', 'A.B', '1A', 'A\n'].map((name): [object, string] => [
      { environment: { [name]: 1 } },
      `environment: ${written(name)} is no name of a variable of a shell; write letters, digits`,
    ]),
    [{ environment: { '': 1 } }, "environment: '' is no name of a variable"],
    [{ workingDirectory: 'data' }, "workingDirectory: 'data' is relative"],
    [{ workingDirectory: '/a\nb' }, "workingDirectory: '/a\\nb' holds a line break; take it out"],
    [{ workingDirectory: '/a\0b' }, "workingDirectory: '/a\\u0000b' holds a NUL byte"],
    [{ agent: { scratch: 'tmp' } }, "agent.scratch: 'tmp' is relative"],
    [{ output: 'a\nb' }, "output: 'a\\nb' holds a line break"],
    [{ output: '/tmp/' }, "output: '/tmp/' is a directory; write the path of a file"],
    [{ output: '.' }, "output: '.' is a directory"],
    [{ error: '/tmp/..' }, "error: '/tmp/..' is a directory"],
    [{ candidateHosts: [] }, 'candidateHosts: [] leaves nothing to choose from; name one at least'],
    [{ idleTimeout: 0 }, 'idleTimeout: 0 is no limit; write a duration above 0, or leave it out'],
    [{ agent: { resources: { gpus: 1 } } }, "agent.resources: 'gpus' is no name for a resource"],
    [{ nodes: 2 }, 'nodes: is no attribute; did you mean numberOfProcesses?'],
    [{ initCommands: 'module load' }, "initCommands: 'module load' is no list"],
  ])('refuses %o: %s', (wish, message) => {
    const error = refusalOf(wish);
    expect(error.message.startsWith(message), error.message).toBe(true);
    expect(error.code).toBe('DESCRIPTION_INVALID');
    expect(message.startsWith(`${error.subject}: `)).toBe(true);
  });

  it('that was accepted once can be read for ever', () => {
    const old = { environment: { 'A.B': '1' }, workingDirectory: 'data', output: '.' };
    expect(readPilotJobDescription(old)).toStrictEqual(old);
    const unreadable = { idleTimeout: 0, agent: { memory: 1e300, resources: { cores: 1 } } };
    expect(readPilotJobDescription({ ...old, ...unreadable })).toStrictEqual({ ...old, agent: {} });
    expect(() => readPilotJobDescription(7)).toThrow('is no object');
  });

  it('may name what looks strange, and is not', () => {
    const description = { environment: { _A1: '1' }, output: '...', error: 'a..', name: 'a\nb' };
    expect(parsePilotJobDescription(description)).toStrictEqual(description);
  });

  it.each([
    { executable: '/bin/true' },
    { arguments: ['-v'] },
    { input: 'file' },
    { interactive: true },
    { fileTransfer: ['a > b'] },
    { spmdVariation: 'MPI' },
    { minPilots: 1 },
    { maxPilots: 1 },
  ])('cannot have %o', (wish) => {
    const error = refusalOf(wish);
    expect(error.code).toBe('ATTRIBUTE_UNSUPPORTED');
    expect(error.subject).toBe(Object.keys(wish)[0]);
    expect(error.hint).toBeTruthy();
  });
});
