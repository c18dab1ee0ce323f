/** Programs in one file, with functions and what calls them: from TypeScript, and compiled. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { read } from '../tidy/repository.ts';

const NAME = 'test/functions/programs/single-file.ts';
const PROGRAM = fileURLToPath(new URL('programs/single-file.ts', import.meta.url));
const MARKING = fileURLToPath(new URL('marking.ts', import.meta.url));
const CORE = fileURLToPath(new URL('../../packages/core', import.meta.url));
const TSX = import.meta.resolve('tsx');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-single-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Line and column of the words, both counted from 1. */
function placeOf(words: string): string {
  const before = read(NAME).split(words)[0] ?? '';
  const lines = before.split('\n');
  return `${PROGRAM}:${lines.length}:${(lines.at(-1) ?? '').length + 1}`;
}

async function outcomeOf(program: string): Promise<unknown> {
  const args = ['--conditions=@pstar/source', `--import=${TSX}`, program, '2'];
  const env = { ...process.env, PSTAR_HOME: join(directory, 'store') };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: directory });
  return JSON.parse(stdout);
}

const state = { words: [], offset: 100 };
const expected = {
  added: [
    { sum: 101, state, outcome: '1 squared is 1' },
    { sum: 102, state, outcome: '2 squared is 4' },
  ],
  stack: [
    'RangeError: not 3',
    `    at refusal (${placeOf('new RangeError')})`,
    `    at add (${placeOf('refusal(n)')})`,
  ],
  total: 6,
};

describe('a program in one file', () => {
  it('has its own functions called, as TypeScript that nobody has compiled', async () => {
    const outcome = (await outcomeOf(PROGRAM)) as { stack: string };
    expect({ ...outcome, stack: outcome.stack.split('\n') }).toEqual(expected);
  });

  it('has its errors say where they are in what it was compiled from', async () => {
    const { code, map } = await transform(read(NAME), {
      loader: 'ts',
      target: 'node20',
      sourcemap: true,
      sourcefile: PROGRAM,
    });
    const core = join(directory, 'node_modules/@pstar/core');
    await mkdir(join(core, '..'), { recursive: true });
    await symlink(CORE, core);
    const file = join(directory, 'program.mjs');
    await writeFile(join(directory, 'program.mjs.map'), map);
    const text = code.replace('../marking.ts', pathToFileURL(MARKING).href);
    await writeFile(file, `${text}//# sourceMappingURL=program.mjs.map\n`);
    const outcome = (await outcomeOf(file)) as { stack: string };
    expect({ ...outcome, stack: outcome.stack.split('\n') }).toEqual(expected);
  });
});
