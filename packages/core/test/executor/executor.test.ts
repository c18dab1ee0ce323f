import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../support/without-root.ts';
import { isAlive, LAUNCHERS, reasonOf, World } from './harness.ts';

describe.each(LAUNCHERS)('executor over %s', (launcher) => {
  it('says how it starts processes, and why not faster', async () => {
    await using world = new World(launcher);
    expect(world.executor.launcher).toBe(launcher);
    if (launcher === 'posix_spawn') expect(world.executor.launcherNote).toBeUndefined();
    else expect(world.executor.launcherNote).toContain('/nowhere/koffi');
  });

  it('reports start and end of a unit that succeeds', async () => {
    await using world = new World(launcher);
    const before = Date.now();
    const outcome = await world.outcomeOf('exit 0');
    expect(outcome).toMatchObject({ exitCode: 0, reason: 0, terminated: false });
    expect(outcome).not.toHaveProperty('signal');
    expect(outcome).not.toHaveProperty('problem');
    expect(outcome).not.toHaveProperty('stderrTail');
    expect(outcome.startedAt).toBeGreaterThanOrEqual(before);
    expect(outcome.finishedAt).toBeGreaterThanOrEqual(outcome.startedAt);
    expect(world.reported.map(({ kind }) => kind)).toEqual(['started', 'ended']);
  });

  it('reports exit code and signal', async () => {
    await using world = new World(launcher);
    const failed = await world.outcomeOf('exit 7');
    expect(failed).toMatchObject({ exitCode: 7, terminated: false });
    expect(reasonOf(failed)).toBe('EXIT_CODE');
    const killed = await world.outcomeOf('kill -9 $$');
    expect(killed).toMatchObject({ signal: 9, terminated: false });
    expect(killed).not.toHaveProperty('exitCode');
    expect(reasonOf(killed)).toBe('SIGNAL');
  });

  it('gives every process its arguments as they are', async () => {
    await using world = new World(launcher);
    const odd = ['', ' a  b ', 'ä€😀', '$HOME', '"\'\\', 'x'.repeat(100_000)];
    const key = world.run('', {
      executable: '/usr/bin/printf',
      arguments: ['%s\\n', ...odd],
      output: 'out',
      cleanup: false,
    });
    await world.ended(key);
    expect(readFileSync(join(world.sandbox(key), 'out'), 'utf8')).toBe(`${odd.join('\n')}\n`);
  });

  it('makes room for arguments of any length', async () => {
    await using world = new World(launcher);
    const long = '€'.repeat(5300);
    const script = 'test "$1" = "$(cat long)" && test $# = 3001';
    writeFileSync(join(world.root, 'long'), long);
    const many = Array.from({ length: 3000 }, (_, i) => `argument ${i}`);
    const changes = { arguments: ['-c', script, 'sh', long, ...many], workingDirectory: '.' };
    expect(await world.outcomeOf('', changes)).toMatchObject({ exitCode: 0 });
    const short = { ...changes, arguments: ['-c', 'test "$1" = "$(cat long)"', 'sh', long] };
    expect(await world.outcomeOf('', short)).toMatchObject({ exitCode: 0 });
  });

  it('lays environment and variables over the base, and nothing else of the own', async () => {
    await using world = new World(launcher, { PATH: '/usr/bin:/bin', BASE: '1', OVER: 'base' });
    const key = world.run('', {
      executable: 'env',
      arguments: [],
      environment: { OVER: 'unit', UMLAUT: 'ü', PSTAR_UNIT_ID: 'a lie' },
      variables: { PSTAR_UNIT_ID: 'unit.5' },
      output: 'out',
      cleanup: false,
    });
    await world.ended(key);
    const lines = readFileSync(join(world.sandbox(key), 'out'), 'utf8')
      .trim()
      .split('\n');
    const progress = lines.find((line) => line.startsWith('PSTAR_PROGRESS='));
    expect(progress).toContain(join(world.root, 'lanes'));
    expect(lines.filter((line) => line !== progress).sort()).toEqual([
      'BASE=1',
      'OVER=unit',
      'PATH=/usr/bin:/bin',
      'PSTAR_RANK=0',
      'PSTAR_UNIT_ID=unit.5',
      'UMLAUT=ü',
    ]);
  });

  it('looks names up on the PATH of the unit', async () => {
    await using world = new World(launcher);
    mkdirSync(join(world.root, 'bin'));
    writeFileSync(join(world.root, 'bin', 'mine'), '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    const environment = { PATH: `/nowhere:${world.root}/bin` };
    const own = { executable: 'mine', arguments: [], environment };
    expect(await world.outcomeOf('', own)).toMatchObject({ exitCode: 3 });
    expect(reasonOf(await world.outcomeOf('', { executable: 'mine' }))).toBe(
      'EXECUTABLE_NOT_FOUND',
    );
    // What was found once may move.
    writeFileSync(join(world.root, 'mine'), '#!/bin/sh\nexit 4\n', { mode: 0o755 });
    const wider = { ...own, environment: { PATH: `${environment.PATH}:${world.root}` } };
    expect(await world.outcomeOf('', wider)).toMatchObject({ exitCode: 3 });
    rmSync(join(world.root, 'bin', 'mine'));
    expect(await world.outcomeOf('', wider)).toMatchObject({ exitCode: 4 });
  });

  it('runs in the sandbox, or where it is told to', async () => {
    await using world = new World(launcher);
    const key = world.run('pwd > here', { cleanup: false });
    await world.ended(key);
    expect(readFileSync(join(world.sandbox(key), 'here'), 'utf8').trim()).toBe(world.sandbox(key));
    mkdirSync(join(world.root, 'data'));
    await world.outcomeOf('pwd > here', { workingDirectory: 'data' });
    expect(readFileSync(join(world.root, 'data', 'here'), 'utf8')).toBe(`${world.root}/data\n`);
  });

  it('reads input and writes output and error where they are named', async () => {
    await using world = new World(launcher);
    writeFileSync(join(world.root, 'in'), 'from the file');
    writeFileSync(join(world.root, 'out'), 'what was there before, and longer');
    const files = { workingDirectory: '.', input: 'in', output: 'out', error: 'err' };
    await world.outcomeOf('cat; echo oops >&2', files);
    expect(readFileSync(join(world.root, 'out'), 'utf8')).toBe('from the file');
    expect(readFileSync(join(world.root, 'err'), 'utf8')).toBe('oops\n');
    await world.outcomeOf('echo 1; echo 2 >&2; echo 3', { ...files, error: './out' });
    expect(readFileSync(join(world.root, 'out'), 'utf8')).toBe('1\n2\n3\n');
    expect(await world.outcomeOf('test -z "$(cat)"')).toMatchObject({ exitCode: 0 });
  });

  it('starts with no signal blocked or ignored, in a session of its own', async () => {
    await using world = new World(launcher);
    const script = 'grep -E "^Sig(Blk|Ign)" /proc/self/status; ps -o sid= -p $$; echo $$';
    const key = world.run(script, { output: 'out', workingDirectory: '.' });
    await world.ended(key);
    const [blocked, ignored, session, pid] = readFileSync(join(world.root, 'out'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.replace(/^Sig...:/, '').trim());
    expect(BigInt(`0x${blocked}`)).toBe(0n);
    // The C library's own two, 32 and 33, are ignored in whatever it starts.
    expect(BigInt(`0x${ignored}`) & ~0x1_8000_0000n).toBe(0n);
    expect(session).toBe(pid);
  });

  it('runs a script without an interpreter line by the shell', async () => {
    await using world = new World(launcher);
    writeFileSync(join(world.root, 'script'), 'exit $1\n', { mode: 0o755 });
    const changes = { executable: join(world.root, 'script'), arguments: ['6'] };
    expect(await world.outcomeOf('', changes)).toMatchObject({ exitCode: 6 });
  });

  it('runs as many instances as asked for, and ends with the last', async () => {
    await using world = new World(launcher);
    const script = 'echo $PSTAR_RANK; test $PSTAR_RANK != 3 || exit 9';
    const outcome = await world.outcomeOf(script, {
      processes: 20,
      workingDirectory: '.',
      output: 'ranks',
    });
    expect(outcome).toMatchObject({ exitCode: 9 });
    const ranks = readFileSync(join(world.root, 'ranks'), 'utf8').trim().split('\n').map(Number);
    expect(ranks.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, rank) => rank));
    expect(world.reported.map(({ kind }) => kind)).toEqual(['started', 'ended']);
  });

  it('keeps going: 2,000 short ones, eight at once', async () => {
    await using world = new World(launcher);
    const count = launcher === 'posix_spawn' ? 2000 : 200;
    let next = 0;
    let done = 0;
    const feed = (): void => {
      const key = next++;
      world.run('', { key, executable: '/bin/sh', arguments: ['-c', `exit ${key % 200}`] });
    };
    world.onEnded = () => {
      done += 1;
      if (next < count) feed();
    };
    while (next < 8) feed();
    await world.when(() => done === count || undefined);
    const codes = world.reported.flatMap(({ key, outcome }) =>
      outcome ? [[key, outcome.exitCode]] : [],
    );
    expect(codes).toHaveLength(count);
    for (const [key, code] of codes) expect(code).toBe((key ?? 0) % 200);
  });

  it('does not report from within run(), terminate() or watch()', async () => {
    await using world = new World(launcher);
    const key = world.run('', { executable: '/nowhere' });
    world.executor.terminate(key);
    world.executor.watch(99, 'stdout', true);
    expect(world.reported).toEqual([]);
    expect(await world.ended(key)).toMatchObject({ terminated: true });
    await world.notKept(99, 'stdout');
  });

  it('survives any number of units that cannot start', async () => {
    await using world = new World(launcher);
    let left = 5000;
    world.onEnded = () => {
      if (left-- > 0) world.run('', { executable: 'no-such-thing', workingDirectory: '.' });
    };
    world.run('', { executable: 'no-such-thing', workingDirectory: '.' });
    await world.when(() => left < 0 || undefined);
    expect(world.reported.every(({ kind }) => kind === 'ended')).toBe(true);
  });
});

