import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BootstrapQuestion,
  bootstrapScript,
  type HostFacts,
  noCache,
  nodeOf,
  noNode,
  readFacts,
} from '../../src/host/bootstrap.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "pstar it's-"));
});

afterEach(() => rm(home, { recursive: true, force: true }));

/** Asks a host that has nothing but what these tests have made, the usual places apart. */
function ask(more: Partial<BootstrapQuestion> = {}, environment: object = {}): HostFacts {
  const input = bootstrapScript({ initCommands: [], files: [], ...more });
  const env = { HOME: home, PATH: `${home}/bin:/usr/bin:/bin`, SHELL: '/bin/sh', ...environment };
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-s'], { input, env, encoding: 'utf8' });
  expect([stderr, status]).toEqual(['', 0]);
  return readFacts(`Last login: yesterday\n${stdout}`);
}

/** A program that says of itself what Node.js would. */
async function fakeNode(path: string, version: string): Promise<string> {
  const file = join(home, path);
  await mkdir(join(file, '..'), { recursive: true });
  const exit = version.startsWith('20.19') || Number.parseInt(version, 10) > 20 ? 0 : 9;
  await writeFile(file, `#!/bin/sh\necho ran ${version} linux x64\nexit ${exit}\n`);
  await chmod(file, 0o755);
  return file;
}

describe('a host', () => {
  it('has its cache in the home directory, or where XDG_CACHE_HOME says', () => {
    expect(ask().cache).toBe(`${home}/.cache/pstar`);
    expect(ask({}, { XDG_CACHE_HOME: `${home}/x` }).cache).toBe(`${home}/x/pstar`);
  });

  it('has it in the scratch directory when the other takes no files', async () => {
    await writeFile(join(home, 'file'), '');
    const environment = { XDG_CACHE_HOME: `${home}/file` };
    const scratch = `${home}/scratch`;
    expect(ask({ scratch }, environment).cache).toBe(`${scratch}/.cache/pstar`);
    const { cache, ...rest } = ask({}, environment);
    expect(cache).toBe(undefined);
    expect(noCache('h1', { ...rest }).message).toMatch(
      /cannot create directory.*Not a directory.*agent: \{ scratch/s,
    );
  });

  it('has no room for files that are larger than its disk', () => {
    const facts = ask({ files: [{ name: 'big', hash: '0', size: 2 ** 60 }] });
    expect(facts.cache).toBe(undefined);
    expect(noCache('h1', facts).message).toMatch(/is full: \d+ KiB free, and \d+ KiB needed/);
  });

  it('tells whole files in its cache from damaged ones', async () => {
    const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    await mkdir(join(home, '.cache/pstar'), { recursive: true });
    await writeFile(join(home, '.cache/pstar/whole'), 'abc');
    await writeFile(join(home, '.cache/pstar/damaged'), 'abd');
    const files = ['whole', 'damaged', 'missing'].map((name) => ({ name, hash, size: 3 }));
    expect([...ask({ files }).files]).toEqual(['whole']);
  });

  it('has the Node.js of its PATH, and another one where that is too old', async () => {
    const first = await fakeNode('bin/node', '20.19.4');
    expect(nodeOf(ask())).toMatchObject({ path: first, version: '20.19.4' });
    await fakeNode('bin/node', '18.20.1');
    const other = await fakeNode('.nvm/versions/node/v22.1.0/bin/node', '22.1.0');
    const nodes = ask({}, { PATH: `${home}/bin:/bin` }).nodes.map(({ path }) => path);
    expect(nodes).toContain(first);
    // Where this machine has one in a usual place, that comes first.
    expect(nodes.includes(other) || nodeOf(ask()) !== undefined).toBe(true);
  });

  it('has the one that is named, and no other', async () => {
    const named = await fakeNode('apps/node', '22.1.0');
    await fakeNode('bin/node', '20.19.4');
    expect(ask({ node: named }).nodes.map(({ path }) => path)).toEqual([named]);
    expect(ask({ node: '/nowhere/node' }).nodes).toEqual([]);
    expect(nodeOf(ask({ node: 'node' }))?.path).toBe(join(home, 'bin/node'));
  });
});

describe('without a Node.js that will do', () => {
  const facts: HostFacts = {
    system: 'Linux',
    machine: 'x86_64',
    home: '/home/me',
    libc: 'glibc',
    nodes: [],
    files: new Set(),
  };

  it('the error says what was found where, and the ways out', () => {
    const nodes = [
      { path: '/usr/bin/node', version: '18.1.0' },
      { path: '/opt/my node/bin/node', problem: 'cannot execute: required file not found' },
    ];
    expect(nodeOf({ ...facts, nodes })).toBe(undefined);
    expect(noNode('h1', { ...facts, nodes }).message).toBe(
      'agents need Node.js 20.19 or newer; /usr/bin/node is 18.1.0; /opt/my node/bin/node does not ' +
        'run: cannot execute: required file not found (h1); name one by agent: { node: ' +
        "'/path/to/node' }, have initCommands bring one into PATH, or send this one along by agent: " +
        '{ sendNode: true }',
    );
  });

  it('the error names what was looked for in vain', () => {
    expect(noNode('h1', facts).problem).toMatch(/there is none in PATH/);
    expect(noNode('h1', facts, '/nowhere/node').problem).toMatch(/there is no \/nowhere\/node/);
  });
});
