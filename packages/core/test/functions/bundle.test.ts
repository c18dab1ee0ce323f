import { execFileSync } from 'node:child_process';
import { rename, symlink } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleModule } from '../../src/functions/bundle.ts';
import { ModuleWorld } from '../support/module-world.ts';

let world: ModuleWorld;
beforeEach(async () => {
  world = await ModuleWorld.make();
});
afterEach(() => world[Symbol.asyncDispose]());

const bundle = (name: string) => bundleModule(world.path(name));

describe('a bundle', () => {
  it('has all that a module needs: TypeScript, JSON, CommonJS, what is imported later, and texts', async () => {
    await world.write({
      'main.ts': `
        import { join } from 'node:path';
        import data from './data.json' with { type: 'json' };
        import text from './note.md' with { type: 'text' };
        import { old } from './old.cjs';
        const ready = await Promise.resolve('awaited');
        import { far } from '${pathToFileURL(world.path('far.ts'))}';
        export const all = async (n: number): Promise<unknown[]> =>
          [n, join('a', 'b'), data.a, text, old(), far, ready, (await import('./later.ts')).later];
        export const init = () => {};`,
      'data.json': '{ "a": 1 }',
      'note.md': 'words',
      'far.ts': `export const far: string = 'far';`,
      'old.cjs': `const os = require('node:os'); exports.old = () => typeof os.hostname();`,
      'later.ts': `export const later: string = await Promise.resolve('later');`,
    });
    const made = await bundle('main.ts');
    expect(made.exports).toEqual(['all', 'init']);
    expect(await world.call(made, ['all', 7])).toEqual([
      { value: [7, 'a/b', 1, 'words\n', 'string', 'far', 'awaited', 'later'], hasInit: true },
    ]);
  });

  it('leaves each module its place', async () => {
    await world.write({
      'main.ts': `#!/usr/bin/env node
        import { createRequire } from 'node:module';
        import { dirname } from 'node:path';
        import { fileURLToPath } from 'node:url';
        import { inner } from './inner/inner.ts';
        const require = createRequire(import.meta.url);
        const __dirname = dirname(fileURLToPath(import.meta.url));
        export function places() {
          return [import.meta.url, import.meta.dirname, __dirname, ...inner, require('./a.json').a, require('./inner/old.cjs')];
        }`,
      'a.json': '{ "a": 1 }',
      'inner/inner.ts': 'export const inner = [import.meta.filename];',
      'inner/old.cjs': 'module.exports = __filename;',
    });
    const [outcome] = await world.call(await bundle('main.ts'), ['places']);
    expect(outcome?.value).toEqual([
      world.url('main.ts').href,
      world.directory,
      world.directory,
      world.path('inner/inner.ts'),
      1,
      world.path('inner/old.cjs'),
    ]);
  });

  it('is made as the tsconfig.json beside the module says, through links too', async () => {
    await world.write({
      'tsconfig.json': JSON.stringify({
        compilerOptions: { jsx: 'react', jsxFactory: 'h', paths: { '~/*': ['./src/*'] } },
      }),
      'src/a.ts': `export const a = 'a';`,
      'src/main.tsx': `
        import { a } from '~/a.ts';
        const h = (...parts: unknown[]) => parts;
        export const f = () => <b>{a}</b>;`,
    });
    await symlink('src', world.path('link'));
    const [outcome] = await world.call(await bundle('link/main.tsx'), ['f']);
    expect(outcome?.value).toEqual(['b', null, 'a']);
  });

  it('may be of CommonJS, whose exports only loading tells', async () => {
    await world.write({ 'old.cjs': `exports.f = (n) => [n, require('node:path').sep];` });
    const made = await bundle('old.cjs');
    expect(made.exports).toBeUndefined();
    const outcomes = await world.call(made, ['f', 1], ['g']);
    expect(outcomes[0]?.value).toEqual([1, '/']);
    expect(outcomes[1]?.message).toMatch('no function g');
  });

  it('finds packages by the conditions of this process', async () => {
    await world.write({
      'node_modules/p/package.json': JSON.stringify({
        name: 'p',
        exports: { 'of-author': './a.js', module: './b.js', default: './c.js' },
      }),
      'node_modules/p/a.js': `module.exports = 'a';`,
      'node_modules/p/b.js': `module.exports = 'b';`,
      'node_modules/p/c.js': `module.exports = 'c';`,
      'main.mjs': `import p from 'p'; export const f = () => p;`,
    });
    const before = process.execArgv;
    try {
      for (const [args, value] of [
        [[], 'c'],
        [['--conditions=of-author'], 'a'],
        [['-C', 'of-author'], 'a'],
      ] as const) {
        process.execArgv = [...args];
        const [outcome] = await world.call(await bundle('main.mjs'), ['f']);
        expect(outcome?.value).toBe(value);
      }
    } finally {
      process.execArgv = before;
    }
  });

  it('looks for native packages where it runs, and says which one is missing', async () => {
    await world.write({
      'node_modules/p-native/package.json': '{ "name": "p-native", "main": "main.js" }',
      'node_modules/p-native/binding.gyp': '{}',
      'node_modules/p-native/main.js': `exports.native = 1;`,
      'inner/node_modules/p-native/package.json': '{ "name": "p-native", "napi": {} }',
      'inner/node_modules/p-native/index.js': `exports.native = 2;`,
      'inner/both.ts': `
        import { native as outer } from '../main.ts';
        import { native } from 'p-native';
        export const f = () => [outer, native];`,
      'main.ts': `
        import { native } from 'p-native';
        export { native };
        export const f = () => native;`,
      'able.ts': `
        import { createRequire } from 'node:module';
        let native = 0;
        try { native = (await import('p-native')).native; } catch {}
        export const f = () => native;`,
    });
    const made = await bundle('main.ts');
    const able = await bundle('able.ts');
    expect(made.natives).toEqual(['p-native']);
    expect((await world.call(made, ['f']))[0]?.value).toBe(1);
    const both = await bundle('inner/both.ts');
    expect((await world.call(both, ['f']))[0]?.value).toEqual([1, 2]);
    await rename(world.path('node_modules'), world.path('elsewhere'));
    const [missing] = await world.call(made, ['f']);
    expect(missing?.stack).toMatch(/p-native has native code.*not installed on/);
    expect((await world.call(able, ['f']))[0]?.value).toBe(0);
    await rename(world.path('elsewhere'), world.path('../away/node_modules'));
    expect((await world.call(made, ['f']))[0]?.value).toBe(1);
  });

  it('that cannot be made says where the fault is', async () => {
    await world.write({
      'main.ts': `import './broken.ts';\nexport const f = () => 1;`,
      'broken.ts': `export const a =\n  1 +;`,
      'lost.ts': `import 'not-installed';`,
    });
    await expect(bundle('main.ts')).rejects.toMatchObject({
      code: 'MODULE_UNUSABLE',
      problem: expect.stringContaining(`${world.path('broken.ts')}:2:6: Unexpected ";"`),
    });
    await expect(bundle('lost.ts')).rejects.toThrow('Could not resolve "not-installed"');
  });

  it('is made though the process that makes bundles was killed', async () => {
    await world.write({ 'main.ts': 'export const f = () => 1;' });
    const { hash } = await bundle('main.ts');
    const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', `${process.pid}`]);
    for (const [, pid] of `${children}`.matchAll(/^ *(\d+) \S+esbuild --service/gm)) {
      process.kill(Number(pid), 'SIGKILL');
    }
    expect((await bundle('main.ts')).hash).toBe(hash);
  });

  it('differs when only its lines have moved', async () => {
    await world.write({ 'main.ts': 'export const f = () => 1;' });
    const { hash } = await bundle('main.ts');
    await world.write({ 'main.ts': '// A word.\nexport const f = () => 1;' });
    expect((await bundle('main.ts')).hash).not.toBe(hash);
  });
});

