import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProcessTable, readProcess, variableOf } from '../../src/executor/tree.ts';
import { isAlive, LAUNCHERS, reasonOf, until, World } from './harness.ts';

/** A child, a grandchild in its own session, one that is handed on, and one that ignores SIGTERM. */
const FAMILY = `
  sleep 1000 & echo $! >> pids
  setsid sleep 1000 & echo $! >> pids
  (setsid sh -c 'sleep 1000 & echo $! >> pids; wait' &)
  (setsid sh -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 1000; done' &)
  sh -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 0.05; done' &
  while [ "$(wc -l < pids)" -lt 5 ]; do sleep 0.01; done
  echo ready >> ready
`;

async function startFamily(world: World, more: string): Promise<[key: number, pids: number[]]> {
  const key = world.run(FAMILY + more, { workingDirectory: '.', graceMs: 300 });
  await until(() => existsSync(join(world.root, 'ready')));
  const pids = readFileSync(join(world.root, 'pids'), 'utf8').trim().split('\n').map(Number);
  expect(pids).toHaveLength(5);
  expect(pids.every(isAlive)).toBe(true);
  return [key, pids];
}

describe.each(LAUNCHERS)('ending over %s', (launcher) => {
  it('terminates a unit that heeds SIGTERM', async () => {
    await using world = new World(launcher);
    const key = world.run('trap "exit 12" TERM; while :; do sleep 0.01; done');
    await world.started(key);
    const early = world.run('sleep 1000');
    world.executor.terminate(early);
    expect(await world.ended(early)).toMatchObject({ terminated: true });
    world.executor.terminate(key);
    const outcome = await world.ended(key);
    expect(outcome.terminated).toBe(true);
    expect(outcome.exitCode === 12 || outcome.signal === 15).toBe(true);
    world.executor.terminate(key);
    world.executor.terminate(12345);
  });

  it('ends the whole tree, who left the group and who ignores SIGTERM included', async () => {
    await using world = new World(launcher);
    const [key, pids] = await startFamily(world, 'trap "" TERM; while :; do sleep 0.05; done');
    world.executor.terminate(key);
    expect(await world.ended(key)).toMatchObject({ signal: 9, terminated: true });
    await until(() => !pids.some(isAlive));
    // They have children as well, which hear of their end by themselves.
    await until(() => world.processes().length === 0);
  });

  it('ends strays of a unit whose own process went at once', async () => {
    await using world = new World(launcher);
    const [key, pids] = await startFamily(world, 'while :; do sleep 0.05; done');
    world.executor.terminate(key);
    await world.ended(key);
    await until(() => !pids.some(isAlive));
  });

  it('kills at once without a grace', async () => {
    await using world = new World(launcher);
    const key = world.run('trap "" TERM; echo ready; while :; do sleep 0.05; done', {
      graceMs: 1e9,
    });
    world.executor.watch(key, 'stdout', true);
    await world.outputHolds(key, 'stdout', 'ready');
    world.executor.terminate(key, 0);
    expect(await world.ended(key)).toMatchObject({ signal: 9 });
  });

  it('waits no longer than the unit wants, however long it may', async () => {
    await using world = new World(launcher);
    const key = world.run('trap "" TERM; echo ready; while :; do sleep 0.05; done', {
      graceMs: 50,
    });
    world.executor.watch(key, 'stdout', true);
    await world.outputHolds(key, 'stdout', 'ready');
    world.executor.terminate(key, 1e9);
    expect(await world.ended(key)).toMatchObject({ signal: 9 });
  });

  it('terminates a stopped unit', async () => {
    await using world = new World(launcher);
    const key = world.run('echo ready; kill -STOP $$', { graceMs: 1e9 });
    world.executor.watch(key, 'stdout', true);
    await world.outputHolds(key, 'stdout', 'ready');
    world.executor.terminate(key);
    expect(await world.ended(key)).toMatchObject({ terminated: true });
  });

  it('ends a unit at its time limit and says so', async () => {
    await using world = new World(launcher);
    const outcome = await world.outcomeOf('sleep 1000', { wallTimeLimitMs: 200 });
    expect(reasonOf(outcome)).toBe('TIME_LIMIT');
    expect(outcome.problem).toMatch(/^ran into its wallTimeLimit of /);
    expect(outcome).toMatchObject({ signal: 15, terminated: false });
    expect(await world.outcomeOf('true', { wallTimeLimitMs: 60_000 })).toMatchObject({ reason: 0 });
  });

  it('ends all instances of a unit', async () => {
    await using world = new World(launcher);
    const key = world.run('echo $PSTAR_RANK >> ranks; exec sleep 1000', {
      processes: 12,
      workingDirectory: '.',
    });
    const ranks = join(world.root, 'ranks');
    await until(
      () => existsSync(ranks) && readFileSync(ranks, 'utf8').trim().split('\n').length === 12,
    );
    world.executor.terminate(key);
    await world.ended(key);
    await until(() => world.processes().length === 0);
  });

  it('kills what a unit leaves in its group, and lets alone who left it', async () => {
    await using world = new World(launcher);
    const [key, pids] = await startFamily(world, 'while [ ! -e go ]; do sleep 0.01; done; exit 3');
    writeFileSync(join(world.root, 'go'), '');
    expect(await world.ended(key)).toMatchObject({ exitCode: 3, terminated: false });
    await until(() => pids.filter(isAlive).length === 3);
    await world.executor.close(200);
    await until(() => !pids.some(isAlive));
  });

  it('gives the next unit nothing that a stray of the last one still has', async () => {
    await using world = new World(launcher);
    const make = (file: string): string => `echo > ${world.root}/${file}`;
    const wait = (file: string): string =>
      `while [ ! -e ${world.root}/${file} ]; do sleep 0.01; done`;
    const late = `${make('up')}; ${wait('go')}; echo LATE; echo LATE >&2
      echo 1 >> $PSTAR_PROGRESS; echo > here; ${make('done')}`;
    const first = world.run(`(setsid sh -c '${late}' &); ${wait('up')}`);
    await world.ended(first);
    const second = world.run(`${make('go')}; ${wait('done')}; ls >&2; exit 1`);
    expect(await world.ended(second)).not.toHaveProperty('stderrTail');
    // It has written nothing itself, and so there is nothing to be kept of it.
    expect(await world.ended(second)).not.toHaveProperty('wrote');
    world.executor.watch(second, 'stdout', true);
    await world.notKept(second, 'stdout');
    expect(world.output(second, 'stdout')).toBe('');
    expect(world.progress(second)).toEqual([]);
  });

  it('leaves nothing behind when it is closed, and starts nothing any more', async () => {
    await using world = new World(launcher);
    await startFamily(world, 'trap "" TERM; while :; do sleep 0.05; done');
    const more = [world.run('sleep 1000'), world.run('exec setsid sleep 1000')];
    await Promise.all(more.map((key) => world.started(key)));
    const closed = world.executor.close(100);
    const late = world.run('touch late', { workingDirectory: '.' });
    await closed;
    expect(world.processes()).toEqual([]);
    expect(await world.ended(late)).toMatchObject({ terminated: true });
    expect(world.reported.filter(({ kind }) => kind === 'ended')).toHaveLength(4);
    expect(readdirSync(world.root)).not.toContain('late');
    expect(readdirSync(world.root).filter((name) => name.startsWith('lanes'))).toEqual([]);
  });

  it('can be closed again, with less patience', async () => {
    await using world = new World(launcher);
    await startFamily(world, 'trap "" TERM; while :; do sleep 0.05; done');
    const closed = world.executor.close(1e9);
    await Promise.all([world.executor.close(0), closed]);
    expect(world.processes()).toEqual([]);
  });

  it('does not end what is not its own', async () => {
    const other = spawn('sleep', ['1000']);
    await using world = new World(launcher);
    await world.outcomeOf('true');
    await world.executor.close(0);
    expect(isAlive(other.pid ?? 0)).toBe(true);
    other.kill();
  });
});

