/** Single calls of functions as work units: their values, and what becomes of them when something goes wrong. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PilotJobService, TaskError, type WorkUnit, WorkUnitService } from '@pstar/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { cannotMount, Tmpfs } from '../../packages/core/test/support/tmpfs.ts';
import { openRunningWorld, openWorld, shell } from '../integration/fixture.ts';

const module = new URL('programs/valued.ts', import.meta.url);
const LEFT_ALONE = new URL('../integration/programs/left-alone.ts', import.meta.url).pathname;
const PATIENCE = { timeout: 20_000, interval: 5 };
const MEGABYTE = 1024 * 1024;

/** A description of a call. */
const call = (name: string, ...args: unknown[]) => ({ module, export: name, args });
const ledger = (path: string): string => readFileSync(path, 'utf8');

describe('a call', () => {
  it('has its arguments before the context, and a value of any kind', async () => {
    const { work, pilot } = await openRunningWorld({ totalCpuCount: 2 });
    const value = {
      at: new Date(7),
      of: new Map([[1n, new Set(['a'])]]),
      as: new Float32Array(500).fill(1.5),
    };
    const [told, bare, nothing, same] = (await work.submit([
      call('told', 'a', 2),
      { module, export: 'told' },
      call('nothing'),
      call('same', value),
    ])) as [WorkUnit, WorkUnit, WorkUnit, WorkUnit];
    expect(await told.value()).toMatchObject({
      given: ['a', 2],
      index: 0,
      attempt: 1,
      pilotJob: pilot.id,
    });
    expect(await bare.value()).toMatchObject({ given: [undefined] });
    expect(await nothing.value()).toBeUndefined();
    expect(await same.value()).toEqual(value);
    const copy = await same.value<typeof value>();
    copy.as.fill(0);
    expect(await same.value()).toEqual(value);
    expect(told.exit).toMatchObject({ exitCode: 0, attempt: 1 });
  });

  it('is one of a graph, with programs and the values of others', async () => {
    const { store, work } = await openRunningWorld({ totalCpuCount: 2 });
    const file = join(store, 'go');
    const [one, two] = (await work.submit([call('sum', 1), call('sum', 2)])) as [
      WorkUnit,
      WorkUnit,
    ];
    const three = await work.submit(call('sum', one, two));
    const program = await work.submit({ ...shell(`touch ${file}`), dependsOn: three });
    const last = await work.submit({
      ...call('waits', file, join(store, 'ledger'), three),
      dependsOn: program,
    });
    const far = await work.submit(call('told', three, 'and', last));
    expect(await far.value()).toMatchObject({ given: [3, 'and', 'xxx'] });
  });

  it('that throws is tried again, and then says what and where', async () => {
    const { store, work } = await openRunningWorld({ totalCpuCount: 1 });
    const paths = ['good', 'bad'].map((name) => join(store, name)) as [string, string];
    const [good, bad] = (await work.submit([
      { ...call('fails', paths[0], 1), retries: 1 },
      { ...call('fails', paths[1], 9), retries: 1 },
    ])) as [WorkUnit, WorkUnit];
    const dependent = await work.submit(call('sum', bad));
    expect(await good.value()).toBe(2);
    expect(good.attempt).toBe(2);
    const error = await bad.value().catch((problem: unknown) => problem as TaskError);
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({ code: 'TASK_FAILED', kind: 'threw', index: 0, attempt: 2 });
    expect((error as TaskError).cause).toMatchObject({
      name: 'OutOfRange',
      message: 'call 2 is too far',
    });
    expect((error as TaskError).remoteStack).toMatch(/valued\.ts:\d+/);
    expect(bad.exit).toMatchObject({
      reason: 'CALL_FAILED',
      problem: 'OutOfRange: call 2 is too far',
    });
    await expect(bad.result()).rejects.toMatchObject({ code: 'WORK_UNIT_FAILED' });
    const canceled = { code: 'WORK_UNIT_CANCELED', cause: { code: 'TASK_FAILED', kind: 'threw' } };
    await expect(dependent.value()).rejects.toMatchObject(canceled);
    await expect(dependent.result()).rejects.toMatchObject(canceled);
  });

  it('that opens a service says that it cannot, and its program is stuck at its own', async () => {
    const { work } = await openRunningWorld({ totalCpuCount: 1 });
    const module = new URL('programs/opening.ts', import.meta.url);
    const units = await work.submit([
      { module, export: 'waitsForMain' },
      { module, export: 'opens' },
      { module, export: 'opensLater' },
    ]);
    const [main, opens, later] = units as [WorkUnit, WorkUnit, WorkUnit];
    expect(await main.value()).toBe(1);
    const problem = {
      code: 'TASK_FAILED',
      kind: 'threw',
      cause: { message: expect.stringContaining('a call can open no service') },
    };
    await expect(opens.value()).rejects.toMatchObject(problem);
    await expect(later.value()).rejects.toMatchObject(problem);
  });

  it('that takes its worker along fails alone', async () => {
    const { work } = await openRunningWorld({ totalCpuCount: 1 });
    const [bad, good] = (await work.submit([call('crashes'), call('sum', 1)])) as WorkUnit[];
    await expect(bad?.value()).rejects.toMatchObject({ code: 'TASK_FAILED', kind: 'crashed' });
    expect(await good?.value()).toBe(1);
  });

  it('is aborted when it is canceled, or has reached its limit', async () => {
    const { store, work } = await openRunningWorld({ totalCpuCount: 2 });
    const path = join(store, 'ledger');
    const [canceled, late] = (await work.submit([
      call('endless', path),
      { ...call('endless', '/dev/null'), wallTimeLimit: 0.3, maxCancellationTime: 1 },
    ])) as [WorkUnit, WorkUnit];
    await vi.waitFor(() => expect(ledger(path)).toBe('started\n'), PATIENCE);
    await canceled.cancel();
    await expect(canceled.value()).rejects.toMatchObject({ code: 'WORK_UNIT_CANCELED' });
    expect(ledger(path)).toBe('started\naborted\n');
    await expect(late.value()).rejects.toMatchObject({ code: 'TASK_FAILED', kind: 'time-limit' });
    expect(late.exit?.reason).toBe('TIME_LIMIT');
  });
});

