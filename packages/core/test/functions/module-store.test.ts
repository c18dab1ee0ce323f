import { readdir, rename } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ModuleBundle, ModuleStore } from '../../src/functions/module-store.ts';
import { ModuleWorld } from '../support/module-world.ts';

let world: ModuleWorld;
beforeEach(async () => {
  world = await ModuleWorld.make();
});
afterEach(() => world[Symbol.asyncDispose]());

const named = (exportName: string, file = 'main.ts') => ({ module: world.url(file), exportName });
const open = () => new ModuleStore(world.path('store/modules'));

describe('a module store', () => {
  it('bundles once what has not changed, and anew what has', async () => {
    const store = open();
    await world.write({
      'main.ts': `export { f } from './deep.ts';`,
      'deep.ts': 'export const f = () => 1;',
    });
    const bundles = await Promise.all([store.bundleOf(named('f')), store.bundleOf(named('f'))]);
    expect(bundles[0]).toBe(bundles[1]);
    const [{ hash }] = bundles;
    expect((await store.bundleOf(named('f'))).hash).toBe(hash);
    await world.write({ 'deep.ts': 'export const f = () => 2;' });
    const later = await store.bundleOf(named('f'));
    expect(later.hash).not.toBe(hash);
    const values = [];
    for (const each of [hash, later.hash]) {
      const files = await store.bytes(each);
      const [outcome] = await world.call(files ?? { code: Buffer.of(), map: Buffer.of() }, ['f']);
      values.push(outcome?.value);
    }
    expect(values).toEqual([1, 2]);
    expect(await readdir(world.path('store/modules'))).toHaveLength(4);
  });

  it('has for each who asks what is on disk then, also while it is bundling', async () => {
    const store = open();
    const bundles: Promise<ModuleBundle>[] = [];
    // Some of these come before files are read for the first, some meanwhile.
    for (let version = 1; version <= 10; version++) {
      await world.write({ 'main.new': `export const f = () => ${version};` });
      await rename(world.path('main.new'), world.path('main.ts'));
      bundles.push(store.bundleOf(named('f')));
    }
    const { hash } = (await Promise.all(bundles)).at(-1) ?? {};
    expect(hash).toBe((await open().bundleOf(named('f'))).hash);
  });

  it('has the bundles of earlier lives, and only bundles', async () => {
    await world.write({ 'main.ts': 'export const f = () => 1;' });
    const { hash } = await open().bundleOf(named('f'));
    const files = await open().bytes(hash);
    expect(`${files?.code}`).toMatch('() => 1');
    expect(JSON.parse(`${files?.map}`).sources).toContain(world.url('main.ts').href);
    expect(await open().bytes('0'.repeat(64))).toBeUndefined();
    expect(await open().bytes(`../modules/${hash}`)).toBeUndefined();
  });

  it('drops the bundles that nobody needs any more, and the rests of those that were not written', async () => {
    await world.write({ 'main.ts': 'export const f = () => 1;' });
    const { hash } = await open().bundleOf(named('f'));
    await world.write({
      'main.ts': 'export const f = () => 2;',
      [`store/modules/.${hash}.mjs.0a1b`]: 'hal',
    });
    const later = await open().bundleOf(named('f'));
    const store = open();
    await store.keepOnly(new Set([hash]));
    expect(await readdir(world.path('store/modules'))).toEqual([`${hash}.mjs`, `${hash}.mjs.map`]);
    expect(await store.bytes(later.hash)).toBeUndefined();
    expect((await store.bundleOf(named('f'))).hash).toBe(later.hash);
    expect(await store.bytes(later.hash)).toBeDefined();
    await new ModuleStore(world.path('nowhere')).keepOnly(new Set());
  });

  it('refuses a module or a function that is not there', async () => {
    await world.write({ 'main.ts': 'export const f = () => 1;\nexport const g = f;' });
    await expect(open().bundleOf(named('F'))).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      message: expect.stringMatching(
        /main\.ts: there is no function F; it exports f, g; export it from the top level/,
      ),
    });
    await expect(open().bundleOf(named('f', 'none.ts'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      subject: world.path('none.ts'),
    });
  });

  it('finds TypeScript by the name that it would be compiled to', async () => {
    await world.write({ 'main.mts': 'export const f = () => 1;' });
    const { hash } = await open().bundleOf(named('f', 'main.mjs'));
    expect((await open().bundleOf(named('f', 'main.mts'))).hash).toBe(hash);
  });

  it('bundles again what could not be bundled', async () => {
    const store = open();
    await world.write({ 'main.ts': 'export const f = ;' });
    await expect(store.bundleOf(named('f'))).rejects.toMatchObject({ code: 'MODULE_UNUSABLE' });
    await world.write({ 'main.ts': 'export const f = () => 1;' });
    await expect(store.bundleOf(named('f'))).resolves.toMatchObject({ exports: ['f'] });
  });
});