describe.each(LAUNCHERS)('what cannot start, over %s', (launcher) => {
  it.each([
    ['EXECUTABLE_NOT_FOUND', { executable: 'no-such-thing' }, 'no-such-thing: not found on PATH'],
    ['EXECUTABLE_NOT_FOUND', { executable: '/nowhere/at-all' }, '/nowhere/at-all: not found'],
    ['EXECUTABLE_NOT_FOUND', { executable: './dangling' }, 'dangling'],
    ['EXECUTABLE_NOT_FOUND', { executable: './none' }, 'none); set its workingDirectory, write'],
    ['EXECUTABLE_NOT_FOUND', { executable: './uninterpreted' }, 'interpreter'],
    ['EXECUTABLE_NOT_PERMITTED', { executable: './plain' }, 'plain may not be executed'],
    ['EXECUTABLE_NOT_PERMITTED', { executable: '/usr' }, '/usr is a directory'],
    ['WORKING_DIRECTORY_NOT_FOUND', { workingDirectory: 'gone' }, 'gone does not exist'],
    ['WORKING_DIRECTORY_NOT_FOUND', { workingDirectory: 'plain' }, 'plain is no directory'],
    ['INPUT_NOT_FOUND', { input: 'missing.txt' }, 'missing.txt does not exist'],
    ['OUTPUT_NOT_WRITABLE', { output: 'no/such/out' }, 'there is no directory'],
    ['INPUT_NOT_FOUND', { input: '/usr' }, '/usr is a directory'],
    ['OUTPUT_NOT_WRITABLE', { error: '/usr' }, '/usr is a directory'],
    ['OUTPUT_NOT_WRITABLE', { output: 'dangling/out' }, 'there is no directory'],
    ['OUTPUT_NOT_WRITABLE', { output: 'purged' }, 'there is no directory /nowhere'],
    ['OUTPUT_NOT_WRITABLE', { output: 'x'.repeat(300) }, '(ENAMETOOLONG)'],
    ['OUTPUT_NOT_WRITABLE', { output: '/proc/x' }, '/proc/x cannot be made'],
    ['SPAWN_FAILED', { arguments: ['x'.repeat(200_000)] }, 'too long'],
  ] as const)('%s for %j', async (reason, changes, words) => {
    await using world = new World(launcher);
    writeFileSync(join(world.root, 'plain'), 'text', { mode: 0o644 });
    writeFileSync(join(world.root, 'uninterpreted'), '#!/no/such/shell\n', { mode: 0o755 });
    symlinkSync('/nowhere', join(world.root, 'dangling'));
    symlinkSync('/nowhere/out', join(world.root, 'purged'));
    const { workingDirectory: _, ...given } = { workingDirectory: '.', ...changes };
    const where = 'sandbox' in changes ? {} : { workingDirectory: _ ?? '.' };
    const outcome = await world.outcomeOf('true', { ...given, ...where });
    expect(reasonOf(outcome)).toBe(reason);
    expect(outcome.problem).toContain(words);
    expect(outcome).not.toHaveProperty('exitCode');
    expect(world.reported.map(({ kind }) => kind)).toEqual(['ended']);
    expect(await world.outcomeOf('exit 5')).toMatchObject({ exitCode: 5 });
  });

  it('is the fault of the node, where that has no place for anything', async () => {
    await using world = new World(launcher, undefined, 0);
    const outcome = await world.outcomeOf('true', { sandbox: '/proc/nope/1' });
    expect(reasonOf(outcome)).toBe('SPAWN_FAILED');
    expect(outcome).toMatchObject({ isOfNode: true });
    expect(outcome.problem).toContain('/proc/nope');
    expect(outcome).not.toHaveProperty('exitCode');
    expect(world.reported.map(({ kind }) => kind)).toEqual(['ended']);
    expect(await world.outcomeOf('exit 5')).toMatchObject({ exitCode: 5 });
  });

  it('waits until the node has a place again, and all that comes waits with it', async () => {
    await using world = new World(launcher);
    const sandboxes = join(world.root, 'sandboxes');
    writeFileSync(sandboxes, 'in the way');
    const first = world.run('exit 4');
    const canceled = world.run('exit 5');
    const other = world.run('exit 6', { workingDirectory: '.' });
    await new Promise(setImmediate);
    world.executor.terminate(canceled);
    expect(await world.ended(canceled)).toMatchObject({ terminated: true });
    expect(world.reported.map(({ kind }) => kind)).toEqual(['ended']);
    rmSync(sandboxes);
    expect(await world.ended(first)).toMatchObject({ exitCode: 4 });
    expect(await world.ended(other)).toMatchObject({ exitCode: 6 });
  });

  it('closes also where something else is in the place of its directory', async () => {
    const world = new World(launcher, undefined, 0);
    expect(await world.outcomeOf('exit 3')).toMatchObject({ exitCode: 3 });
    rmSync(world.root, { recursive: true });
    writeFileSync(world.root, 'in the way');
    expect(await world.outcomeOf('exit 4')).toMatchObject({ isOfNode: true });
    await world[Symbol.asyncDispose]();
  });

  it('starts units where all around them was removed', async () => {
    await using world = new World(launcher);
    expect(await world.outcomeOf('exit 3')).toMatchObject({ exitCode: 3 });
    expect(await world.outcomeOf(`rm -rf '${world.root}'`)).toMatchObject({ exitCode: 0 });
    const key = world.run('echo 0.5 half >> "$PSTAR_PROGRESS"; exit 4');
    expect(await world.ended(key)).toMatchObject({ exitCode: 4 });
    expect(world.progress(key)).toEqual([[0.5, 'half']]);
  });

  it.each([
    ['INPUT_NOT_FOUND', 'input'],
    ['OUTPUT_NOT_WRITABLE', 'output'],
    ['OUTPUT_NOT_WRITABLE', 'error'],
  ] as const)('%s for a named pipe as %s, which may wait for ever', async (reason, attribute) => {
    const directory = mkdtempSync(join(tmpdir(), 'executor-test-'));
    const pipe = join(directory, 'pipe');
    // Before there is an executor, whose children alone are waited for.
    execFileSync('mkfifo', [pipe]);
    await using world = new World(launcher);
    const outcome = await world.outcomeOf('true', { workingDirectory: '.', [attribute]: pipe });
    expect(reasonOf(outcome)).toBe(reason);
    expect(outcome.problem).toContain(`${pipe} is a named pipe`);
    rmSync(directory, { recursive: true });
  });

  it('says when a directory may not be entered', async () => {
    const program = new URL('programs/closed-directory.ts', import.meta.url);
    expect(await outcomeOf(program, launcher)).toEqual({
      launcher,
      said: [
        'WORKING_DIRECTORY_NOT_FOUND: working directory closed may not be entered',
        'WORKING_DIRECTORY_NOT_FOUND: working directory closed/below cannot be reached: closed may not be entered',
        'INPUT_NOT_FOUND: input file closed/in cannot be reached: closed may not be entered',
        'OUTPUT_NOT_WRITABLE: output file closed/out cannot be reached: closed may not be entered',
        'EXECUTABLE_NOT_PERMITTED: closed/program cannot be reached: closed may not be entered',
      ],
    });
  });
});