describe('a large value', { timeout: 120_000 }, () => {
  it('goes from call to call, as an argument or from another unit, and home', async () => {
    const { work } = await openRunningWorld({ totalCpuCount: 2 });
    const bytes = 8 * MEGABYTE;
    const made = await work.submit(call('noise', bytes, 5));
    const checked = await work.submit([call('isNoise', made, 5), call('isNoise', made, 6)]);
    expect(await Promise.all(checked.map((unit) => unit.value()))).toEqual([true, false]);
    const value = await made.value<Uint8Array>();
    expect(value.length).toBe(bytes);
    const again = await work.submit(call('isNoise', value, 5));
    expect(await again.value()).toBe(true);
  });

  it('is there again when its service is', async () => {
    const { store, work } = await openWorld();
    await using pilots = await PilotJobService.open({ store });
    work.add(pilots);
    await pilots.create('local://', { totalCpuCount: 1 });
    const [large, small] = (await work.submit([
      call('noise', MEGABYTE, 3),
      call('sum', 1, 2),
    ])) as WorkUnit[];
    await work.wait();
    await work.close();
    await using again = await WorkUnitService.open({ store, id: work.id, services: [pilots] });
    expect(await again.workUnits.at(1)?.value()).toBe(3);
    const value = await again.workUnits.get(large?.id ?? '')?.value<Uint8Array>();
    expect(value?.length).toBe(MEGABYTE);
    const checked = again.workUnits.get(large?.id ?? '') as WorkUnit;
    const later = await again.submit([
      call('isNoise', checked, 3),
      call('sum', again.workUnits.get(small?.id ?? ''), 4),
    ]);
    expect(await Promise.all(later.map((unit) => unit.value()))).toEqual([true, 7]);
  });

  it('that is not what was written is given to nobody', async () => {
    const { store, pilots, work, pilot } = await openRunningWorld({ totalCpuCount: 1 });
    const made = await work.submit(call('noise', MEGABYTE, 5));
    await made.finished();
    await pilot.cancel();
    const path = join(store, work.id, 'values', '0', '0');
    const bytes = readFileSync(path);
    bytes[MEGABYTE / 2] = (bytes[MEGABYTE / 2] as number) ^ 1;
    writeFileSync(path, bytes);
    const words = `the value of unit ${made.id} is not what was written`;
    const damaged = { code: 'JOURNAL_DAMAGED', problem: words, subject: path };
    await expect(made.value()).rejects.toMatchObject(damaged);
    await pilots.create('local://', { totalCpuCount: 1 });
    const given = await work.submit(call('isNoise', made, 5));
    await given.finished();
    expect(given.exit).toMatchObject({
      reason: 'STAGING_FAILED',
      problem: expect.stringContaining(`${words}: ${path}`),
    });
  });
});

