/** What users install: the tarballs, in a folder of their own, compiled against and run. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack, publishedPackages, root } from '../../tools/packages.ts';

const minutes = 60_000;
const tsc = join(root, 'node_modules/.bin/tsc');
const folder = mkdtempSync(join(tmpdir(), 'pstar-packaging-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Settles with all that the command wrote, whether it failed or not. */
async function run(command: string, ...args: string[]): Promise<{ ok: boolean; output: string }> {
  const options = { cwd: folder, env: { ...process.env, npm_config_loglevel: 'error' } };
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, options);
    return { ok: true, output: `${stdout}${stderr}`.trim() };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: `${stdout}${stderr}`.trim() || String(error) };
  }
}

const manifest = { name: 'somebody-elses', private: true, type: 'module' };

/** As strict as a user's may be: our declarations are checked too. */
const tsconfig = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    outDir: 'out',
  },
  files: ['hello.ts'],
};

describe('the packages, installed elsewhere', () => {
  beforeAll(async () => {
    const built = await run(tsc, '-b', join(root, 'tsconfig.build.json'));
    expect(built).toEqual({ ok: true, output: '' });
    mkdirSync(join(folder, 'tarballs'));
    const tarballs = publishedPackages().map((found) => pack(found, join(folder, 'tarballs')));
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    cpSync(join(root, 'test/packaging/hello.ts'), join(folder, 'hello.ts'));
    // Of the peers only the core is needed to run anything, and it is among the tarballs.
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--omit=peer'];
    expect(await run('npm', 'install', ...flags, ...tarballs)).toMatchObject({ ok: true });
  }, 4 * minutes);

  it(
    'compile with every declaration checked',
    async () => {
      const compiled = await run(tsc, '-p', folder);
      expect(compiled).toEqual({ ok: true, output: '' });
    },
    minutes,
  );

  it(
    'run a pilot and a work unit',
    async () => {
      const { output } = await run(process.execPath, 'out/hello.js', join(folder, 'store'));
      expect(output).toBe('exit 0, DESCRIPTION_INVALID\nadaptors: some');
    },
    minutes,
  );
});
