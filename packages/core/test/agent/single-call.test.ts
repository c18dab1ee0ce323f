import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { argumentsOf, outcomeOf } from '../../src/agent/single-call.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import { VALUE_BYTES } from '../../src/protocol/messages.ts';
import { ATTRIBUTE_ITEMS, valueItem } from '../../src/protocol/transfer-messages.ts';
import { encodeValue } from '../../src/runtime/values.ts';
import { readSpliced } from '../../src/workers/spliced-args.ts';
import { SUCCESS } from './agent-world.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-call-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const fileOf = (item: number): string => join(directory, 'values', String(item));

function base64(value: unknown): string {
  return Buffer.from(encodeValue(value)).toString('base64');
}

const RESULT = { batch: 0, first: 0, count: 1, ms: 1, isLast: true, problems: [] };

describe('the arguments of a single call', () => {
  it('are those of its unit, with the values of others in their places', async () => {
    const plain = await argumentsOf({ inline: base64([1, 'two']) }, fileOf);
    expect(readSpliced(plain)).toEqual([1, 'two']);
    const file = (item: number): string => join(directory, String(item));
    await writeFile(file(valueItem(2)), encodeValue([{ large: true }]));
    const values = [
      [0, base64([new Date(5)])],
      [2, null],
    ] as const;
    const all = await argumentsOf({ inline: base64([0, 'b', 0]), values }, file);
    expect(readSpliced(all)).toEqual([new Date(5), 'b', { large: true }]);
  });
});

describe('the end of a single call', () => {
  it('has its value, or a file with it where it is large', async () => {
    const data = encodeValue([42]);
    expect(await outcomeOf(SUCCESS, { ...RESULT, data }, fileOf)).toEqual({
      ...SUCCESS,
      value: data,
    });
    const large = encodeValue(['x'.repeat(VALUE_BYTES)]);
    const outcome = await outcomeOf(SUCCESS, { ...RESULT, data: large }, fileOf);
    expect(outcome).toEqual({ ...SUCCESS, leavesValue: true });
    expect(await readFile(fileOf(ATTRIBUTE_ITEMS.value))).toEqual(large);
  });

  it('says that a large value cannot be kept', async () => {
    await writeFile(join(directory, 'values'), 'no directory');
    const data = encodeValue(['x'.repeat(VALUE_BYTES)]);
    const { reason, problem } = await outcomeOf(SUCCESS, { ...RESULT, data }, fileOf);
    expect(FAILURE_REASONS[reason]).toBe('STAGING_INTERRUPTED');
    expect(problem).toContain(`${fileOf(ATTRIBUTE_ITEMS.value)} cannot be written`);
  });

  it.each([
    ['threw', 'CALL_FAILED'],
    ['crashed', 'CALL_FAILED'],
    ['time-limit', 'TIME_LIMIT'],
  ] as const)('says what was wrong: %s', async (kind, reason) => {
    const problem = {
      call: 0,
      kind,
      name: 'RangeError',
      message: 'no such molecule',
      stack: 'at x',
    };
    const result = { ...RESULT, problems: [problem], data: new Uint8Array() };
    const outcome = await outcomeOf(SUCCESS, result, fileOf);
    expect(outcome).toMatchObject({ problem: 'RangeError: no such molecule', value: problem });
    expect(FAILURE_REASONS[outcome.reason]).toBe(reason);
    expect(outcome.exitCode).toBeUndefined();
  });

  it('is that of its worker where it was canceled, or had none', async () => {
    const canceled = { ...SUCCESS, terminated: true };
    const result = { ...RESULT, data: encodeValue([1]) };
    expect(await outcomeOf(canceled, result, fileOf)).toBe(canceled);
    const without = { ...SUCCESS, reason: 9, problem: 'no worker' };
    expect(await outcomeOf(without, undefined, fileOf)).toBe(without);
  });
});