it.skipIf(cannotMount())(
  'a value that has no room fails its unit, by a word for it, and no other',
  async () => {
    const store = await mkdtemp(join(tmpdir(), 'pstar-values-'));
    onTestFinished(() => rmSync(store, { recursive: true, force: true }));
    const { pilots } = await openRunningWorld({ totalCpuCount: 1 });
    using _ = Tmpfs.mount(store, 'size=24m');
    await using work = await WorkUnitService.open({ store, services: [pilots] });
    const [large, small] = (await work.submit([
      call('noise', 32 * MEGABYTE, 1),
      call('sum', 1),
    ])) as [WorkUnit, WorkUnit];
    const error = await large.value().catch((problem: unknown) => problem);
    expect(error).toMatchObject({ code: 'WORK_UNIT_FAILED' });
    expect(large.exit).toMatchObject({ reason: expect.stringMatching(/^STAGING_/) });
    expect(large.exit?.problem).toMatch(new RegExp(`${store}.* cannot be written .*ENOSPC`));
    expect(await small.value()).toBe(1);
    const again = await work.submit(call('noise', 4 * MEGABYTE, 1));
    expect((await again.value<Uint8Array>()).length).toBe(4 * MEGABYTE);
  },
);

describe('when the manager was killed', () => {
  /** Lets a program submit calls, and kills it once they run; the next life of its services. */
  async function leaveAlone(
    store: string,
    calls: readonly ReturnType<typeof call>[],
    agent: object = {},
  ): Promise<{ reopen(): Promise<WorkUnit[]>; pid: number }> {
    const units = calls.map((each) => ({ ...each, module: module.href }));
    const json = [{ totalCpuCount: 2, agent }, units].map((each) => JSON.stringify(each));
    const node = ['--conditions=@pstar/source', '--import', 'tsx', LEFT_ALONE, store, ...json];
    const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const left = JSON.parse(String(line)) as { pilots: string; work: [string]; pid: number };
    const reopen = async (): Promise<WorkUnit[]> => {
      const pilots = await PilotJobService.open({ store, id: left.pilots });
      const work = await WorkUnitService.open({ store, id: left.work[0], services: [pilots] });
      onTestFinished(async () => {
        await work.cancel();
        await pilots.cancel();
        rmSync(store, { recursive: true, force: true });
      });
      return [...work.workUnits];
    };
    return { reopen, pid: left.pid };
  }

  it('calls have their values in the next life', async () => {
    const store = await mkdtemp(join(tmpdir(), 'pstar-values-'));
    const [file, path] = [join(store, 'go'), join(store, 'ledger')];
    const calls = [1, 200_000].map((letters) => call('waits', file, path, letters));
    const { reopen } = await leaveAlone(store, calls);
    writeFileSync(file, '');
    await vi.waitFor(() => expect(ledger(path)).toBe('done\ndone\n'), PATIENCE);
    const [small, large] = (await reopen()) as [WorkUnit, WorkUnit];
    expect(await small.value()).toBe('x');
    expect(await large.value()).toBe('x'.repeat(200_000));
    expect([small.attempt, large.attempt]).toEqual([1, 1]);
    expect(ledger(path)).toBe('done\ndone\n');
  });

  it('calls have their values, or their errors, after the end of their agent, too', async () => {
    const store = await mkdtemp(join(tmpdir(), 'pstar-values-'));
    const [file, path] = [join(store, 'go'), join(store, 'ledger')];
    const calls = [call('waits', file, path, 3), call('waitsInVain', file)];
    const { reopen, pid } = await leaveAlone(store, calls, { lease: 2, heartbeat: 0.2 });
    writeFileSync(file, '');
    await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), PATIENCE);
    const [good, bad] = (await reopen()) as [WorkUnit, WorkUnit];
    expect(await good.value()).toBe('xxx');
    await expect(bad.value()).rejects.toMatchObject({
      kind: 'threw',
      cause: { message: 'in vain' },
      attempt: 1,
    });
    expect(ledger(path)).toBe('done\n');
  });
});
