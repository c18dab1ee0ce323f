import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { commonDirectory } from '../clusters/base/common-directory.ts';
import { files, lines, read, root } from './repository.ts';

const code = files(/\.(ts|mjs)$/);
const text = files(/(\.(ts|mjs|json|md|ya?ml|txt|grit|sh)|(^|\/)(\.npmrc|run))$/);

describe('files', () => {
  it('are found', () => {
    expect(code).toContain('test/tidy/files.test.ts');
    expect(text).toContain('pnpm-lock.yaml');
    expect(text).toContain('.ci/run');
  });

  it('have at most 400 lines', () => {
    const long = code.map((path) => ({ path, length: read(path).split('\n').length - 1 }));
    expect(long.filter(({ length }) => length > 400)).toEqual([]);
  });
});

// Each expression is written so that it does not match its own line.
describe('nothing is left over', () => {
  it('no test runs alone or not at all', () => {
    expect(lines(code, /\b(it|test|describe)\.(only|skip|todo)\b/)).toEqual([]);
  });

  it('no note to do something later', () => {
    expect(lines(text, /\b(FIX[M]E|TO[D]O|XX[X])\b/)).toEqual([]);
  });

  it('no debugging', () => {
    expect(lines(code, /^\s*debugge[r]\b/)).toEqual([]);
    const printing = /^(examples|bench)\/|^test\/packaging\/hello\.ts$/;
    const silent = code.filter((path) => !printing.test(path));
    expect(lines(silent, /\bconsole\.(lo[g]|debu[g]|di[r])\(/)).toEqual([]);
  });
});

describe('nothing belongs to one machine', () => {
  it('no package registry is named: whoever installs has chosen theirs', () => {
    const hosts = /registry\.(npmjs|yarnpkg)\.(org|com)|npm\.pkg\.github\.com|unpkg\.com/;
    expect(lines(text, hosts)).toEqual([]);
    expect(lines(['pnpm-lock.yaml'], /https?:\/\//)).toEqual([]);
  });

  it('no path of the machine where it was written', () => {
    const homes = [root, `${homedir()}/`].filter((path) => path.split('/').length > 2);
    for (const home of homes.filter((path) => path !== `${commonDirectory()}/`)) {
      const escaped = home.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      expect(lines(text, new RegExp(`(^|[^\\w.])${escaped}`))).toEqual([]);
    }
  });
});