describe('the main program of an author', () => {
  const PROGRAM = `
    import { defineTask, parseSize, PilotError, PilotJobService, WorkUnitService } from '@pstar/core';
    import { SlurmAdaptor } from '@pstar/adaptor-slurm';
    const table = [1, 2, 3];
    export const score = defineTask(import.meta.url, 'score', (n: number) => [table[n], parseSize('1KiB')]);
    export function hoisted(n: number) { return new PilotError('NOT_FOUND', table.join()).message; }
    export const calling = defineTask(import.meta.url, 'calling', (n: number, ctx) => score(n, ctx));
    console.info('from the top level');
    SlurmAdaptor.of(PilotJobService);`;

  it('has its functions found, though it is stuck at its services', async () => {
    await world.write({
      'main.ts': `${PROGRAM}
        export const answer = 42;
        await using pilots = await PilotJobService.open();
        export const late = defineTask(import.meta.url, 'late', () => 1);
        process.exit(1);`,
    });
    const outcomes = await world.call(
      await bundle('main.ts'),
      ['score', 1],
      ['hoisted', 1],
      ['calling', 2, {}],
      ['late'],
      ['none'],
      ['answer'],
    );
    expect(outcomes.slice(0, 3).map(({ value }) => value)).toEqual([[2, 1024], '1,2,3', [3, 1024]]);
    expect(outcomes[3]?.message).toMatch(
      'late has no value yet where the module opens its services',
    );
    expect(outcomes[4]?.message).toMatch('no function none, but calling, hoisted, late, score');
    expect(outcomes[5]?.message).toMatch('answer of the module is no function, but of type number');
  });

  it('may be stuck in a module that it imports', async () => {
    await world.write({
      'services.ts': `
        import { PilotJobService } from '@pstar/core';
        export const pilots = await PilotJobService.open();`,
      'main.ts': `
        import { pilots } from './services.ts';
        export async function f(n: number) { return n + 1; }
        pilots.create('local://');`,
    });
    expect((await world.call(await bundle('main.ts'), ['f', 1]))[0]?.value).toBe(2);
  });

  it('is loaded to its end where it does not wait for them', async () => {
    await world.write({
      'main.ts': `${PROGRAM}
        async function main() { await PilotJobService.open(); process.exit(1); }
        void main();
        export const late = defineTask(import.meta.url, 'late', () => 1);`,
    });
    expect((await world.call(await bundle('main.ts'), ['late']))[0]?.value).toBe(1);
  });

  it('may not end the process that loads it, and is told what it throws', async () => {
    await world.write({
      'exits.ts': 'export const f = () => 1;\nprocess.exit(3);',
      'throws.ts': `export const f = () => 1;\n  throw new Error('at once');`,
    });
    const [exits] = await world.call(await bundle('exits.ts'), ['f']);
    expect(exits?.message).toMatch('process.exit(3)');
    const [throws] = await world.call(await bundle('throws.ts'), ['f']);
    expect(throws?.message).toBe(`${world.path('throws.ts')} has thrown while it was loaded`);
    const stack = `Caused by: Error: at once\n    at ${world.path('throws.ts')}:2:9`;
    expect(throws?.stack?.endsWith(stack)).toBe(true);
  });
});
