/**
 * Compiles the libraries that the DRMAA bindings are tested against: once for each state of their
 * sources, into `dist` beside them. They know nothing of the bindings.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whose `drmaa2.h` the structs are those of. */
export type Layout = 'ogf' | 'uge' | 'pbs' | 'age';

/** All layouts that there are, in the order of `drmaa2.h`. */
export const layouts = ['ogf', 'uge', 'pbs', 'age'] as const satisfies readonly Layout[];

const sources = fileURLToPath(new URL('library', import.meta.url));
const flags = ['-std=gnu17', '-D_GNU_SOURCE', '-O1', '-g', '-Wall', '-Wextra', '-Werror'];
const shared = [...flags, '-fPIC', '-shared', '-fvisibility=hidden'];
const sanitizer = ['-fsanitize=address', '-O0'];

/** What both libraries and the shepherd are made of. */
const store = ['store.c', 'description.c', 'scheduling.c', 'control.c', 'counting.c'];
const shepherd = ['shepherd.c', 'job-process.c', ...store];
const objects = ['objects.c', 'failure.c', ...store];
const drmaa2 = [
  ...['errors.c', 'lists.c', 'dicts.c', 'values.c', 'limits.c', 'layouts.c', 'reflection.c'],
  ...['manager.c', 'job-session.c', 'jobs.c', 'job-info.c', 'job-array.c', 'waiting.c'],
  ...['templates.c', 'reservations.c', 'monitoring.c', 'events.c', 'altair.c', ...objects],
];
const drmaa1 = ['drmaa1.c', 'drmaa1-values.c', 'drmaa1-jobs.c', 'drmaa1-wait.c', ...objects];

/** How a library is to be compiled. */
export interface BuildOptions {
  /** With it, only a program that has it (or preloads it) can load the library. */
  readonly sanitize?: 'address';
}

/** The path of a DRMAA 2 library whose structs are laid out in that way. */
export function buildDrmaa2(options: BuildOptions & { readonly layout: Layout }): Promise<string> {
  const { layout, sanitize } = options;
  const name = sanitize === undefined ? layout : `${layout}-${sanitize}`;
  return built(name, 'libdrmaa2.so', [
    ...shared,
    `-DDRMAA2_LAYOUT=${layouts.indexOf(layout) + 1}`,
    ...(sanitize === undefined ? [] : sanitizer),
    ...drmaa2,
  ]);
}

/**
 * The path of a DRMAA 1 library. What it is to lack are functions by their names, for instance
 * `drmaa_wait`: libraries in the wild lack some.
 */
export function buildDrmaa1(
  options: BuildOptions & { readonly without?: readonly string[] } = {},
): Promise<string> {
  const { sanitize, without = [] } = options;
  const name = ['drmaa1', ...(sanitize === undefined ? [] : [sanitize]), ...without].join('-');
  return built(name, 'libdrmaa.so', [
    ...shared,
    // A name of its own for what is not to be found.
    ...without.map((missing) => `-D${missing}=without_${missing}`),
    ...(sanitize === undefined ? [] : sanitizer),
    ...drmaa1,
  ]);
}

/** The path of the program that walks through the whole library of a layout, linked with it. */
export async function buildDriver(
  options: BuildOptions & { readonly layout: Layout },
): Promise<string> {
  const { layout, sanitize } = options;
  const name = sanitize === undefined ? layout : `${layout}-${sanitize}`;
  return built(`driver-${name}`, 'driver', [
    ...flags,
    `-DDRMAA2_LAYOUT=${layouts.indexOf(layout) + 1}`,
    ...(sanitize === undefined ? [] : sanitizer),
    ...['driver.c', 'driver-jobs.c', ...drmaa2],
  ]);
}

/** The program beside a library, which runs its jobs and answers questions: see library/README.md. */
export function shepherdOf(library: string): string {
  return join(library, '..', 'shepherd');
}

let cache: Promise<string> | undefined;

/** The directory for the present sources; those of older ones are left to whoever uses them still. */
async function cacheOf(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([flags, shared, sanitizer]));
  for (const name of (await readdir(sources)).sort()) {
    if (/\.[ch]$/.test(name)) hash.update(name).update(await readFile(join(sources, name)));
  }
  const path = join(sources, '..', 'dist', hash.digest('hex').slice(0, 16));
  await mkdir(path, { recursive: true });
  return path;
}

const compile = (directory: string, name: string, args: readonly string[]) =>
  run('cc', [...args, '-o', join(directory, name), '-lpthread', '-ldl'], { cwd: sources });

/** A library looks for it in its own directory; it is the same for all. */
async function addShepherd(directory: string): Promise<void> {
  const program = await built('shepherd', 'shepherd', [...flags, ...shepherd]);
  await copyFile(program, join(directory, 'shepherd'));
}

/** Several programs may want the same at the same time: it appears complete, and by one name only. */
async function built(name: string, file: string, args: readonly string[]): Promise<string> {
  cache ??= cacheOf();
  const place = join(await cache, name);
  if (!existsSync(place)) {
    const aside = await mkdtemp(join(await cache, `.${name.slice(0, 40)}-`));
    await Promise.all([compile(aside, file, args), file === 'shepherd' || addShepherd(aside)]);
    await rename(aside, place).catch(async (problem: NodeJS.ErrnoException) => {
      await rm(aside, { recursive: true });
      if (problem.code !== 'ENOTEMPTY' && problem.code !== 'EEXIST') throw problem;
    });
  }
  return join(place, file);
}
