import { existsSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { requireTask } from '../../src/functions/task.ts';
import { defineTask, type Sendable, type TaskFunction, task } from '../../src/index.ts';
import type * as fixtures from '../support/tasks.ts';

const FIXTURES = new URL('../support/tasks.ts', import.meta.url);

describe('a task function', () => {
  it('is known by its module and its name there, and can be called here', async () => {
    const score = defineTask(`${import.meta.url}?as=a+loader#adds`, 'score', (n: number, ctx) => [
      n + 1,
      ctx.index,
      ctx.attempt,
    ]);
    expect(score.module.href).toBe(import.meta.url);
    expect([score.name, score.exportName]).toEqual(['score', 'score']);
    expect(requireTask(score)).toBe(score);
    expect(await score(1)).toEqual([2, 0, 1]);
    const sum = defineTask(import.meta.url, 'sum', (one: number, other: number) => one + other);
    expect(await sum(1, 0)).toBe(1);
  });

  it('has a directory of its own for as long as it is called', async () => {
    const scratch = defineTask(import.meta.url, 'scratch', (_: null, ctx) => {
      return [ctx.scratch, existsSync(ctx.scratch)] as const;
    });
    const [path, wasThere] = await scratch(null);
    expect(wasThere).toBe(true);
    expect(existsSync(path)).toBe(false);
  });

  it('may be of another module, which is loaded when it is called here', async () => {
    const plain = task<typeof fixtures.plain>(FIXTURES, 'plain');
    expect(await plain(2)).toBe('2');
    await expect(task(FIXTURES, 'none')(1)).rejects.toThrow('there is no function none');
  });

  it('is refused where its module is no file, and where it is none', () => {
    expect(() => defineTask('./score.ts', 'score', () => 1)).toThrow(/module: .*import\.meta\.url/);
    expect(() => task('https://example.org/score.ts', 'score')).toThrow('is the URL of no file');
    const captured = 1;
    const refusal = /task: the function closure cannot travel by itself.*defineTask.*its input/;
    expect(() =>
      requireTask(function closure() {
        return captured;
      }),
    ).toThrow(refusal);
    expect(() => requireTask({})).toThrow('a function made by defineTask() or task() is expected');
  });
});

describe('the type of a task function', () => {
  class Atom {
    x = 1;
    move() {}
  }
  interface Tree {
    readonly value: number;
    readonly kids?: readonly Tree[];
    parent: Tree | undefined;
  }
  type Sent<T> = [T] extends [Sendable<T>] ? true : false;

  it('is inferred of what it does', () => {
    const made = defineTask(import.meta.url, 'made', async (input: { n: number }, ctx) => [
      input.n,
      ctx.host,
    ]);
    expectTypeOf(made).toEqualTypeOf<TaskFunction<{ n: number }, (string | number)[]>>();
    const none = defineTask(import.meta.url, 'none', () => {});
    expectTypeOf(none).toEqualTypeOf<TaskFunction<unknown, void>>();
    const plain = task<typeof fixtures.plain>(FIXTURES, 'plain');
    expectTypeOf(plain).toEqualTypeOf<TaskFunction<number, string>>();
    const other = task<typeof fixtures.made>(FIXTURES, 'made');
    expectTypeOf(other).toEqualTypeOf<TaskFunction<Uint8Array, Map<string, Date>>>();
    const given = task<number, string>(FIXTURES, 'plain');
    expectTypeOf(given).toEqualTypeOf<TaskFunction<number, string>>();
    const sum = defineTask(import.meta.url, 'sum', (one: number, other: number) => one + other);
    expectTypeOf(sum).toEqualTypeOf<TaskFunction<number, number, number>>();
    expectTypeOf(task<typeof sum>(FIXTURES, 'sum')).toEqualTypeOf(sum);
    expectTypeOf(sum).not.toExtend<TaskFunction<number, number>>();
    expectTypeOf(given).not.toExtend<TaskFunction<number, string, string>>();
    expectTypeOf(task(FIXTURES, 'plain')).toEqualTypeOf<TaskFunction<unknown, unknown>>();
  });

  it('takes what a structured clone carries', () => {
    expectTypeOf<Sent<Tree>>().toEqualTypeOf<true>();
    expectTypeOf<Sent<Map<string, Set<Date>>>>().toEqualTypeOf<true>();
    expectTypeOf<Sent<ReadonlyMap<1n, readonly [a: number, b?: RegExp]>>>().toEqualTypeOf<true>();
    expectTypeOf<Sent<Partial<Record<'a', Float32Array | Buffer>>[]>>().toEqualTypeOf<true>();
    expectTypeOf<Sent<{ kind: 'a' } | { kind: 'b'; e: Error } | null>>().toEqualTypeOf<true>();
    expectTypeOf<Sent<string & { readonly brand: unique symbol }>>().toEqualTypeOf<true>();
    expectTypeOf<Sent<ArrayBuffer | DataView | boolean | undefined>>().toEqualTypeOf<true>();
    expectTypeOf<Sent<unknown>>().toEqualTypeOf<true>();
    // biome-ignore lint/suspicious/noExplicitAny: it is taken at its word
    expectTypeOf<Sent<any>>().toEqualTypeOf<true>();
    expectTypeOf<Sent<{ a: unknown; b: object; c: never }>>().toEqualTypeOf<true>();
  });

  it('does not take what stays where it is, wherever in a value it is', () => {
    expectTypeOf<Sent<() => void>>().toEqualTypeOf<false>();
    expectTypeOf<Sent<typeof Atom>>().toEqualTypeOf<false>();
    expectTypeOf<Sent<{ deep: Atom[] }>>().toEqualTypeOf<false>();
    expectTypeOf<Sent<number | { f?: () => void }>>().toEqualTypeOf<false>();
    expectTypeOf<Sent<Map<string, symbol>>>().toEqualTypeOf<false>();
    expectTypeOf<Sent<ReadonlySet<Promise<1>>>>().toEqualTypeOf<false>();
    expectTypeOf<Sent<readonly [URL]>>().toEqualTypeOf<false>();
    expectTypeOf<Sent<WeakMap<object, 1> | SharedArrayBuffer>>().toEqualTypeOf<false>();
    expectTypeOf<Sent<AsyncGenerator<number>>>().toEqualTypeOf<false>();
  });

  it('makes the compiler refuse the function', () => {
    // @ts-expect-error: the input has a function.
    defineTask(import.meta.url, 'a', (input: { f: () => void }) => input.f());
    // @ts-expect-error: the output has a method.
    defineTask(import.meta.url, 'b', async (n: number) => ({ n, atom: new Atom() }));
    // @ts-expect-error: its output has a method.
    task<typeof fixtures.bad>(FIXTURES, 'bad');
    // @ts-expect-error: a promise cannot be sent.
    task<Promise<number>, number>(FIXTURES, 'plain');
    const f = defineTask(import.meta.url, 'f', (n: number) => n);
    // @ts-expect-error: of another type.
    void f('1');
  });
});