describe('when the program itself is killed', () => {
  it('its units and who left their groups are, too', async () => {
    const root = mkdtempSync(join(tmpdir(), 'executor-test-'));
    const script = `echo $$ >> pids
      setsid sh -c 'echo $$ >> pids; echo > ready; exec sleep 1000' & wait`;
    const program = `
      const { World } = await import(${JSON.stringify(join(import.meta.dirname, 'harness.ts'))});
      new World().run(${JSON.stringify(script)}, { workingDirectory: ${JSON.stringify(root)} });`;
    const other = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { env: { ...process.env, TMPDIR: root }, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    await until(() => existsSync(join(root, 'ready')));
    const pids = readFileSync(join(root, 'pids'), 'utf8').trim().split('\n').map(Number);
    expect(pids).toHaveLength(2);
    expect(pids.every(isAlive)).toBe(true);
    other.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
    rmSync(root, { recursive: true });
  });
});

describe('a process that hides', () => {
  it('without its environment, its session and its parent is ended when all is closed', async () => {
    await using world = new World();
    const key = world.run(`(setsid env -i sh -c 'echo > up; exec sleep 1000' &)
      while [ ! -e up ]; do sleep 0.01; done`);
    await world.ended(key);
    expect(world.processes()).toHaveLength(1);
    await world.executor.close(100);
    expect(world.processes()).toEqual([]);
  });
});

describe('ProcessTable', () => {
  it('finds descendants, parents first', () => {
    const entry = (pid: number, parent: number) => ({
      pid,
      parent,
      group: 1,
      startTime: pid,
      isZombie: false,
    });
    const table = new ProcessTable([entry(4, 3), entry(3, 2), entry(2, 1), entry(9, 1)]);
    expect(table.descendants(1).map(({ pid }) => pid)).toEqual([2, 9, 3, 4]);
    expect(table.descendants(4)).toEqual([]);
    expect(table.has(entry(4, 3))).toBe(true);
    expect(table.has({ ...entry(4, 3), startTime: 5 })).toBe(false);
  });

  it('reads this process as it is', () => {
    expect(readProcess(process.pid)).toMatchObject({ pid: process.pid, parent: process.ppid });
    expect(readProcess(0)).toBeUndefined();
    expect(variableOf(process.pid, 'HOME')).toBe(process.env['HOME']);
    expect(variableOf(process.pid, 'HOM')).toBeUndefined();
    expect(variableOf(0, 'HOME')).toBeUndefined();
  });
});
