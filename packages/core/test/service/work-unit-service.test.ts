import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { types } from 'node:util';
import { lastValueFrom, type Observable, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { type Log, silentLog } from '../../src/runtime/log.ts';
import type { WorkUnit } from '../../src/service/units/work-unit.ts';
import { WorkUnitService } from '../../src/service/work-unit-service.ts';

let store: string;
let work: WorkUnitService;
beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), 'pstar-work-'));
  work = await WorkUnitService.open({ store, log: silentLog });
});
afterEach(async () => {
  await work.close();
  await rm(store, { recursive: true, force: true });
});

const all = <T>(stream: Observable<T>) => lastValueFrom(stream.pipe(toArray()));
const CLOSED = { code: 'SERVICE_CLOSED' };

describe('wait()', () => {
  it('does not make the units of the past anew, turn after turn', async () => {
    const many = work.group('many');
    await many.submit(Array.from({ length: 2000 }, () => ({ executable: 'true' })));
    await many.cancel();
    await (await work.submit({ executable: 'true' })).cancel();
    const units = await work.wait();
    // Made when they are taken out.
    expect(types.isProxy(units)).toBe(true);
    expect(units).toHaveLength(2001);
    expect(units.map(({ id }) => id)).toEqual(Array.from(work.workUnits, ({ id }) => id));
  });
});

describe('what comes after the service was closed', () => {
  let waiting: WorkUnit;
  let canceled: WorkUnit;
  beforeEach(async () => {
    [waiting, canceled] = (await Promise.all([
      work.submit({ executable: 'true', group: 'left' }),
      work.submit({ executable: 'true', group: 'over' }),
    ])) as [WorkUnit, WorkUnit];
    await canceled.cancel();
  });

  it('is refused where it would wait for units that are not final', async () => {
    const left = work.group('left');
    await work.close();
    await expect(waiting.finished()).rejects.toMatchObject(CLOSED);
    await expect(waiting.result()).rejects.toMatchObject(CLOSED);
    await expect(waiting.cancel()).rejects.toMatchObject(CLOSED);
    await expect(work.wait()).rejects.toMatchObject(CLOSED);
    await expect(work.wait([canceled, waiting])).rejects.toMatchObject(CLOSED);
    await expect(left.finished()).rejects.toMatchObject(CLOSED);
    await expect(left.cancel()).rejects.toMatchObject(CLOSED);
  });

  it('is told what is final', async () => {
    const over = work.group('over');
    await work.close();
    expect((await canceled.finished()).state).toBe('Canceled');
    await expect(canceled.result()).rejects.toMatchObject({ code: 'WORK_UNIT_CANCELED' });
    expect(await work.wait([canceled])).toHaveLength(1);
    expect(await over.finished()).toHaveLength(1);
    await canceled.cancel();
  });

  it('is shown the present by streams, which then complete', async () => {
    await work.close();
    expect(await all(waiting.state$)).toEqual(['Pending']);
    expect(await all(waiting.stateDetail$)).toEqual([waiting.stateDetail]);
    expect(await all(waiting.stdout$)).toEqual([]);
    expect(await all(waiting.progress$)).toEqual([]);
  });
});

describe('what is no value for what it is given as is refused', () => {
  it.each<[string, (unit: WorkUnit) => unknown, string]>([
    ['wait(5)', () => work.wait(5 as never), 'units: 5 is no list; pass a list of what submit()'],
    ['wait([5])', () => work.wait([5 as never]), 'units: 5 is no work unit; pass a list of what'],
    [
      'wait([], 5)',
      () => work.wait([], 5 as never),
      'options: 5 is no object; write { signal: … }',
    ],
    [
      'wait([], { signal: 5 })',
      () => work.wait([], { signal: 5 as never }),
      'signal: 5 is no AbortSignal; pass the signal of an AbortController',
    ],
    [
      'result({ foo: 1 })',
      (unit) => unit.result({ foo: 1 } as never),
      'foo: is no option; there are signal',
    ],
    [
      'submit(…, { sginal })',
      () => work.submit([], { sginal: 1 } as never),
      'sginal: is no option; did you mean signal?',
    ],
    ['group(null)', () => work.group(null as never), 'group: null is no text; write some text'],
    ['group(5)', () => work.group(5 as never), 'group: 5 is no text; write some text'],
    ["group('z', 5)", () => work.group('z', 5 as never), 'options: 5 is no object; write {'],
    [
      "group('z', { defaults: 5 })",
      () => work.group('z', { defaults: 5 as never }),
      'defaults: 5 is no object; write { totalCpuCount: 2 }',
    ],
    ['filter(null)', () => work.workUnits.filter(null as never), 'options: null is no object'],
    [
      "filter({ state: 'done' })",
      () => work.workUnits.filter({ state: 'done' as never }),
      "state: 'done' is none of them; write 'New'",
    ],
  ])('by %s', async (_, call, message) => {
    const unit = await work.submit({ executable: 'true' });
    const problem = { code: 'DESCRIPTION_INVALID', message: expect.stringContaining(message) };
    await expect((async () => call(unit))()).rejects.toMatchObject(problem);
  });

  it('by submit(), if it is an async iterable', async () => {
    async function* described() {
      yield { executable: 'true' };
    }
    const message = expect.stringContaining('descriptions: are an async iterable; pass a list');
    const problem = { code: 'DESCRIPTION_INVALID', message };
    await expect(work.submit(described() as never)).rejects.toMatchObject(problem);
    const group = work.group('some');
    await expect((async () => group.submit(described() as never))()).rejects.toMatchObject(problem);
    expect(work.statistics.total).toBe(0);
  });

  it('also where it is put into a description', async () => {
    const circle: WorkUnitDescription = { executable: 'true' };
    Object.assign(circle, { foo: circle });
    await expect(work.submit(circle)).rejects.toThrow('foo: is no attribute');
    const environment = new Map([['A', 1]]) as never;
    await work.submit({ executable: 'true', environment: {} });
    await expect(work.submit({ executable: 'true', environment })).rejects.toThrow(
      "environment: {} is no object; write { NAME: 'value' }",
    );
  });
});

describe('the end of a block', () => {
  let warnings: unknown[];
  let log: Log;
  beforeEach(() => {
    warnings = [];
    log = { ...silentLog, warn: (_: unknown, words?: string) => void warnings.push(words) };
  });

  it('says how many units it cancels, once', async () => {
    const own = await WorkUnitService.open({ store, log });
    const [first] = await own.submit([{ executable: 'true' }, { executable: 'true' }]);
    await own.submit({ executable: 'true' });
    await first?.cancel();
    await own[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
    expect(warnings).toEqual([
      expect.stringMatching(/^2 unfinished units canceled at the end of the block/),
    ]);
  });

  it('says nothing where all is over, or the service was canceled before', async () => {
    const idle = await WorkUnitService.open({ store, log });
    await (await idle.submit({ executable: 'true' })).cancel();
    await idle[Symbol.asyncDispose]();
    const canceled = await WorkUnitService.open({ store, log });
    await canceled.submit({ executable: 'true' });
    await canceled.cancel();
    await canceled[Symbol.asyncDispose]();
    expect(warnings).toEqual([]);
  });
});
