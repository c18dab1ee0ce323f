/** What a work unit promises, on a real agent with real processes. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Progress, WorkUnitCanceledError, WorkUnitFailedError } from '@pstar/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRunningWorld, processesWith, reached, shell, textOf } from './fixture.ts';

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pstar-scratch-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe('a work unit', () => {
  it('runs and tells how it ended', async () => {
    const { work, pilot } = await openRunningWorld();
    const unit = await work.submit({ executable: '/bin/true' });
    const exit = await unit.result();
    expect(exit).toMatchObject({ exitCode: 0, attempt: 1, host: pilot.nodes[0]?.host });
    expect(exit.finishedAt.getTime()).toBeGreaterThanOrEqual(exit.startedAt.getTime());
    expect(exit.rusage.maxRss).toBeGreaterThan(0);
    expect(unit.state).toBe('Done');
    expect(unit.pilotJob?.id).toBe(pilot.id);
    expect(work.workUnits.get(unit.id)?.state).toBe('Done');
  });

  it('fails with its exit code, its last words and the id', async () => {
    const { work } = await openRunningWorld();
    const unit = await work.submit(shell('echo no such molecule >&2; exit 3'));
    const error = await unit.result().catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(WorkUnitFailedError);
    expect(String(error)).toContain(unit.id);
    expect(String(error)).toContain('no such molecule');
    expect(unit.exit).toMatchObject({ exitCode: 3, reason: 'EXIT_CODE' });
    expect(unit.exit?.stderrTail).toContain('no such molecule');
    expect(unit.explain().toString()).toContain('exited with code 3');
  });

  it('fails with the signal that ended it', async () => {
    const { work } = await openRunningWorld();
    const unit = await (await work.submit(shell('kill -SEGV $$'))).finished();
    expect(unit.exit).toMatchObject({ signal: 'SIGSEGV', reason: 'SIGNAL' });
    expect(unit.exit?.exitCode).toBeUndefined();
  });

  it('sees who it is, which cores it holds, and its own variables', async () => {
    const { work, pilot } = await openRunningWorld();
    const line =
      'echo $PSTAR_UNIT_ID $PSTAR_ATTEMPT $PSTAR_PILOT_ID $PSTAR_CORES $OMP_NUM_THREADS $MINE';
    const unit = await work.submit({
      ...shell(line),
      totalCpuCount: 2,
      environment: { MINE: 'yes' },
    });
    const [id, attempt, pilotId, cores, threads, mine] = (await textOf(unit.stdout$))
      .trim()
      .split(' ');
    expect(id).toBe(unit.id);
    expect(attempt).toBe('1');
    expect(pilotId).toBe(pilot.id);
    expect(new Set(cores?.split(',')).size).toBe(2);
    expect(threads).toBe('2');
    expect(mine).toBe('yes');
  });

  it('has a sandbox of its own, kept when there is something in it', async () => {
    const { work } = await openRunningWorld();
    const unit = await work.submit({
      executable: '/bin/sh',
      arguments: ['-c', 'pwd; echo result > result.txt'],
      output: 'where.txt',
    });
    const other = await work.submit({ executable: '/bin/pwd' });
    const sandbox = (await textOf(other.stdout$)).trim();
    await unit.result();
    expect(sandbox).toContain('units');
    const own = (await textOf(unit.stdout$)).trim();
    expect(own).not.toBe(sandbox);
    expect(await readFile(join(own, 'result.txt'), 'utf8')).toBe('result\n');
  });

  it('reads its input, and writes its output and error where it is told', async () => {
    const directory = await scratch();
    await writeFile(join(directory, 'in.txt'), 'abc');
    const { work } = await openRunningWorld();
    const unit = await work.submit({
      executable: '/bin/sh',
      arguments: ['-c', 'cat; echo oops >&2'],
      workingDirectory: directory,
      input: 'in.txt',
      output: 'out.txt',
      error: join(directory, 'err.txt'),
    });
    await unit.result();
    expect(await readFile(join(directory, 'out.txt'), 'utf8')).toBe('abc');
    expect(await readFile(join(directory, 'err.txt'), 'utf8')).toBe('oops\n');
  });

  it('reports progress while it runs', async () => {
    const { work } = await openRunningWorld();
    const directory = await scratch();
    const unit = await work.submit({
      ...shell(
        'echo 0.4 reading block 12 >> $PSTAR_PROGRESS; while [ ! -e go ]; do sleep 0.02; done; echo 1 done >> $PSTAR_PROGRESS',
      ),
      workingDirectory: directory,
    });
    const seen: Progress[] = [];
    await new Promise<void>((resolve) =>
      unit.progress$.subscribe({
        next: (progress) => {
          seen.push(progress);
          if (seen.length === 1) void writeFile(join(directory, 'go'), '');
        },
        complete: resolve,
      }),
    );
    expect(seen.map(({ fraction, message }) => [fraction, message])).toEqual([
      [0.4, 'reading block 12'],
      [1, 'done'],
    ]);
  });

  it('shows its output live', async () => {
    const { work } = await openRunningWorld();
    const directory = await scratch();
    const unit = await work.submit({
      ...shell('echo first; while [ ! -e go ]; do sleep 0.02; done; echo second; echo third >&2'),
      workingDirectory: directory,
    });
    const errors = textOf(unit.stderr$);
    const whole = await new Promise<string>((resolve) => {
      let text = '';
      unit.stdout$.subscribe({
        next: (chunk) => {
          text += Buffer.from(chunk).toString();
          if (text === 'first\n') void writeFile(join(directory, 'go'), '');
        },
        complete: () => resolve(text),
      });
    });
    expect(whole).toBe('first\nsecond\n');
    expect(await errors).toBe('third\n');
  });

  it('is terminated at its wall-time limit, with its whole tree, and says so', async () => {
    const { work } = await openRunningWorld();
    const unit = await work.submit({
      ...shell('trap "" TERM; setsid sleep 300 & sleep 300 & wait; sleep 300'),
      wallTimeLimit: 0.2,
      maxCancellationTime: 0.3,
    });
    await unit.finished();
    expect(unit.state).toBe('Failed');
    expect(unit.exit?.reason).toBe('TIME_LIMIT');
    expect(unit.stateDetail).toContain('wallTimeLimit');
    await expect.poll(() => processesWith(`PSTAR_UNIT_ID=${unit.id}`)).toEqual([]);
  });

  it.each([
    ['EXECUTABLE_NOT_FOUND', { executable: '/no/such/program' }, '/no/such/program'],
    ['EXECUTABLE_NOT_FOUND', { executable: 'no-such-program' }, 'no-such-program'],
    [
      'WORKING_DIRECTORY_NOT_FOUND',
      { executable: '/bin/true', workingDirectory: '/no/such' },
      '/no/such',
    ],
    [
      'OUTPUT_NOT_WRITABLE',
      { executable: '/bin/true', output: '/proc/nothing/out' },
      '/proc/nothing/out',
    ],
    ['INPUT_NOT_FOUND', { executable: '/bin/true', input: '/no/such/input' }, '/no/such/input'],
  ])('fails with %s and the path, and is not tried again', async (reason, description, path) => {
    const { work } = await openRunningWorld();
    const unit = await work.submit({ ...description, retries: 3 });
    await unit.finished();
    expect(unit.state).toBe('Failed');
    expect(unit.exit?.reason).toBe(reason);
    expect(unit.stateDetail).toContain(path);
    expect(unit.attempt).toBe(1);
  });

  it('is tried again as often as it may be', async () => {
    const { work } = await openRunningWorld();
    const flaky = await work.submit({
      ...shell('test $PSTAR_ATTEMPT = 3'),
      retries: { limit: 4, delay: 0.05 },
    });
    const hopeless = await work.submit({ ...shell('exit 9'), retries: 2 });
    expect((await flaky.result()).attempt).toBe(3);
    await hopeless.finished();
    expect(hopeless.exit).toMatchObject({ exitCode: 9, attempt: 3 });
  });

  it('is not started before its start time', async () => {
    const { work } = await openRunningWorld();
    const later = new Date(Date.now() + 3_600_000);
    const waiting = await work.submit({ executable: '/bin/true', startTime: later });
    const soon = new Date(Date.now() + 400);
    const unit = await work.submit({ executable: '/bin/true', startTime: soon });
    const exit = await unit.result();
    expect(exit.startedAt.getTime()).toBeGreaterThanOrEqual(soon.getTime());
    expect(waiting.state).toBe('Pending');
    expect(waiting.explain().toString()).toContain('start');
  });

  it('is canceled while it waits, at once, and while it runs, with its tree', async () => {
    const { work } = await openRunningWorld({ totalCpuCount: 1 });
    const running = await work.submit({
      ...shell('sleep 300 & sleep 300'),
      maxCancellationTime: 5,
    });
    const waiting = await work.submit({ executable: '/bin/true', totalCpuCount: 64 });
    const dependent = await work.submit({ executable: '/bin/true', dependsOn: running });
    await reached(running, 'Running');
    await waiting.cancel();
    expect(waiting.state).toBe('Canceled');
    await running.cancel();
    await running.cancel();
    await running.finished();
    expect(running.state).toBe('Canceled');
    await dependent.finished();
    expect(dependent.state).toBe('Canceled');
    expect(dependent.stateDetail).toContain(running.id);
    await expect(running.result()).rejects.toBeInstanceOf(WorkUnitCanceledError);
    await expect.poll(() => processesWith(`PSTAR_UNIT_ID=${running.id}`)).toEqual([]);
  });

  it('says what it wants and what would let it start', async () => {
    const { work, pilots } = await openRunningWorld({ totalCpuCount: 2 });
    const unit = await work.submit({ executable: '/bin/true', totalCpuCount: 3 });
    expect(unit.stateDetail).toBe('wants 3 cores; the largest pilot has 2');
    expect(unit.explain().wouldHelp.join()).toContain('3 cores');
    await pilots.create('local://', { totalCpuCount: 3 });
    await unit.result();
  });

  it('starts several instances when it is asked to, each with its rank', async () => {
    const { work } = await openRunningWorld();
    const directory = await scratch();
    const unit = await work.submit({
      ...shell('echo $PSTAR_RANK > rank.$PSTAR_RANK'),
      workingDirectory: directory,
      numberOfProcesses: 3,
    });
    await unit.result();
    for (const rank of [0, 1, 2])
      expect((await stat(join(directory, `rank.${rank}`))).size).toBe(2);
  });
});

describe('pilots', () => {
  it('never run more at once than they have cores for', async () => {
    const { work } = await openRunningWorld({ totalCpuCount: 3 });
    const directory = await scratch();
    // mkdir is atomic: each core is a directory that only one process at a time can hold.
    const line =
      'for c in $(echo $PSTAR_CORES | tr , " "); do mkdir core.$c || exit 1; done; sleep 0.01; for c in $(echo $PSTAR_CORES | tr , " "); do rmdir core.$c; done';
    const sizes = [1, 2, 1, 3, 1, 1, 2, 1];
    const units = await work.submit(
      Array.from({ length: 80 }, (_, i) => ({
        ...shell(line),
        workingDirectory: directory,
        totalCpuCount: sizes[i % sizes.length] as number,
      })),
    );
    await work.wait();
    expect(units.filter((unit) => unit.state !== 'Done').map((unit) => unit.stateDetail)).toEqual(
      [],
    );
  });

  it('end with every process of theirs when they are canceled; what has not run waits for others', async () => {
    const { work, pilots, pilot } = await openRunningWorld({ totalCpuCount: 2 });
    const units = await work.submit(Array.from({ length: 4 }, () => shell('sleep 0.3')));
    await reached(units[0] as (typeof units)[0], 'Running');
    await pilot.cancel();
    expect(pilot.state).toBe('Canceled');
    expect(await processesWith(`PSTAR_PILOT_ID=${pilot.id}`)).toEqual([]);
    await pilots.create('local://', { totalCpuCount: 4 });
    await work.wait();
    expect(units.map((unit) => unit.state)).toEqual(['Done', 'Done', 'Done', 'Done']);
  });
});
