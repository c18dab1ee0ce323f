/** What is refused, how it is said, and that nothing of it stays. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescriptionError,
  PilotError,
  PilotJobService,
  type WorkUnitDescription,
  WorkUnitService,
} from '@pstar/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { outcomeOf } from '../../packages/core/test/support/without-root.ts';
import { openWorld } from './fixture.ts';

const refusal = (call: Promise<unknown>): Promise<PilotError> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => (error instanceof PilotError ? error : Promise.reject(error)),
  );

describe('a service', () => {
  it('refuses what is no name of a map, and what is no service of pilots', async () => {
    const { work, pilots } = await openWorld();
    for (const name of [5, '', undefined]) {
      const { code, subject } = await refusal(work.forgetMap(name as string));
      expect([code, subject]).toEqual(['DESCRIPTION_INVALID', 'name']);
    }
    await work.forgetMap('of which there is none');
    const remove = async (service: unknown) => work.remove(service as PilotJobService);
    for (const service of [5, undefined, work]) {
      expect((await refusal(remove(service))).message).toMatch(/is no PilotJobService/);
    }
    await remove(pilots);
    await remove(pilots);
  });

  it('that was canceled says so to whoever wants to see what a pilot of it was', async () => {
    const { pilots } = await openWorld();
    const pilot = await pilots.create('local://', {});
    expect(await pilot.render()).toContain('agent');
    await pilots.cancel();
    const { code, message } = await refusal(pilot.render());
    expect(code).toBe('SERVICE_CLOSED');
    expect(message).toContain(`the service is canceled (${pilots.id}); open it again with Pilot`);
  });
});

describe('a submit', () => {
  it.each<[unknown, string, string[]]>([
    [
      { executable: '/bin/true', totalCpuCont: 4 },
      'DESCRIPTION_INVALID',
      ['totalCpuCont', 'totalCpuCount'],
    ],
    [
      { executable: '/bin/true', wallTimeLimit: '10 parsecs' },
      'DESCRIPTION_INVALID',
      ["wallTimeLimit: '10 parsecs' is no duration", '1h30m'],
    ],
    [
      { executable: '/bin/true', totalPhysicalMemory: 'much' },
      'DESCRIPTION_INVALID',
      ['totalPhysicalMemory', 'much', '4GiB'],
    ],
    [{ executable: '/bin/true', totalCpuCount: 0 }, 'DESCRIPTION_INVALID', ['totalCpuCount', '0']],
    [{}, 'DESCRIPTION_INVALID', ['executable']],
    [{ executable: '/bin/true', arguments: 'x' }, 'DESCRIPTION_INVALID', ['arguments']],
    [{ executable: '/bin/true', queue: 'short' }, 'ATTRIBUTE_UNSUPPORTED', ['queue']],
    [
      { executable: '/bin/true', dependsOn: 'work-nowhere.1' },
      'DEPENDENCY_UNKNOWN',
      ['work-nowhere.1'],
    ],
    [{ executable: '/bin/true', name: 'me', dependsOn: 'me' }, 'DEPENDENCY_CIRCULAR', ['me']],
    [
      { executable: '/bin/true', group: 'g', dependsOn: { group: 'g' } },
      'DEPENDENCY_CIRCULAR',
      ['g'],
    ],
    [null, 'DESCRIPTION_INVALID', []],
    ['/bin/true', 'DESCRIPTION_INVALID', []],
  ])('of %j is refused with %s', async (description, code, words) => {
    const { work } = await openWorld();
    work.group('g');
    const error = await refusal(work.submit(description as WorkUnitDescription));
    expect(error.code).toBe(code);
    for (const word of words) expect(error.message).toContain(word);
    expect(work.workUnits.size).toBe(0);
  });

  it('of several with one bad is refused whole, with the index', async () => {
    const { work } = await openWorld();
    const good = { executable: '/bin/true' };
    const bad = [good, good, { executable: '/bin/true', wallTimeLimit: 'soon' }, good];
    const error = await refusal(work.submit(bad));
    expect(error.message).toContain('2');
    expect(error.message).toContain('wallTimeLimit');
    expect(work.workUnits.size).toBe(0);
    const [unit] = await work.submit([good]);
    expect(unit?.id).toBe(`${work.id}.0`);
  });

  it('of a circle is refused, naming it', async () => {
    const { work } = await openWorld();
    const circle = ['a', 'b', 'c'].map((name, i, all) => ({
      executable: '/bin/true',
      name,
      dependsOn: all[(i + 1) % 3] as string,
    }));
    expect((await refusal(work.submit(circle))).code).toBe('DEPENDENCY_CIRCULAR');
    expect(work.workUnits.size).toBe(0);
  });

  it('to a group without a name is refused', async () => {
    const { work } = await openWorld();
    expect(() => work.group('')).toThrow(DescriptionError);
    expect(() => work.group('')).toThrow("group: '' is no text");
  });

  it('to a closed or canceled service is refused', async () => {
    const { work, pilots } = await openWorld();
    await work.close();
    expect((await refusal(work.submit({ executable: '/bin/true' }))).code).toBe('SERVICE_CLOSED');
    await pilots.cancel();
    expect((await refusal(pilots.create('local://', {}))).code).toBe('SERVICE_CLOSED');
  });

  it('that is aborted leaves nothing', async () => {
    const { work } = await openWorld();
    const abort = new AbortController();
    function* endless() {
      for (let i = 0; ; i++) {
        if (i === 5000) abort.abort();
        yield { executable: '/bin/true' };
      }
    }
    const error = await refusal(work.submit(endless(), { signal: abort.signal }));
    expect(error.code).toBe('ABORTED');
    expect(work.workUnits.size).toBe(0);
  });
});

describe('a work unit service', () => {
  it('wants a list of pilot services', async () => {
    const { pilots, store } = await openWorld();
    for (const services of [pilots, [{}], ['local://']]) {
      const options = { store, services } as unknown as Parameters<typeof WorkUnitService.open>[0];
      const error = await refusal(WorkUnitService.open(options));
      expect(error.code).toBe('DESCRIPTION_INVALID');
      expect(error.message).toContain('services: [pilots]');
    }
  });
});

describe('a store', () => {
  it('that cannot be written is refused, with the path', async () => {
    const store = await mkdtemp(join(tmpdir(), 'pstar-test-'));
    onTestFinished(async () => {
      // The program below closes it to whoever is not root.
      await chmod(store, 0o700);
      await rm(store, { recursive: true, force: true });
    });
    await writeFile(join(store, 'file'), '');
    // A file in the way is an obstacle to root as well, which a mode would not be.
    const path = join(store, 'file', 'store');
    for (const Service of [PilotJobService, WorkUnitService]) {
      const error = await refusal(Service.open({ store: path }));
      expect(error.code).toBe('STORE_UNWRITABLE');
      expect(error.message).toContain(path);
    }
    const program = new URL('programs/closed-store.ts', import.meta.url);
    expect(await outcomeOf(program, store)).toMatchObject({
      code: 'STORE_UNWRITABLE',
      subject: expect.stringContaining(store),
    });
  });

  it('holds a service for one process at a time', async () => {
    const { work, store } = await openWorld();
    const error = await refusal(WorkUnitService.open({ store, id: work.id }));
    expect(error.code).toBe('STORE_LOCKED');
    expect(error.message).toContain(String(process.pid));
  });
});

describe('a pilot', () => {
  it.each<[string, unknown, string, string]>([
    ['nowhere://', {}, 'ADAPTOR_NOT_FOUND', '@pstar/adaptor-nowhere'],
    ['local://', { queue: 'short' }, 'ATTRIBUTE_UNSUPPORTED', 'queue'],
    ['local://', { totalCpuCont: 4 }, 'DESCRIPTION_INVALID', 'totalCpuCount'],
    ['local://', { executable: '/bin/true' }, 'ATTRIBUTE_UNSUPPORTED', 'executable'],
    ['no such profile', {}, 'NOT_FOUND', 'no such profile'],
    ['no url://', {}, 'URL_INVALID', 'no url'],
  ])('at %s with %j is refused with %s', async (rm, description, code, word) => {
    const { pilots } = await openWorld();
    const error = await refusal(pilots.create(rm, description as object));
    expect(error.code).toBe(code);
    expect(error.message).toContain(word);
    expect(pilots.pilotJobs).toHaveLength(0);
  });
});