describe('usage', () => {
  it('is what the system counted, with the waited-for children, instances added up', async () => {
    await using world = new World();
    // Linux tells user's and system's time apart by ticks: of a few of them, all may fall on one side.
    const spin = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
    const outcome = await world.outcomeOf(`sh -c '${spin}'`);
    expect(outcome.userTime).toBeGreaterThan(0);
    expect(outcome.maxRss).toBeGreaterThan(500);
    const two = await world.outcomeOf(spin, { processes: 2 });
    expect(two.userTime + two.systemTime).toBeGreaterThan(outcome.userTime / 4);
  });

  it('does not leave zombies', async () => {
    await using world = new World();
    const key = world.run('sleep 0.01 & exit 0');
    await world.ended(key);
    expect(isAlive(process.pid)).toBe(true);
  });
});

describe('a process that is started in place', () => {
  it('is no stray of those that end beside it: their files are used again', async () => {
    await using world = new World();
    // Only after a quick start, and while nothing else runs.
    for (let i = 0; i < 3; i++) await world.outcomeOf('exit 0');
    await world.started(world.run('exec sleep 1000'));
    for (let i = 0; i < 3; i++) await world.outcomeOf('exit 0');
    const files = readdirSync(world.root, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => file.endsWith('.out'))).toHaveLength(2);
  });

  it('is scheduled as its parent is, and its parent as before', async () => {
    await using world = new World();
    const before = policyIn('/proc/thread-self/stat');
    const policies: string[] = [];
    for (let i = 0; i < 3; i++) {
      const key = world.run('cat /proc/self/stat > stat', { cleanup: false });
      await world.ended(key);
      policies.push(policyIn(join(world.sandbox(key), 'stat')));
    }
    expect(policies).toEqual([before, before, before]);
    expect(policyIn('/proc/thread-self/stat')).toBe(before);
  });
});

describe('processes that are started by several threads', () => {
  it('are scheduled as their parent is, and so are its threads afterwards', async () => {
    await using world = new World();
    const before = policyIn('/proc/thread-self/stat');
    const keys = Array.from({ length: 8 }, () =>
      world.run('cat /proc/self/stat > stat', { cleanup: false }),
    );
    for (const key of keys) await world.ended(key);
    const ofUnits = keys.map((key) => policyIn(join(world.sandbox(key), 'stat')));
    expect(new Set(ofUnits)).toEqual(new Set([before]));
    const ofThreads = readdirSync('/proc/self/task').map((thread) =>
      policyIn(`/proc/self/task/${thread}/stat`),
    );
    expect(new Set(ofThreads)).toEqual(new Set([before]));
  });
});

/** See proc(5): the 41st field, of which two come before the `)`. */
function policyIn(path: string): string {
  const [, fields = ''] = readFileSync(path, 'utf8').split(') ');
  return fields.split(' ')[41 - 3] ?? '';
}
