/** What programs against the public door rely on at compile time; tsc is what checks it. */
import type { Observable } from 'rxjs';
import { describe, expectTypeOf, it } from 'vitest';
import type {
  CreateOptions,
  GroupOptions,
  MapOptions,
  ParsedPilotJobDescription,
  ParsedWorkUnitDescription,
  PilotJobService,
  PilotJobServiceOptions,
  ResultStream,
  TaskError,
  TaskFunction,
  WorkUnit,
  WorkUnitExit,
  WorkUnitGroup,
  WorkUnitService,
  WorkUnitServiceOptions,
  WorkUnitState,
} from '../src/index.ts';
import { PilotJobDescription, WorkUnitDescription } from '../src/index.ts';

describe('a description', () => {
  it('of a unit does not promise what is not kept', () => {
    expectTypeOf<WorkUnit['description']>().not.toHaveProperty('dependsOn');
    expectTypeOf<WorkUnit['description']>().toHaveProperty('executable');
  });

  it('may be written in every form that it is read in', () => {
    expectTypeOf<{
      executable: string;
      arguments: (string | number)[];
      environment: { HOME: string; OMP_NUM_THREADS: number; DEBUG: boolean };
      wallTimeLimit: '1h30m';
      totalPhysicalMemory: '4GiB';
      startTime: Date;
      retries: { limit: number; delay: '1m' };
      dependsOn: [WorkUnit, 'a name', { group: WorkUnitGroup; on: 'finished' }];
      pilotJob: { id: string };
    }>().toExtend<WorkUnitDescription>();
    expectTypeOf<{
      agent: { lease: '5m' };
      nativeOptions: ['--exclusive'];
    }>().toExtend<PilotJobDescription>();
  });

  it('names a function as its module does, and what it is given', () => {
    type Call = { module: URL; export: string; args: [number, WorkUnit]; isolation: 'fresh' };
    expectTypeOf<Call>().toExtend<WorkUnitDescription>();
    expectTypeOf<Omit<Call, 'module'> & { module: string }>().toExtend<WorkUnitDescription>();
    expectTypeOf<{ module: URL; isolation: 'none' }>().not.toExtend<WorkUnitDescription>();
  });

  it('knows a value of the wrong type', () => {
    expectTypeOf<{ executable: number }>().not.toExtend<WorkUnitDescription>();
    expectTypeOf<{ executable: string; arguments: string }>().not.toExtend<WorkUnitDescription>();
    expectTypeOf<{ totalCpuCount: string }>().not.toExtend<PilotJobDescription>();
    expectTypeOf<{ agent: { executor: 'none' } }>().not.toExtend<PilotJobDescription>();
  });

  it('may come with attributes that are undefined', () => {
    expectTypeOf<{ executable: string; name: undefined }>().toExtend<WorkUnitDescription>();
  });

  it('is kept in one form, and cannot be changed', () => {
    expectTypeOf(WorkUnitDescription.parse).returns.toExtend<{
      wallTimeLimit?: number | undefined;
    }>();
    expectTypeOf<ParsedWorkUnitDescription['arguments']>().toEqualTypeOf<
      readonly string[] | undefined
    >();
    expectTypeOf<ParsedWorkUnitDescription['wallTimeLimit']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<ParsedWorkUnitDescription['startTime']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<ParsedPilotJobDescription['totalPhysicalMemory']>().toEqualTypeOf<
      number | undefined
    >();
    expectTypeOf(PilotJobDescription.parse).returns.not.toBeAny();
    type Kept = Pick<ParsedWorkUnitDescription, 'executable'>;
    expectTypeOf<Kept>().toEqualTypeOf<{ readonly executable: string }>();
  });
});

describe('a submit', () => {
  it('gives one unit for one description, and several for several', () => {
    type Submit = WorkUnitService['submit'] & WorkUnitGroup['submit'];
    const one = (submit: Submit) => submit({ executable: '/bin/true' });
    const several = (submit: Submit) => submit(new Set([{ executable: '/bin/true' }]));
    expectTypeOf(one).returns.resolves.toEqualTypeOf<WorkUnit>();
    expectTypeOf(several).returns.resolves.toEqualTypeOf<WorkUnit[]>();
  });
});

describe('a map', () => {
  type Length = TaskFunction<string, number>;

  it('has errors among its results only where they may be collected', () => {
    const plain = (work: WorkUnitService, f: Length) => work.map(f, ['a']);
    const stopping = (work: WorkUnitService, f: Length, onError: 'stop' | undefined) =>
      work.map(f, ['a'], { onError, retries: 2 });
    const collecting = (work: WorkUnitService, f: Length) =>
      work.map(f, ['a'], { onError: 'collect' });
    expectTypeOf(plain).returns.toEqualTypeOf<ResultStream<number>>();
    expectTypeOf(stopping).returns.toEqualTypeOf<ResultStream<number>>();
    expectTypeOf(collecting).returns.toEqualTypeOf<ResultStream<number | TaskError>>();
  });

  it('may have them with options that are not known', () => {
    const any = (work: WorkUnitService, f: Length, options: MapOptions) =>
      work.map(f, ['a'], options);
    expectTypeOf(any).returns.toEqualTypeOf<ResultStream<number | TaskError>>();
  });
});

describe('options', () => {
  it('may be undefined, as variables of the environment are', () => {
    const id = process.env['PSTAR_ID'];
    expectTypeOf({ id, store: id, profile: id }).toExtend<PilotJobServiceOptions>();
    expectTypeOf({ id, store: id, log: undefined }).toExtend<WorkUnitServiceOptions>();
    expectTypeOf({ type: id, context: { userId: id } }).toExtend<CreateOptions>();
    expectTypeOf<{ defaults: undefined }>().toExtend<GroupOptions>();
    expectTypeOf<{ listen: { host: string | undefined } }>().toExtend<PilotJobServiceOptions>();
  });
});

describe('a work unit', () => {
  it('is only read', () => {
    expectTypeOf<Pick<WorkUnit, 'state'>>().toEqualTypeOf<{ readonly state: WorkUnitState }>();
    expectTypeOf<WorkUnit['state$']>().toEqualTypeOf<Observable<WorkUnitState>>();
    expectTypeOf<WorkUnit['result']>().returns.resolves.toEqualTypeOf<WorkUnitExit>();
    const value = (unit: WorkUnit) => unit.value<Map<string, number>>();
    expectTypeOf(value).returns.resolves.toEqualTypeOf<Map<string, number>>();
    expectTypeOf<WorkUnit['exit']>().toEqualTypeOf<WorkUnitExit | undefined>();
  });

  it('may be in any of these states, and no other', () => {
    expectTypeOf<WorkUnitState>().toEqualTypeOf<
      | 'New'
      | 'Waiting'
      | 'Pending'
      | 'Scheduled'
      | 'Running'
      | 'Done'
      | 'Canceled'
      | 'Failed'
      | 'Unknown'
    >();
  });
});

it('services end with the block that they are of', () => {
  expectTypeOf<PilotJobService>().toExtend<AsyncDisposable>();
  expectTypeOf<WorkUnitService>().toExtend<AsyncDisposable>();
});
