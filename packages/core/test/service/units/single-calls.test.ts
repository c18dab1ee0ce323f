import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readJournal, type WorkUnit, WorkUnitService } from '../../../src/index.ts';
import type { PackedArgs } from '../../../src/model/packed-args.ts';
import { decodeValue } from '../../../src/runtime/values.ts';
import { cannotMount, Tmpfs } from '../../support/tmpfs.ts';

const double = {
  module: new URL('programs/functions.ts', import.meta.url),
  export: 'double',
} as const;

async function open(store = mkdtempSync(join(tmpdir(), 'pstar-calls-'))) {
  const work = await WorkUnitService.open({ store });
  const directory = join(store, work.id);
  onTestFinished(async () => {
    await work.cancel();
    rmSync(store, { recursive: true, force: true });
  });
  return { store, work, directory };
}

/** What units have of their own in a journal. */
function argsIn(directory: string): PackedArgs[] {
  const records = [...readJournal(join(directory, 'journal'))].map(({ record }) => record);
  return records.flatMap((record) => {
    const { submission } = record as { submission?: { own?: (string | null)[] } };
    return (submission?.own ?? []).map((own) => JSON.parse(own ?? '{}').args);
  });
}

const listIn = ({ inline }: PackedArgs): unknown => decodeValue(Buffer.from(inline, 'base64'));

describe('a submit of calls', () => {
  it('keeps the arguments with the units, and the code beside them', async () => {
    const { work, directory } = await open();
    const [one, two] = (await work.submit([
      { ...double, args: [7, new Map([['a', new Date(0)]])], name: 'one' },
      { ...double, module: double.module.href, isolation: 'fresh', memoryLimit: '1GiB' },
    ])) as [WorkUnit, WorkUnit];
    expect(argsIn(directory).map((args) => args && listIn(args))).toEqual([
      [7, new Map([['a', new Date(0)]])],
      undefined,
    ]);
    expect(one.description).toMatchObject({
      module: double.module.href,
      export: 'double',
      name: 'one',
      call: { export: 'double', isolation: 'process', isMap: false },
    });
    expect(one.description).not.toHaveProperty('args');
    expect(two.description.call).toMatchObject({ isolation: 'fresh', memoryLimit: 1024 ** 3 });
    const { module } = one.description.call ?? {};
    expect(readFileSync(join(directory, 'modules', `${module}.mjs`), 'utf8')).toContain('double');
  });

  it('keeps large arguments in files, once for all that are the same', async () => {
    const { work, directory } = await open();
    const large = new Uint8Array(100_000).fill(7);
    const args = [large, 'small', 'l'.repeat(100_000)];
    await work.submit(Array.from({ length: 3 }, (_, i) => ({ ...double, args: [...args, i] })));
    const kept = argsIn(directory);
    expect(kept.map((each) => listIn(each))).toEqual(
      [0, 1, 2].map((i) => [undefined, 'small', undefined, i]),
    );
    expect(kept[2]?.files).toEqual(kept[0]?.files);
    const [[place, sha256] = [-1, ''], ...others] = kept[0]?.files ?? [];
    const files = join(directory, 'values', 'arguments');
    expect(place).toBe(0);
    expect(others).toEqual([[2, expect.any(String)]]);
    expect(readdirSync(files)).toHaveLength(2);
    const [value] = decodeValue(readFileSync(join(files, sha256))) as [Uint8Array];
    expect(Buffer.compare(value, large)).toBe(0);
  });

  it('keeps large arguments until the last unit has ended that is given them, also in a later life', async () => {
    const { work, store, directory } = await open();
    const files = () => readdirSync(join(directory, 'values', 'arguments'));
    const large = (letter: string) => letter.repeat(100_000);
    const [one, two, three] = (await work.submit([
      { ...double, args: [large('a')] },
      { ...double, args: [large('a'), large('b')] },
      { ...double, args: [large('c'), large('c')] },
    ])) as [WorkUnit, WorkUnit, WorkUnit];
    expect(files()).toHaveLength(3);
    const refused = [
      { ...double, args: [large('d')] },
      { ...double, args: [() => 1] },
    ];
    await expect(work.submit(refused)).rejects.toThrow('args');
    await two.cancel();
    await vi.waitFor(() => expect(files()).toHaveLength(2));
    await work.close();
    writeFileSync(join(directory, 'values', 'arguments', '0'.repeat(64)), 'of a submit that died');
    const again = await WorkUnitService.open({ store, id: work.id });
    expect(files()).toHaveLength(2);
    await again.workUnits.get(one.id)?.cancel();
    await vi.waitFor(() => expect(files()).toHaveLength(1));
    await again.workUnits.get(three.id)?.cancel();
    await vi.waitFor(() => expect(files()).toEqual([]));
    await again.cancel();
  });

  it('has a unit among the arguments stand for its value, and waits for it', async () => {
    const { work, directory } = await open();
    const first = await work.submit({ ...double, args: [1] });
    const program = await work.submit({ executable: 'true' });
    const [second] = (await work.submit([
      { ...double, args: ['a', first], dependsOn: [{ unit: program, on: 'finished' }] },
    ])) as [WorkUnit];
    expect(argsIn(directory).at(-1)).toMatchObject({ values: [[1, 0]] });
    expect(second.state).toBe('Waiting');
    await program.cancel();
    expect(second.state).toBe('Waiting');
    await first.cancel();
    expect(first.stateDetail).toBe('was canceled: its cancel() was called');
    await expect(second.value()).rejects.toMatchObject({ code: 'WORK_UNIT_CANCELED' });
  });

  it('bundles what has changed since', async () => {
    const { work, store } = await open();
    const module = join(store, 'own.ts');
    const hashes: unknown[] = [];
    for (const text of ['export const f = () => 1', 'export const f = () => 2']) {
      writeFileSync(module, text);
      const unit = await work.submit({ module: `file://${module}`, export: 'f' });
      hashes.push(unit.description.call?.module);
    }
    expect(new Set(hashes).size).toBe(2);
  });
});

