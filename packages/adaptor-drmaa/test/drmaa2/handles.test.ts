import { describe, expect, it } from 'vitest';
import { type HandleRef, ObjectTable, Shared } from '../../src/drmaa2/handles.ts';

function heldJob(id: string, freed: string[], session?: number) {
  const release = async () => {
    freed.push(id);
  };
  return { kind: 'job', id, pointer: 7n, session, release } as const;
}

function refOf(handle: number, id: string): HandleRef {
  return { handle, kind: 'job', id };
}

describe('handles', () => {
  it('name a pointer until they are freed, once', async () => {
    const table = new ObjectTable();
    const freed: string[] = [];
    const handle = table.add(heldJob('1', freed));
    expect(table.find(refOf(handle, '1'))).toBe(7n);
    await table.free(handle);
    await table.free(handle);
    expect(freed).toEqual(['1']);
    expect(() => table.find(refOf(handle, '1'))).toThrow('freed');
  });

  it('of another process, or of another object, name nothing here', () => {
    const table = new ObjectTable();
    const handle = table.add(heldJob('1', []));
    expect(table.find(refOf(handle - 2 ** 30, '1'))).toBeUndefined();
    expect(table.find(refOf(handle + 1, '2'))).toBeUndefined();
    expect(() => table.find(refOf(handle, '2'))).toThrow('freed');
    expect(() => table.find({ ...refOf(handle, '1'), kind: 'reservation' })).toThrow('freed');
  });

  it('go with their session, and the last first', async () => {
    const table = new ObjectTable();
    const freed: string[] = [];
    const session = table.add(heldJob('session', freed));
    table.add(heldJob('in it', freed, session));
    table.add(heldJob('elsewhere', freed, session + 99));
    table.add(heldJob('last', freed));
    await table.freeOf(session);
    expect(freed).toEqual(['in it']);
    await table.freeAll();
    expect(freed).toEqual(['in it', 'last', 'elsewhere', 'session']);
  });

  it('of a list free it with the last of them', async () => {
    let freed = 0;
    const shared = new Shared(async () => {
      freed += 1;
    });
    const releases = [shared.hold(), shared.hold()];
    await releases[0]?.();
    expect(freed).toBe(0);
    await releases[1]?.();
    expect(freed).toBe(1);
  });
});
