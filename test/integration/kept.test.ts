/** What agents keep when nobody is there to be told: results outlive the manager, and the agent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type PilotJobDescription,
  PilotJobService,
  type WorkUnitDescription,
  WorkUnitService,
} from '@pstar/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SealedReport } from '../../packages/core/src/protocol/messages.ts';
import { readKept } from '../../packages/core/src/transport/kept-file.ts';
import { processesWith } from './fixture.ts';

const LEFT_ALONE = new URL('programs/left-alone.ts', import.meta.url).pathname;

interface Left {
  readonly pilots: string;
  readonly work: readonly string[];
  /** Of the agent. */
  readonly pid: number;
}

let store: string;
let opened: { cancel(): Promise<void> }[];
beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), 'pstar-kept-'));
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((service) => service.cancel()));
  await rm(store, { recursive: true, force: true });
});

/** Lets a program give out work, and kills it; only then the work goes on. */
async function leaveAlone(
  pilot: PilotJobDescription,
  ...services: WorkUnitDescription[][]
): Promise<Left> {
  const json = [pilot, ...services].map((each) => JSON.stringify(each));
  const node = ['--conditions=@pstar/source', '--import', 'tsx', LEFT_ALONE, store, ...json];
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await writeFile(join(store, 'gate'), '');
  return JSON.parse(String(line));
}

/** Opens what was left; it is canceled after the test. */
async function openPilots(left: Left): Promise<PilotJobService> {
  const pilots = await PilotJobService.open({ store, id: left.pilots });
  opened.push(pilots);
  return pilots;
}

async function openWork(id: string, pilots: PilotJobService): Promise<WorkUnitService> {
  const work = await WorkUnitService.open({ store, id, services: [pilots] });
  opened.push(work);
  return work;
}

/** A unit that says in a ledger when it starts, and when it ends, with that exit code; in between its manager is killed. */
function unit(name: string, line: string): WorkUnitDescription {
  const gate = 'until [ -e gate ]; do sleep 0.02; done';
  const script = `echo start >>${name}; ${gate}; ${line}; code=$?; echo end >>${name}; exit $code`;
  return { name, executable: '/bin/sh', arguments: ['-c', script], workingDirectory: store };
}

const ledger = (name: string): string => readFileSync(join(store, name), 'utf8');
const hasEnded = (name: string) =>
  vi.waitFor(() => expect(ledger(name)).toBe('start\nend\n'), PATIENCE);
const isOver = (pid: number) =>
  vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), PATIENCE);
const PATIENCE = { timeout: 20_000, interval: 20 };

/** What agents of the only pilot have left, by the paths of the files. */
async function leftFiles({ pilots }: Left): Promise<string[]> {
  const [pilot = ''] = await readdir(join(store, pilots, 'pilots'));
  const directory = join(store, pilots, 'pilots', pilot, 'kept');
  const names = await readdir(directory).catch(() => []);
  return names.map((name) => join(directory, name));
}

/** Settles once the ends of so many units are on disk. */
async function allKept(left: Left, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const kept = await Promise.all((await leftFiles(left)).map(readKept));
    const reports = kept.flat() as SealedReport[];
    const rows = reports.reduce((sum, { ended }) => sum + (ended?.units.length ?? 0), 0);
    expect(rows).toBe(count);
  }, PATIENCE);
}

describe('a manager that was killed', () => {
  it('finds what its units came to after the lease of its agent', async () => {
    const left = await leaveAlone({ totalCpuCount: 3, agent: { lease: 2, heartbeat: 0.2 } }, [
      unit('good', 'true'),
      unit('bad', '(exit 7)'),
      unit('long', 'sleep 600'),
    ]);
    await isOver(left.pid);
    expect(await processesWith(`PSTAR_UNIT_ID=${left.work[0]}.`)).toEqual([]);

    const pilots = await openPilots(left);
    const work = await openWork(left.work[0] ?? '', pilots);
    const [good, bad, long] = [...work.workUnits];
    await Promise.all([good?.finished(), bad?.finished()]);
    expect([good?.state, bad?.state]).toEqual(['Done', 'Failed']);
    expect(bad?.exit).toMatchObject({ exitCode: 7, reason: 'EXIT_CODE', attempt: 1 });
    expect([ledger('good'), ledger('bad')]).toEqual(['start\nend\n', 'start\nend\n']);

    const [pilot] = pilots.pilotJobs;
    await pilot?.finished();
    expect(`${pilot?.state}: ${pilot?.stateDetail}`).toMatch(
      /^Failed: it was out of touch with its manager for longer than its lease: no manager for 2s/,
    );
    await expect.poll(() => long?.state).toBe('Pending');
    await expect.poll(() => leftFiles(left)).toEqual([]);
    // It ran, and was handed back in good order: that is no crash of its.
    await pilots.create('local://', { totalCpuCount: 1 });
    await vi.waitFor(() => expect(long?.state).toBe('Running'), PATIENCE);
    expect(long?.attempt).toBe(2);
  });

  it('finds what its units came to though their agent was killed as well', async () => {
    const left = await leaveAlone({ totalCpuCount: 2, cleanup: true }, [
      unit('one', 'echo no such thing >&2; (exit 3)'),
      unit('two', 'true'),
    ]);
    await hasEnded('one');
    await hasEnded('two');
    await allKept(left, 2);
    process.kill(left.pid, 'SIGKILL');
    await isOver(left.pid);

    const pilots = await openPilots(left);
    const work = await openWork(left.work[0] ?? '', pilots);
    await work.wait();
    const [one, two] = [...work.workUnits];
    expect([one?.state, two?.state]).toEqual(['Failed', 'Done']);
    expect(one?.exit).toMatchObject({ exitCode: 3, attempt: 1 });
    expect(one?.exit?.stderrTail).toBe('no such thing\n');
    await pilots.pilotJobs[0]?.finished();
    await expect.poll(() => readdir(join(store, left.pilots, 'pilots'))).toEqual([]);
  });

  it('has each service find its own, whenever it comes back', async () => {
    const left = await leaveAlone(
      { totalCpuCount: 2, cleanup: true },
      [unit('one', 'true')],
      [unit('two', 'true')],
    );
    await hasEnded('one');
    await hasEnded('two');
    await allKept(left, 2);
    process.kill(left.pid, 'SIGKILL');
    await isOver(left.pid);

    const pilots = await openPilots(left);
    const second = await openWork(left.work[1] ?? '', pilots);
    await second.wait();
    expect(second.workUnits.at(0)?.exit).toMatchObject({ exitCode: 0, attempt: 1 });
    await pilots.pilotJobs[0]?.finished();
    await expect.poll(() => leftFiles(left)).toHaveLength(1);
    await pilots.close();
    opened.shift();

    const again = await openPilots(left);
    const first = await openWork(left.work[0] ?? '', again);
    await first.wait();
    expect(first.workUnits.at(0)?.exit).toMatchObject({ exitCode: 0, attempt: 1 });
    await expect.poll(() => leftFiles(left)).toEqual([]);
  });
});
