import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Launch } from '../../src/executor/launcher.ts';
import { diagnose, ExecutableFinder } from '../../src/executor/resolve.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'resolve-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function program(...parts: string[]): string {
  const path = join(root, ...parts);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '', { mode: 0o755 });
  return path;
}

describe('ExecutableFinder', () => {
  it('takes the first executable file of that name', () => {
    const [first, second] = [program('one', 'tool'), program('two', 'tool')];
    mkdirSync(join(root, 'zero', 'tool'), { recursive: true });
    const path = ['zero', 'one', 'two'].map((name) => join(root, name)).join(':');
    const finder = new ExecutableFinder();
    expect(finder.find('tool', path, '/')).toBe(first);
    rmSync(first);
    finder.forget();
    expect(finder.find('tool', path, '/')).toBe(second);
    expect(finder.find('other', path, '/')).toBeUndefined();
  });

  it('leaves paths as they are', () => {
    expect(new ExecutableFinder().find('./tool', '/bin', '/')).toBe('./tool');
  });

  it('takes relative and empty directories from the working directory, each time', () => {
    const [here, there] = [program('here', 'tool'), program('there', 'tool')];
    const finder = new ExecutableFinder();
    expect(finder.find('tool', ':/nowhere', join(root, 'here'))).toBe(here);
    expect(finder.find('tool', ':/nowhere', join(root, 'there'))).toBe(there);
    expect(finder.find('tool', 'here', root)).toBe(here);
  });
});

describe('diagnose', () => {
  const { EAGAIN, EMFILE, ENOENT, ENOTDIR, EIO } = constants.errno;
  const say = (errno: number, changes: Partial<Launch>): [string | undefined, string] => {
    const launch: Launch = {
      file: '/bin/sh',
      argv: ['sh'],
      environment: {},
      variables: {},
      cwd: root,
      stdio: [0, 1, 2],
      ...changes,
    };
    const { reason, problem } = diagnose(errno, launch, 'sh');
    return [FAILURE_REASONS[reason], problem];
  };

  it('looks at the working directory first: all else is relative to it', () => {
    const [reason, problem] = say(ENOENT, { cwd: '/nowhere', file: './x' });
    expect(reason).toBe('WORKING_DIRECTORY_NOT_FOUND');
    expect(problem).toBe('working directory /nowhere does not exist');
  });

  it('says it on one line, and writes out what would steer a terminal', () => {
    expect(say(ENOENT, { cwd: '/no\nwhere\x1b[2J' })[1]).toBe(
      'working directory /no\\nwhere\\x1b[2J does not exist',
    );
  });

  it('tells input from output', () => {
    const file = { path: 'no/file', flags: 0 };
    expect(say(ENOENT, { stdio: [file, 1, 2] })[0]).toBe('INPUT_NOT_FOUND');
    expect(say(ENOENT, { stdio: [0, file, 2] })[0]).toBe('OUTPUT_NOT_WRITABLE');
    expect(say(ENOENT, { stdio: [0, 1, file] })).toEqual([
      'OUTPUT_NOT_WRITABLE',
      `output file ${root}/no/file cannot be made: there is no directory ${root}/no`,
    ]);
  });

  it.each(['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'])(
    'does not blame the program for %s, which is nothing where it is opened',
    (path) => {
      const file = { path, flags: 0 };
      expect(say(ENOENT, { stdio: [file, 1, 2] })).toEqual([
        'INPUT_NOT_FOUND',
        expect.stringContaining(`input file ${path} `),
      ]);
      expect(say(ENOENT, { stdio: [0, 1, file] })[0]).toBe('OUTPUT_NOT_WRITABLE');
    },
  );

  it('knows a path through a file', () => {
    expect(say(ENOTDIR, { file: '/bin/sh/x' })[0]).toBe('EXECUTABLE_NOT_FOUND');
  });

  it('says what the node lacks, and what it does not know', () => {
    expect(say(EAGAIN, {})[0]).toBe('SPAWN_FAILED');
    expect(say(EMFILE, {})[1]).toContain('the node refuses one more open file');
    expect(say(EIO, {})).toEqual(['SPAWN_FAILED', '/bin/sh could not be started: i/o error']);
  });
});
