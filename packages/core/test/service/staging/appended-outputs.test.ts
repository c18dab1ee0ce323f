/** What was appended is known to the next process, as long as anybody may bring it again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppendedOutputs } from '../../../src/service/staging/appended-outputs.ts';
import { scratch } from '../../staging/pair.ts';

const output = (unit: number) => ({ unit, attempt: 1, item: 0 });
const appended = (at: number) => ({ target: '/log', at });

describe('outputs that were appended', () => {
  it('are known where they were begun, and as done only to whom has seen it', () => {
    const file = join(scratch(), 'appended');
    const first = new AppendedOutputs(file, () => true);
    expect(first.once(output(1)).begun).toBeUndefined();
    expect(existsSync(file)).toBe(false);
    first.once(output(1)).begin(appended(0));
    expect(first.has(output(1))).toBe(false);
    first.done(output(1));
    expect(first.has(output(1))).toBe(true);
    first.close();
    const second = new AppendedOutputs(file, () => true);
    expect(second.has(output(1))).toBe(false);
    expect(second.once(output(1)).begun).toEqual(appended(0));
    expect(second.once({ ...output(1), attempt: 2 }).begun).toBeUndefined();
  });

  it('are forgotten where another was begun at the same place later: they had not come to it', () => {
    const file = join(scratch(), 'appended');
    const first = new AppendedOutputs(file, () => true);
    first.once(output(1)).begin(appended(10));
    first.once(output(2)).begin(appended(10));
    const second = new AppendedOutputs(file, () => true);
    for (const each of [first, second]) {
      expect(each.once(output(1)).begun).toBeUndefined();
      expect(each.once(output(2)).begun).toEqual(appended(10));
    }
  });

  it('are forgotten with their attempts, and with them the file', () => {
    const file = join(scratch(), 'appended');
    const first = new AppendedOutputs(file, () => true);
    for (const unit of [1, 2]) first.once(output(unit)).begin(appended(5 * unit));
    first.close();
    writeFileSync(file, '[3,1,0,"/l', { flag: 'a' });
    const second = new AppendedOutputs(file, (unit) => unit === 2);
    expect(second.once(output(1)).begun).toBeUndefined();
    expect(second.once(output(2)).begun).toEqual(appended(10));
    expect(readFileSync(file, 'utf8')).toBe('[2,1,0,"/log",10]\n');
    new AppendedOutputs(file, () => false).has(output(2));
    expect(existsSync(file)).toBe(false);
  });
});
