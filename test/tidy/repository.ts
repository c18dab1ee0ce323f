/** The files of the repository, found without git: a tarball of it is tested like a clone. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

const generated = new Set(['node_modules', 'dist', '.git', '.tsbuild', 'coverage', 'docs/api']);

function* walk(directory: string): Generator<string> {
  for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (generated.has(entry.name) || generated.has(path)) continue;
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

const everything = [...walk('')].sort();

/** Paths from the root, of the files that somebody wrote and that match. */
export function files(pattern: RegExp): string[] {
  return everything.filter((path) => pattern.test(path));
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** `path:line: text` for every line that matches, to be expected empty. */
export function lines(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
      ),
  );
}
