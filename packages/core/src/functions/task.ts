/**
 * How authors name a function that travels: by the module that exports it, and its name there. What
 * is named so still can be called here and now. Knows nothing of bundles and pilots: this module
 * travels itself, within the bundles of its users.
 */
import { DescriptionError } from '../model/errors.ts';
import { withLocalContext } from './local-context.ts';
import type { CannotBeSent } from './sendable.ts';
import {
  type TaskBody,
  type TaskContext,
  type TaskFunction,
  type TaskOf,
  taskBody,
  taskBrand,
} from './task-types.ts';

// biome-ignore lint/suspicious/noExplicitAny: the functions of all inputs, whose types are inferred from them
type AnyBody = (input: any, context: any) => unknown;

/**
 * Makes a function one that can be called on other nodes. Export it by the name that is given here, from
 * the module that says so:
 *
 * ```ts
 * import { defineTask } from '@pstar/core';
 *
 * export const score = defineTask(import.meta.url, 'score', async (text: string) => text.length);
 * ```
 *
 * Whatever it uses of its module travels with it, but nothing from around a call: not what a variable
 * was set to since. What it needs of that belongs in its input.
 *
 * One that combines two results, for `reduce()`, takes the other one in the place of its context:
 * `defineTask(import.meta.url, 'sum', (one: number, other: number) => one + other)`.
 *
 * @param module - `import.meta.url`, of the module that exports it.
 * @param exportName - The name that it is exported by; checked when it is first sent.
 * @throws DescriptionError when the module is no file.
 */
export function defineTask<I, O, C = TaskContext>(
  module: string | URL,
  exportName: string,
  body: TaskBody<I, O, C>,
): TaskFunction<I, O, C> {
  return taskFunction(moduleOf(module), exportName, body as AnyBody);
}

/**
 * Names a function that another module exports, which is not loaded here: a plain one, or one that
 * `defineTask` has made. `F` is its type, of which input and output are inferred:
 *
 * ```text
 * import type { score } from './score.ts';
 * const scoring = task<typeof score>(new URL('./score.ts', import.meta.url), 'score');
 * ```
 *
 * @throws DescriptionError when the module is no file.
 */
export function task<F = (input: unknown) => unknown>(
  module: string | URL,
  exportName: TaskOf<F> extends CannotBeSent<string> ? TaskOf<F> : string,
): TaskOf<F>;
/**
 * The same, by the types of input and output: `task<string, number>(url, 'score')`.
 *
 * @throws DescriptionError when the module is no file.
 */
export function task<I, O, C = TaskContext>(
  module: string | URL,
  exportName: TaskOf<(input: I, context: C) => O> extends CannotBeSent<infer What>
    ? CannotBeSent<What>
    : string,
): TaskFunction<I, O, C>;
export function task(module: string | URL, exportName: string): TaskFunction<never, unknown> {
  const file = moduleOf(module);
  return taskFunction(file, exportName, async (input, context) => {
    const exported = ((await import(file.href)) as Record<string, unknown>)[exportName];
    if (typeof exported === 'function') return exported(input, context);
    throw notExported(file, exportName);
  });
}

/**
 * What was given as a function to call elsewhere.
 *
 * @throws DescriptionError that says why a plain function cannot travel, and what to do.
 */
export function requireTask(given: unknown): TaskFunction<unknown, unknown> {
  if (typeof given === 'function' && taskBrand in given) return given as never;
  const isFunction = typeof given === 'function';
  throw new DescriptionError(
    'DESCRIPTION_INVALID',
    isFunction
      ? `${given.name ? `the function ${given.name}` : 'a function'} cannot travel by itself: what it uses of the code around it is not known`
      : 'a function made by defineTask() or task() is expected',
    {
      subject: 'task',
      hint: isFunction
        ? "export it from a module as defineTask(import.meta.url, 'name', function), and pass what it captured as part of its input"
        : "for instance task(new URL('./score.ts', import.meta.url), 'score')",
    },
  );
}

/** What is wrong where a module has no function of a name. */
export function notExported(
  module: URL,
  exportName: string,
  names: readonly string[] = [],
): DescriptionError {
  const others = names.length > 0 ? `it exports ${names.join(', ')}` : 'it exports none';
  return new DescriptionError('DESCRIPTION_INVALID', `there is no function ${exportName}`, {
    subject: `${module}`,
    hint: `${others}; export it from the top level, and pass what it would capture elsewhere as part of its input`,
  });
}

function taskFunction<I, O, C>(
  module: URL,
  exportName: string,
  body: AnyBody,
): TaskFunction<I, O, C> {
  // Stacks name it so.
  if (body.name === '') Reflect.defineProperty(body, 'name', { value: exportName });
  const call = async (input: I, context?: C) =>
    context === undefined ? withLocalContext((local) => body(input, local)) : body(input, context);
  return Object.defineProperties(call as never, {
    name: { value: exportName },
    module: { value: module, enumerable: true },
    exportName: { value: exportName, enumerable: true },
    [taskBrand]: { value: true },
    [taskBody]: { value: body },
  });
}

/** Without what loaders add to it, as tsx and vitest do. */
function moduleOf(module: string | URL): URL {
  const url = URL.canParse(`${module}`) ? new URL(module) : undefined;
  if (url?.protocol !== 'file:') {
    throw new DescriptionError('DESCRIPTION_INVALID', 'is the URL of no file', {
      subject: 'module',
      hint: `pass import.meta.url, or new URL('./file.ts', import.meta.url), and not ${JSON.stringify(`${module}`)}`,
    });
  }
  url.search = '';
  url.hash = '';
  return url;
}
