/**
 * What users install: the commands and programs of the README's first pages, in a folder elsewhere, and the
 * declarations as a strict compiler sees them.
 */
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../tools/packages.ts';
import { files, read } from '../tidy/repository.ts';

const minutes = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'pstar-packaging-'));
// With all that is installed in the clone.
afterAll(() => rmSync(folder, { recursive: true, force: true }), 2 * minutes);
/** What the README calls `the clone`, `/tmp/pstar` and `your project`. */
const clone = join(folder, 'clone');
const tarballs = join(folder, 'tarballs');
const project = join(folder, 'project');

const environment = {
  ...process.env,
  // Without the commands that npm has put there, which are those of this clone.
  PATH: (process.env['PATH'] ?? '')
    .split(':')
    .filter((each) => !each.includes('node_modules'))
    .join(':'),
  // The store of this test, and this machine, which may have the commands of a cluster.
  PSTAR_HOME: join(folder, 'store'),
  PSTAR_DEFAULT_RM: 'local://',
  npm_config_prefer_offline: 'true',
  npm_config_audit: 'false',
  npm_config_loglevel: 'error',
};

/** Settles with all that the line wrote, whether it failed or not. */
async function run(line: string, cwd = project): Promise<{ ok: boolean; output: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)('/bin/sh', ['-c', line], {
      cwd,
      env: environment,
    });
    return { ok: true, output: `${stdout}${stderr}`.trim() };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: `${stdout}${stderr}`.trim() || String(error) };
  }
}

/** The first block of a language below a heading of the README. */
function block(heading: string, language: string): string {
  const [, section = ''] = read('README.md').split(`\n## ${heading}\n`);
  const [, code] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(section) ?? [];
  if (code === undefined) throw new Error(`the README has no ${language} below '${heading}'`);
  return code;
}

/** The lines that make packages, install them, and run a program. */
function commands(): { make: string; install: string; start: string } {
  const lines = block('In a project of your own', 'sh').replaceAll('/tmp/pstar', tarballs).trim();
  const [make, install, start, ...rest] = lines.split('\n');
  if (make === undefined || install === undefined || start === undefined || rest.length > 0) {
    throw new Error(`these are not the three lines of the README:\n${lines}`);
  }
  return { make, install, start };
}

/** What the clone has already need not be fetched: tsx has no dependency that the core has not. */
async function packTsx(): Promise<string> {
  const directory = join(root, 'node_modules', 'tsx', '/');
  const packed = await run(`npm pack --silent --pack-destination ${folder} ${directory}`);
  expect(packed).toMatchObject({ ok: true });
  return join(folder, packed.output);
}

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
  files: ['hello.ts', 'program.ts', 'functions.ts'],
};

describe('the packages, installed elsewhere as the README says', () => {
  beforeAll(async () => {
    const { make, install } = commands();
    mkdirSync(project);
    // Where nothing was installed or built yet.
    for (const file of files(/./)) cpSync(join(root, file), join(clone, file));
    expect(await run(make, clone)).toEqual({ ok: true, output: expect.any(String) });
    writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
    const oldest = install
      .replace(' rxjs ', ' rxjs@7.8.0 ')
      .replace(/ tsx$/, ` ${await packTsx()}`);
    expect(oldest).toContain('rxjs@7.8.0');
    expect(await run(oldest)).toMatchObject({ ok: true });
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
    writeFileSync(join(project, 'program.ts'), block('A first program', 'ts'));
    writeFileSync(join(project, 'functions.ts'), block('Or functions', 'ts'));
    cpSync(join(root, 'test/packaging/hello.ts'), join(project, 'hello.ts'));
  }, 8 * minutes);

  it(
    'run the first program',
    async () => {
      const simulate = '#!/bin/sh\necho "$@"\n';
      writeFileSync(join(project, 'simulate'), simulate, { mode: 0o755 });
      expect(await run(commands().start)).toEqual({ ok: true, output: '' });
      expect(readdirSync(project).filter((name) => name.startsWith('result-'))).toHaveLength(1000);
      expect(readFileSync(join(project, 'result-999.txt'), 'utf8')).toBe('--seed 999\n');
    },
    minutes,
  );

  it(
    'run the program with a function',
    async () => {
      const start = commands().start.replace('program.ts', 'functions.ts');
      expect(await run(start)).toEqual({ ok: true, output: '78498' });
    },
    minutes,
  );

  it(
    'run the adaptors beside it, and compile with every declaration checked',
    async () => {
      // Of the peers only the core is needed to run anything, and it is there already.
      const installed = await run(`npm install --omit=peer ${tarballs}/pstar-adaptor-*.tgz`);
      expect(installed).toMatchObject({ ok: true });
      const compiled = await run(join(root, 'node_modules/.bin/tsc'));
      expect(compiled).toEqual({ ok: true, output: '' });
      const { output } = await run('node out/hello.js ../store');
      expect(output).toBe('exit 0, DESCRIPTION_INVALID\nadaptors: some');
    },
    minutes,
  );
});
