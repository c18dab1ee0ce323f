/**
 * The tables in ARCHITECTURE.md, the rules of dependency-cruiser, the projects of the compiler and
 * the overrides of the linter say the same; and the rules bite, so that none is weakened unseen.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { layers, pureFiles, serviceFolders } from '../../.dependency-cruiser.mjs';
import { read, root } from './repository.ts';

interface Layer {
  readonly ours: readonly string[];
  readonly others: readonly string[];
}

const configured: Readonly<Record<string, Layer>> = layers;
const names = Object.keys(configured);

/** A folder of `service`. */
interface ServiceFolder {
  readonly service: readonly string[];
  readonly ours: readonly string[];
}

const ofService: Readonly<Record<string, ServiceFolder>> = serviceFolders;
const folderNames = Object.keys(ofService);
/** What is above the folders of `service`. */
const services = ['pilot-job-service.ts', 'pilot-source.ts', 'work-unit-service.ts'];

const doors = ['adaptor.ts', 'index.ts', 'testing.ts'];
const src = 'packages/core/src';

function listed(cell: string): string[] {
  return cell
    .replace('–', '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
}

/** The cells of a table in ARCHITECTURE.md, row by row. */
function rowsOf(table: string): string[][] {
  const [, section = ''] = read('ARCHITECTURE.md').split(new RegExp(`<!-- /?${table} -->`));
  const rows = section.trim().split('\n').slice(2);
  return rows.map((row) => row.split('|').slice(1));
}

function tableOfArchitecture(): Record<string, Layer> {
  const table: Record<string, Layer> = {};
  for (const [folders = '', ours = '', others = ''] of rowsOf('layers')) {
    for (const folder of listed(folders)) {
      table[folder] = { ours: listed(ours), others: listed(others) };
    }
  }
  return table;
}

function sorted(table: Readonly<Record<string, Layer>>): Record<string, Layer> {
  const rows = Object.entries(table).map(([name, { ours, others }]) => [
    name,
    { ours: [...ours].sort(), others: [...others].sort() },
  ]);
  return Object.fromEntries(rows);
}

/** What is in a folder of the sources: folders, and else. */
function contentOf(path: string): [string[], string[]] {
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  const those = (isFolder: boolean) =>
    entries.filter((entry) => entry.isDirectory() === isFolder).map(({ name }) => name);
  return [those(true).sort(), those(false).sort()];
}

function projectOf(file: string) {
  const { config } = ts.readConfigFile(join(root, 'packages/core', file), ts.sys.readFile);
  const { compilerOptions, include, exclude } = config;
  return { compilerOptions, include, exclude };
}

describe('the layers', () => {
  it('are the same in ARCHITECTURE.md and in the rules', () => {
    expect(sorted(tableOfArchitecture())).toEqual(sorted(configured));
  });

  it('have a row for each folder of the core, and beside them are the doors only', () => {
    expect(contentOf(src)).toEqual([[...names].sort(), doors]);
  });

  it('import downwards only', () => {
    names.forEach((name, index) => {
      const below = names.slice(0, index);
      expect(configured[name]?.ours.filter((other) => !below.includes(other))).toEqual([]);
    });
  });

  it('that decide are pure to the compiler and to the linter', () => {
    const pureLayers = names.filter((name) => !configured[name]?.others.includes('node'));
    const pure = [...pureLayers, ...pureFiles].sort();
    const { compilerOptions, include } = projectOf('tsconfig.pure.json');
    expect(compilerOptions.types).toEqual([]);
    expect(include.map((path: string) => path.replace('src/', '')).sort()).toEqual(pure);
    expect(projectOf('tsconfig.json').exclude).toEqual(include);

    const { overrides } = JSON.parse(read('biome.json'));
    const [override] = overrides.filter(({ plugins }: { plugins?: string[] }) => plugins);
    const ofLinter = override.includes.map((path: string) =>
      path.replace(`${src}/`, '').replace('/**', ''),
    );
    expect(ofLinter.sort()).toEqual(pure);
  });
});

describe('the folders of service', () => {
  it('are the same in ARCHITECTURE.md and in the rules', () => {
    const rows = rowsOf('service-folders').map(([folder = '', , service = '', ours = '']) => [
      folder.trim(),
      { service: listed(service), ours: listed(ours) },
    ]);
    expect(rows).toEqual(Object.entries(ofService));
  });

  it('have a row each, and beside them are the services only', () => {
    expect(contentOf(`${src}/service`)).toEqual([[...folderNames].sort(), services]);
  });

  it('import downwards only, and what their layer may', () => {
    folderNames.forEach((name, index) => {
      const below = folderNames.slice(0, index);
      expect(ofService[name]?.service.filter((other) => !below.includes(other))).toEqual([]);
      expect(configured['service']?.ours).toEqual(
        expect.arrayContaining([...(ofService[name]?.ours ?? [])]),
      );
    });
  });
});

/**
 * A made-up core in which every folder imports every other and every package: what is refused there
 * is exactly what the table does not allow.
 */
describe('the rules bite', () => {
  const packages = ['zod', 'rxjs', 'koffi', 'msgpackr', 'eventemitter3'];
  const scratch = mkdtempSync(join(tmpdir(), 'pstar-layers-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  function plant(path: string, imports: readonly string[]): void {
    const file = join(scratch, path);
    mkdirSync(dirname(file), { recursive: true });
    const text = imports.map((from, index) => `import type * as a${index} from '${from}';\n`);
    writeFileSync(
      file,
      `${text.join('')}export type A = ${imports.map((_, i) => `typeof a${i}`).join(' | ')};\n`,
    );
  }

  /** `from → to`, for each import that is refused. */
  async function refused(): Promise<Set<string>> {
    writeFileSync(join(scratch, 'tsconfig.base.json'), read('tsconfig.base.json'));
    const config = join(root, '.dependency-cruiser.mjs');
    const bin = join(root, 'node_modules', '.bin', 'depcruise');
    const cruise = promisify(execFile)(
      bin,
      ['--config', config, '--output-type', 'json', 'packages', 'examples'],
      { cwd: scratch, maxBuffer: 2 ** 26 },
    );
    const { stdout } = await cruise.catch((error: { stdout: string }) => error);
    const { violations } = JSON.parse(stdout).summary as {
      violations: { from: string; to: string; rule: { name: string } }[];
    };
    return new Set(
      violations
        .filter(({ rule }) => rule.name !== 'no-cycle')
        .map(({ from, to }) => `${nameOf(from)} → ${nameOf(to)}`),
    );
  }

  function nameOf(path: string): string {
    const [, layer] = /core\/src\/([^/]+(?:\/[^/]+)?)\/probe\.ts$/.exec(path) ?? [];
    const [, dependency] = /.*node_modules\/([^/]+)\//.exec(path) ?? [];
    return layer ?? dependency ?? (/^(node:)?fs$/.test(path) ? 'node' : path);
  }

  it('on every import that the table does not allow', async () => {
    symlinkSync(join(root, 'packages/core/node_modules'), join(scratch, 'node_modules'));
    const others = [...packages, 'node:fs'];
    for (const name of names) {
      const siblings = names
        .filter((other) => other !== name)
        .map((other) => `../${other}/probe.ts`);
      plant(`${src}/${name}/probe.ts`, [...siblings, ...others]);
    }
    for (const folder of folderNames) {
      const siblings = folderNames.filter((other) => other !== folder);
      plant(`${src}/service/${folder}/probe.ts`, [
        ...siblings.map((other) => `../${other}/probe.ts`),
        ...names.map((layer) => `../../${layer}/probe.ts`),
      ]);
    }
    plant(`${src}/service/surprise/a.ts`, ['../../model/probe.ts']);
    plant(
      `${src}/index.ts`,
      names.map((name) => `./${name}/probe.ts`),
    );
    plant(`${src}/agent/slots.ts`, ['../runtime/probe.ts', '../model/probe.ts', 'node:fs']);
    plant(`${src}/surprise/a.ts`, ['../model/probe.ts']);
    plant('packages/adaptor-made-up/src/a.ts', [
      '../../core/src/index.ts',
      '../../core/src/model/probe.ts',
    ]);
    plant('examples/a.ts', ['../packages/core/src/manager/probe.ts']);

    const expected = names.flatMap((name) => {
      const { ours, others: allowed } = configured[name] ?? { ours: [], others: [] };
      return [...names, ...packages, 'node']
        .filter((other) => other !== name && ![...ours, ...allowed].includes(other))
        .map((other) => `${name} → ${other}`);
    });
    for (const [folder, { service, ours }] of Object.entries(ofService)) {
      const allowed = [folder, ...service].map((other) => `service/${other}`).concat(ours);
      const all = [...folderNames.map((other) => `service/${other}`), ...names];
      const forbidden = all.filter((other) => !allowed.includes(other));
      expected.push(...forbidden.map((other) => `service/${folder} → ${other}`));
    }
    expected.push(
      `${src}/service/surprise/a.ts → model`,
      `${src}/agent/slots.ts → runtime`,
      `${src}/agent/slots.ts → node`,
      `${src}/surprise/a.ts → model`,
      'packages/adaptor-made-up/src/a.ts → model',
      'examples/a.ts → manager',
    );
    expect([...(await refused())].sort()).toEqual(expected.sort());
  });
});
