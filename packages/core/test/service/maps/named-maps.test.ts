import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { encodeValue } from '../../../src/runtime/values.ts';
import type { NamedMap } from '../../../src/service/maps/named-map.ts';
import { NamedMaps } from '../../../src/service/maps/named-maps.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pstar-maps-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const maps = () => new NamedMaps(join(root, 'maps'), systemClock, silentLog);
const ROOTS = {
  name: 'roots',
  export: 'root',
  code: 'abc',
  anyCode: false,
  keepsFailures: true,
} as const;
const INPUTS = [0, 1, 4, 9, 16];

/** Computes the first of the inputs; the fourth fails. */
async function compute(map: NamedMap, count: number): Promise<void> {
  for (let index = 0; index < count; index++) map.read(INPUTS[index]);
  await map.keep({
    first: 0,
    count,
    skip: 0,
    values: encodeValue(INPUTS.slice(0, count).map(Math.sqrt)),
    failures: count > 3 ? [{ index: 3, reason: { message: 'no root' } }] : [],
  });
  await map.close();
}

async function restored(map: NamedMap, inputs: readonly unknown[] = INPUTS) {
  for (const input of inputs) map.read(input);
  const all = [];
  for (const span of map.passed()) all.push({ first: span.first, ...(await map.results(span)) });
  await map.close();
  return all;
}

describe('maps by name', () => {
  it('know what was done, and of which inputs', async () => {
    await compute(await maps().open(ROOTS), 5);
    const again = await maps().open(ROOTS);
    for (const input of INPUTS.slice(0, 2)) again.read(input);
    expect(() => again.read(5)).toThrow(
      expect.objectContaining({
        code: 'ALREADY_EXISTS',
        message: expect.stringMatching(
          /^input 2 is another than it was before \(map roots\); give/,
        ),
      }),
    );
    expect([...again.spans()]).toEqual([{ span: { first: 0, count: 5 }, failed: [3] }]);
    expect(await restored(again, [...INPUTS.slice(2), 'a new one'])).toEqual([
      { first: 0, isFailed: false, values: [0, 1, 2] },
      { first: 3, isFailed: true, reason: { message: 'no root' } },
      { first: 4, isFailed: false, values: [4] },
    ]);
  });

  it('give what was done as far as inputs were read, also in the middle of a stretch', async () => {
    await compute(await maps().open(ROOTS), 5);
    const again = await maps().open(ROOTS);
    let read = 0;
    for (const [count, passed] of [
      [0, []],
      [2, [0, 2]],
      [0, []],
      [3, [2, 1, 3, 1, 4, 1]],
    ] as const) {
      for (let more = 0; more < count; more++) again.read(INPUTS[read++]);
      expect([...again.passed()].flatMap(({ first, count }) => [first, count])).toEqual(passed);
    }
    await again.close();
  });

  it('keep no results without inputs, of which there may be fewer than there were', async () => {
    const map = await maps().open(ROOTS);
    for (const input of INPUTS) map.read(input);
    const early = { skip: 0, values: encodeValue([3, 4, 5]), failures: [] };
    const kept = map.keep({ ...early, first: 3, count: 3 });
    const beyond = map.keep({ ...early, first: 6, count: 3 });
    expect([await kept, await beyond]).toEqual([2, 0]);
    await map.close();
    const again = await maps().open(ROOTS);
    expect(await restored(again)).toEqual([{ first: 3, isFailed: false, values: [3, 4] }]);
  });

  it('refuse other code, or have it try again what had failed', async () => {
    await compute(await maps().open(ROOTS), 5);
    const others = [
      [{ ...ROOTS, code: 'abd' }, 'its code has changed'],
      [{ ...ROOTS, export: 'cubeRoot' }, 'it called root before'],
    ] as const;
    for (const [other, problem] of others) {
      await expect(maps().open(other)).rejects.toMatchObject({ code: 'ALREADY_EXISTS', problem });
    }
    const anyCode = { ...ROOTS, code: 'abd', anyCode: true };
    const values = [
      { first: 0, isFailed: false, values: [0, 1, 2] },
      { first: 4, isFailed: false, values: [4] },
    ];
    expect(await restored(await maps().open(anyCode))).toEqual(values);
    await expect(maps().open(ROOTS)).rejects.toMatchObject({ problem: 'its code has changed' });
  });

  it('try again what had failed where failures end a map', async () => {
    await compute(await maps().open(ROOTS), 5);
    const stopping = await restored(await maps().open({ ...ROOTS, keepsFailures: false }));
    expect(stopping.map(({ first }) => first)).toEqual([0, 4]);
  });

  it('are open once at a time, also while they are being opened', async () => {
    const service = maps();
    const [first, second] = await Promise.allSettled([service.open(ROOTS), service.open(ROOTS)]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ reason: { code: 'WRONG_STATE' } });
    await expect(service.forget('roots')).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await service.open({ ...ROOTS, name: 'others' });
    const late = service.open({ ...ROOTS, name: 'late' });
    await service.close();
    await expect(late).rejects.toMatchObject({ code: 'SERVICE_CLOSED' });
    await expect(service.open(ROOTS)).rejects.toMatchObject({ code: 'SERVICE_CLOSED' });
    await compute(await maps().open(ROOTS), 2);
  });

  it('are forgotten, also where that was begun and a crash came', async () => {
    const service = maps();
    await service.forget('roots');
    await compute(await service.open(ROOTS), 5);
    await compute(await service.open({ ...ROOTS, name: 'others' }), 5);
    mkdirSync(join(root, 'maps', '.gone-roots'));
    writeFileSync(join(root, 'maps', '.gone-roots', 'values-000001'), '');
    await maps().forget('roots');
    expect(readdirSync(join(root, 'maps'))).toEqual(['others']);
    expect(await restored(await service.open({ ...ROOTS, code: 'new' }))).toEqual([]);
  });

  it.each(['a/b', '..', '.gone-x', 'ä ö%', 'x'.repeat(240)])('may be called %j', async (name) => {
    await compute(await maps().open({ ...ROOTS, name }), 3);
    expect(readdirSync(root)).toEqual(['maps']);
    expect(await restored(await maps().open({ ...ROOTS, name }))).toHaveLength(1);
    await maps().forget(name);
    expect(readdirSync(join(root, 'maps'))).toEqual([]);
  });

  it.each(['', 'x'.repeat(241), '\ud800'])('may not be called %j', (name) => {
    expect(() => maps().open({ ...ROOTS, name })).toThrow(
      expect.objectContaining({ code: 'DESCRIPTION_INVALID', subject: 'name' }),
    );
  });
});
