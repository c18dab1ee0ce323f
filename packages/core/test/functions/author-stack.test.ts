import { transform } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authorStack } from '../../src/functions/author-stack.ts';
import { bundleModule } from '../../src/functions/bundle.ts';
import { ModuleWorld } from '../support/module-world.ts';

let world: ModuleWorld;
beforeEach(async () => {
  world = await ModuleWorld.make();
});
afterEach(() => world[Symbol.asyncDispose]());

describe('the stack of an error in a function', () => {
  it('names the lines that its author wrote, with the causes, and nothing below them', async () => {
    await world.write({
      'main.ts': `import { defineTask } from '@pstar/core';
import { deep } from './deep.ts';

interface Input { readonly n: number }
export const f = defineTask(import.meta.url, 'f', async ({ n }: Input) => {
  await Promise.resolve();
  try {
    return [n].map(() => deep());
  } catch (cause) {
    throw new Error('outer', { cause });
  }
});
export const g = defineTask(import.meta.url, 'g', (n: Input, ctx) => f(n, ctx));`,
      'deep.ts': `type Never = never;

export function deep(): Never {
  return JSON.parse('{');
}`,
    });
    const [f, g] = await world.call(
      await bundleModule(world.path('main.ts')),
      ['f', { n: 1 }],
      ['g', { n: 1 }, {}],
    );
    const lines = f?.stack?.split('\n') ?? [];
    const main = world.path('main.ts');
    expect(lines[0]).toBe('Error: outer');
    expect(lines[1]).toMatch(`${main}:10:11`);
    expect(lines[2]).toMatch(/^Caused by: SyntaxError: /);
    expect(lines[3]).toBe('    at JSON.parse (<anonymous>)');
    expect(lines[4]).toBe(`    at deep (${world.path('deep.ts')}:4:15)`);
    expect(lines[5]).toMatch(`${main}:8:26`);
    expect(lines[6]).toBe('    at Array.map (<anonymous>)');
    expect(lines[7]).toMatch(`${main}:8:16`);
    expect(lines).toHaveLength(8);
    expect(g?.stack).toBe(f?.stack);
  });

  it.each([
    ['beside it, in lines', {}],
    ['beside it, in one line', { minify: true }],
    ['within it', { minify: true, sourcemap: 'inline' }],
  ] as const)('follows the source map of a module that was compiled, %s', async (_, options) => {
    const source = `interface Wide {\n  a: string;\n}\nexport const here = import.meta.url;\nexport const f = (n: number) => {\n  throw new RangeError(String(n));\n};\n`;
    const { code, map } = await transform(source, {
      loader: 'ts',
      sourcemap: true,
      sourcefile: '../src/main.ts',
      ...options,
    });
    await world.write({
      'dist/main.js': map === '' ? code.trim() : `${code}//# sourceMappingURL=main.js.map`,
      'dist/main.js.map': map,
      'src/main.ts': source,
      'package.json': '{ "type": "module" }',
    });
    const [outcome] = await world.call(await bundleModule(world.path('dist/main.js')), ['f', 1]);
    expect(outcome?.stack).toMatch(`(${world.path('src/main.ts')}:6:9)`);
  });

  it('is what there is where there is no source map', () => {
    const error = new TypeError('here');
    const [first, second] = authorStack(error).split('\n');
    expect(first).toBe('TypeError: here');
    expect(second).toMatch('author-stack.test.ts');
    expect(authorStack(error)).not.toMatch('node:internal');
  });

  it('goes round no circle of causes, and has what was gathered', () => {
    const error = new AggregateError([new Error('one'), 'two'], 'all');
    error.cause = error;
    expect(authorStack(error).match(/^\S.*$/gm)).toEqual([
      'AggregateError: all',
      'Caused by: Error: one',
      "Caused by: 'two'",
    ]);
    expect(authorStack(Object.assign(new Error('odd'), { stack: 1 }))).toBe('Error: odd');
  });
});
