import { describe, expect, it } from 'vitest';
import { ProgressReader, parseProgress } from '../../src/executor/progress.ts';

describe('parseProgress', () => {
  it.each([
    ['0.4 reading block 12', 0.4, 'reading block 12'],
    ['40%', 0.4, ''],
    ['100% done', 1, 'done'],
    ['.5', 0.5, ''],
    ['1', 1, ''],
    ['0', 0, ''],
    [' 0.25\tx  y ', 0.25, 'x  y'],
    ['12 blocks read', undefined, '12 blocks read'],
    ['140%', undefined, '140%'],
    ['reading', undefined, 'reading'],
    ['0.4reading', undefined, '0.4reading'],
    ['-0.4', undefined, '-0.4'],
  ])('reads %j', (line, fraction, message) => {
    expect(parseProgress(line)).toEqual({ fraction, message });
  });

  it('passes over empty lines', () => {
    expect(parseProgress('  \r')).toBeUndefined();
  });
});

describe('ProgressReader', () => {
  it('waits for the end of a line, or of the unit', () => {
    const reader = new ProgressReader();
    expect(reader.read([Buffer.from('0.1 a\n0.'), Buffer.from('2 b')])).toEqual([
      { fraction: 0.1, message: 'a' },
    ]);
    expect(reader.read([])).toEqual([]);
    expect(reader.read([Buffer.from('c\n0.3')])).toEqual([{ fraction: 0.2, message: 'bc' }]);
    expect(reader.read([], true)).toEqual([{ fraction: 0.3, message: '' }]);
    expect(reader.read([], true)).toEqual([]);
  });

  it('puts a character together that two chunks share', () => {
    const bytes = Buffer.from('0.5 größer\n');
    const chunks = [bytes.subarray(0, 7), bytes.subarray(7)];
    expect(new ProgressReader().read(chunks)).toEqual([{ fraction: 0.5, message: 'größer' }]);
  });

  it('says nothing of a line whose beginning was passed over', () => {
    const reader = new ProgressReader();
    reader.read([Buffer.from('0.1 begun ')]);
    expect(reader.read([Buffer.from('nning')], false, true)).toEqual([]);
    expect(reader.read([Buffer.from(' of it\n0.2 next\n0.')])).toEqual([
      { fraction: 0.2, message: 'next' },
    ]);
    expect(reader.read([Buffer.from('3 last')], true)).toEqual([
      { fraction: 0.3, message: 'last' },
    ]);
    reader.read([Buffer.from('rest')], false, true);
    expect(reader.read([], true)).toEqual([]);
  });

  it('bounds what a unit can make it hold or say', () => {
    const reader = new ProgressReader();
    reader.read([Buffer.alloc(1_000_000, 'x')]);
    const [line] = reader.read([Buffer.from('\n')]);
    expect(line?.message).toHaveLength(4096);
    const many = Array.from({ length: 1000 }, (_, i) => `step ${i}\n`).join('');
    const last = reader.read([Buffer.from(many)]);
    expect(last).toHaveLength(16);
    expect(last.at(-1)?.message).toBe('step 999');
  });
});