it('has only the code of units that have not ended when its service is opened again', async () => {
  const { work, store, directory } = await open();
  const module = join(store, 'own.ts');
  const units: WorkUnit[] = [];
  for (const text of ['export const f = () => 1', 'export const f = () => 2']) {
    writeFileSync(module, text);
    units.push(await work.submit({ module: `file://${module}`, export: 'f' }));
  }
  const [over, left] = units as [WorkUnit, WorkUnit];
  await over.cancel();
  await work.close();
  const again = await WorkUnitService.open({ store, id: work.id });
  const hash = left.description.call?.module;
  expect(readdirSync(join(directory, 'modules'))).toEqual([`${hash}.mjs`, `${hash}.mjs.map`]);
  await again.cancel();
});

describe('a call is refused', () => {
  it.each([
    [[() => 1], 'args: () => 1 could not be cloned'],
    [[{ later: Promise.resolve() }], 'args: #<Promise> could not be cloned'],
    [Array(3e5).fill('small'), 'args: '],
  ])('with arguments that cannot be sent: %#', async (args, message) => {
    const { work } = await open();
    const wrong = { ...double, args };
    await expect(work.submit([{ executable: 'true' }, wrong])).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      index: 1,
      message: expect.stringContaining(message),
    });
    expect(work.workUnits.size).toBe(0);
  });

  it('with units that have no value, or none here', async () => {
    const [{ work }, { work: other }] = [await open(), await open()];
    const program = await work.submit({ executable: 'true' });
    const stranger = await other.submit({ ...double });
    const mine = await work.submit({ ...double });
    for (const [arg, problem] of [
      [program, `${program.id} has no value; let it call a function, or name it in dependsOn`],
      [stranger, `${stranger.id} is of another service; await its value(), and pass that`],
      [[mine], 'a unit within an argument has no value; pass it as an argument of its own'],
    ] as const) {
      const submitted = work.submit({ ...double, args: [arg] });
      await expect(submitted).rejects.toMatchObject({ subject: 'args' });
      await expect(submitted).rejects.toThrow(`args: ${problem}`);
    }
  });

  it('of what the module does not export, or where there is none', async () => {
    const { work } = await open();
    await expect(work.submit({ ...double, export: 'treble' })).rejects.toThrow(
      /functions.ts: there is no function treble; it exports double/,
    );
    await expect(work.submit({ ...double, module: 'file:///no.ts' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it.skipIf(cannotMount())('where its arguments have no room', async () => {
    const store = mkdtempSync(join(tmpdir(), 'pstar-calls-'));
    using _ = Tmpfs.mount(store, 'size=24m');
    const { work } = await open(store);
    await expect(
      work.submit({ ...double, args: [new Uint8Array(32 * 1024 * 1024)] }),
    ).rejects.toMatchObject({ code: 'STORE_FULL', subject: expect.stringContaining('values') });
    expect(work.workUnits.size).toBe(0);
    await work.submit({ ...double, args: [1] });
    await work.cancel();
  });
});

it('a program has no value', async () => {
  const { work } = await open();
  const unit = await work.submit({ executable: 'true' });
  await expect(unit.value()).rejects.toMatchObject({ code: 'WRONG_STATE', subject: unit.id });
});
