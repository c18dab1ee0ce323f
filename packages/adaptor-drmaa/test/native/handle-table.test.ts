import { beforeEach, describe, expect, it } from 'vitest';
import { HandleTable } from '../../src/native/handle-table.ts';

describe('objects of C', () => {
  let freed: bigint[];
  let table: HandleTable;
  const add = (pointer: bigint) => table.add('thing', pointer, (each) => freed.push(each));

  beforeEach(() => {
    freed = [];
    table = new HandleTable();
  });

  it('are used by their handles, freed once, and refused afterwards', async () => {
    const handle = add(7n);
    expect(await table.use(handle, 'thing', async (pointer) => pointer)).toBe(7n);
    await Promise.all([table.free(handle), table.free(handle)]);
    await table.free(handle);
    expect(freed).toEqual([7n]);
    await expect(table.use(handle, 'thing', async () => {})).rejects.toMatchObject({
      data: { code: 'WRONG_STATE', problem: 'the thing has been freed' },
    });
  });

  it('are freed after their last use, and not used from then on', async () => {
    const handle = add(7n);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const using = table.use(handle, 'thing', () => held);
    const freeing = table.free(handle);
    await expect(table.use(handle, 'thing', async () => {})).rejects.toThrow('has been freed');
    expect(freed).toEqual([]);
    release();
    await Promise.all([using, freeing]);
    expect(freed).toEqual([7n]);
  });

  it('are refused as something else, and where there is none', async () => {
    const handle = add(7n);
    await expect(table.use(handle, 'other', async () => {})).rejects.toThrow('has been freed');
    await expect(table.use(handle + 1, 'thing', async () => {})).rejects.toThrow('has been freed');
  });

  it('are all freed at the end, also when one of them cannot be', async () => {
    table.add('thing', 1n, () => Promise.reject(new Error('no')));
    add(2n);
    await table.freeAll();
    expect(freed).toEqual([2n]);
  });
});
