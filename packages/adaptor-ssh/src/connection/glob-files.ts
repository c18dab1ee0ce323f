/** Finds the files that an Include names. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { matches } from './wildcards.ts';

const MAGIC = /[*?]/;

/** The files that match an absolute path, any part of which may hold `*` and `?`; sorted. */
export function globFiles(path: string): string[] {
  if (!MAGIC.test(path)) return isFile(path) ? [path] : [];
  return expand(path).filter(isFile);
}

function expand(path: string): string[] {
  if (!MAGIC.test(path)) return [path];
  const parent = dirname(path);
  const pattern = path.slice(parent === '/' ? 1 : parent.length + 1);
  return expand(parent).flatMap((directory) => {
    if (!MAGIC.test(pattern)) return [join(directory, pattern)];
    // As in a shell, a name that begins with a dot has to be asked for.
    const shown = (name: string) => !name.startsWith('.') || pattern.startsWith('.');
    return entries(directory)
      .filter((name) => shown(name) && matches(pattern, name))
      .sort()
      .map((name) => join(directory, name));
  });
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
