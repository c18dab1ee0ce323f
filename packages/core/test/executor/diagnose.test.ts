import {
  mkdtempSync,
  constants as modes,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diagnose, refusedFile } from '../../src/executor/diagnose.ts';
import type { FileToOpen, Launch } from '../../src/executor/launcher.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'diagnose-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('diagnose', () => {
  const { EACCES, EAGAIN, EIO, ELOOP, EMFILE, ENAMETOOLONG, ENOENT, ENOTDIR } = constants.errno;
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
    expect(say(EIO, {})).toEqual(['SPAWN_FAILED', '/bin/sh could not be started: i/o error (EIO)']);
  });

  describe('of a file that cannot be opened', () => {
    const flags = modes.O_WRONLY | modes.O_CREAT | modes.O_TRUNC;
    const output = (path: string, errno: number) => {
      const [reason, problem] = say(errno, { stdio: [0, { path, flags }, 2] });
      expect(reason).toBe('OUTPUT_NOT_WRITABLE');
      return problem.replaceAll(root, '');
    };
    const input = (path: string, errno: number) => {
      const [reason, problem] = say(errno, { stdio: [{ path, flags: 0 }, 1, 2] });
      expect(reason).toBe('INPUT_NOT_FOUND');
      return problem.replaceAll(root, '');
    };

    it('follows links to where it was to be made', () => {
      symlinkSync(join(root, 'purged/out'), join(root, 'one'));
      symlinkSync('one', join(root, 'two'));
      expect(output('two', ENOENT)).toBe(
        'output file /two, a link to /purged/out, cannot be made: there is no directory /purged',
      );
      expect(input('two', ENOENT)).toBe('input file /two, a link to /purged/out, does not exist');
    });

    it('tells what the system says of it, by name', () => {
      symlinkSync('loop', join(root, 'loop'));
      expect(output('loop', ELOOP)).toBe(
        'output file /loop cannot be opened: too many symbolic links encountered (ELOOP)',
      );
      expect(output('x'.repeat(300), ENAMETOOLONG)).toContain('name too long (ENAMETOOLONG)');
      expect(output('/proc/x', ENOENT)).toMatch(/^output file .*: no such file .* \(ENOENT\)$/);
      expect(output('/proc/x', EACCES)).toContain('permission denied (EACCES)');
      expect(input('loop', ELOOP)).toContain('(ELOOP)');
    });

    it('knows it below a file, and makes or empties nothing to find out', () => {
      writeFileSync(join(root, 'full'), 'kept');
      expect(output('full/out', ENOTDIR)).toContain('there is no directory /full');
      expect(input('full/in', ENOTDIR)).toBe('input file /full/in does not exist');
      expect(say(ENOENT, { stdio: [0, { path: 'full', flags }, 2], file: './gone' })[0]).toBe(
        'EXECUTABLE_NOT_FOUND',
      );
      output('new', EIO);
      expect(readFileSync(join(root, 'full'), 'utf8')).toBe('kept');
      expect(readdirSync(root)).toEqual(['full']);
    });
  });

  it('names the interpreter that is not there, and line ends of Windows', () => {
    const script = (line: string): string => {
      writeFileSync(join(root, 'script'), `${line}\necho\n`, { mode: 0o755 });
      return say(ENOENT, { file: './script' })[1].replace(root, '');
    };
    expect(script('#! /opt/gone/bash -e')).toBe(
      "/script: its interpreter '/opt/gone/bash' does not exist",
    );
    expect(script('#!/bin/bash\r')).toBe(
      "/script: its interpreter '/bin/bash\\r' does not exist: its lines end as on Windows; write them with dos2unix",
    );
    expect(script('\x7fELF')).toContain('the loader that it was built for does not exist');
    writeFileSync(join(root, 'script'), '#!/etc/passwd\n', { mode: 0o755 });
    expect(say(EACCES, { file: './script' })[1]).toContain("interpreter '/etc/passwd' may not be");
  });
});

describe('refusedFile', () => {
  const refused = (fd: number) => {
    const stdio: [number | FileToOpen, number, number] = [0, 1, 2];
    stdio[fd] = { path: '.', flags: 0 } as never;
    const launch = { file: '', argv: [], environment: {}, variables: {}, cwd: root, stdio };
    return refusedFile(launch)?.problem;
  };

  it('takes no directory for input, which would open', () => {
    expect(refused(0)).toBe(`input file ${root} is a directory`);
    expect(refused(1)).toBeUndefined();
  });
});
