import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/runtime/log.ts';
import { listServices } from '../../../src/service/base/list-services.ts';
import { PilotJobService } from '../../../src/service/pilot-job-service.ts';
import { WorkUnitService } from '../../../src/service/work-unit-service.ts';

let store: string;
beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), 'pstar-options-'));
});
afterEach(() => rm(store, { recursive: true, force: true }));

describe('an option of both services', () => {
  it.each<[object | null, string]>([
    [{ stroe: '/nowhere' }, 'stroe: is no option; did you mean store?'],
    [null, 'options: null is no object; write { id: … }, or leave it out'],
    [[], 'options: [] is no object'],
    [{ id: 5 }, 'id: 5 is no text; write some text'],
    [{ store: 5 }, 'store: 5 is no store; write the name of a directory'],
    [{ store: null }, 'store: null is no store'],
    [{ log: 5 }, 'log: 5 is no log; pass a logger of pino, or leave it out and set PSTAR_LOG'],
  ])('%j is refused: %s', async (options, message) => {
    const all = Array.isArray(options) ? options : options && { store, ...options };
    const problem = { code: 'DESCRIPTION_INVALID', message: expect.stringContaining(message) };
    for (const service of [PilotJobService, WorkUnitService]) {
      await expect(service.open(all as never)).rejects.toMatchObject(problem);
    }
    expect(await readdir(store)).toEqual([]);
  });
});

describe('an option of a PilotJobService', () => {
  it.each<[object, string]>([
    [{ adaptors: 5 }, 'adaptors: 5 is no list; write [adaptor]'],
    [{ adaptors: [{}] }, 'adaptors: {} is no adaptor; pass what defineAdaptor() has given'],
    [{ listen: 5 }, 'listen: 5 is no object; write { host: … }, or leave it out'],
    [{ listen: { port: -1 } }, 'listen.port: -1 is no port; write a whole number up to 65535'],
    [{ listen: { prot: 1 } }, 'listen.prot: is no option; did you mean port?'],
    [{ signals: 5 }, 'signals: 5 is no boolean; write true or false'],
    [{ prompt: 5 }, 'prompt: 5 is no function; write (question) => answer, or leave it out'],
  ])('%j is refused: %s', async (options, message) => {
    const problem = { code: 'DESCRIPTION_INVALID', message: expect.stringContaining(message) };
    await expect(PilotJobService.open({ store, ...options })).rejects.toMatchObject(problem);
    expect(await readdir(store)).toEqual([]);
  });
});

describe('an option of a WorkUnitService', () => {
  it.each<[object, string]>([
    [{ scheduler: {} }, 'there is no scheduler {} (scheduler); choose one of backfill,'],
    [{ scheduler: null }, 'there is no scheduler null (scheduler); choose one of backfill,'],
    [{ scheduler: 'fast' }, "there is no scheduler 'fast' (scheduler); choose one of backfill,"],
    [{ services: {} }, 'is no PilotJobService (services); write services: [pilots]'],
  ])('%j is refused: %s', async (options, message) => {
    await expect(WorkUnitService.open({ store, ...options })).rejects.toThrow(message);
    expect(await readdir(store)).toEqual([]);
  });
});

describe('what a pilot is created with', () => {
  it.each<[unknown, unknown, string]>([
    [null, {}, 'description: null is no object; write { totalCpuCount: 4 }'],
    [5, {}, 'description: 5 is no object'],
    [new Map(), {}, 'description: {} is no object'],
    [{}, 5, 'options: 5 is no object; write { signal: … }, or leave it out'],
    [{}, { signal: 5 }, 'signal: 5 is no AbortSignal'],
    [{}, { type: 5 }, 'type: 5 is no text'],
    [{}, { context: 5 }, "context: credentials are an object; write { userId: 'me' }"],
    [{}, { context: { usrId: 5 } }, 'context.usrId: is nothing that credentials have; did you'],
  ])('is refused: %j, %j', async (description, options, message) => {
    await using service = await PilotJobService.open({ store, log: silentLog, signals: false });
    const problem = { code: 'DESCRIPTION_INVALID', message: expect.stringContaining(message) };
    const created = service.create('local://', description as never, options as never);
    await expect(created).rejects.toMatchObject(problem);
    expect(service.pilotJobs).toEqual([]);
  });
});

it('a list of services wants a store', async () => {
  await expect(listServices(5 as never)).rejects.toThrow('store: 5 is no store');
});
