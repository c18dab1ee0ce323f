/**
 * Writes the stores that tests of later versions open, in the format of the version it is run with:
 *
 *     npx tsx --conditions=@pstar/source packages/core/test/stores/write-stores.ts v1
 *
 * `v1` was written in version 1 of the journal's format. `closed` holds services that were closed in
 * good order, each with a snapshot and a log; `killed` such as a SIGKILL leaves them: several
 * segments, because a snapshot was under way, the last with half a frame at its end. The times are
 * made up, and agents and resource managers too, so that nothing in it depends on the machine.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Disk, systemDisk } from '../../src/journal/disk.ts';
import { FrameReader } from '../../src/journal/frame-reader.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { PILOT_LIFTS, WORK_LIFTS } from '../../src/manager/old-dumps.ts';
import { PilotMachine } from '../../src/manager/pilot-machine.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { schedulerOf } from '../../src/scheduler/schedulers.ts';
import { writeServiceState } from '../../src/service/base/list-services.ts';
import { describePilots, describeWork } from './describe-store.ts';
import { livePilots } from './pilot-life.ts';
import { liveWork } from './work-life.ts';

type How = 'closed' | 'killed';

const OPENED_AT = '2026-01-02T03:04:05.000Z';
const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const [version = '', how, kind] = process.argv.slice(2);
if (!/^v\d+$/.test(version)) throw new Error('which version? as in v1');

function writeAll(): void {
  for (const each of ['closed', 'killed'] as const) {
    for (const service of ['work', 'pilots']) {
      const directory = join(FIXTURES, version, each, service);
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(join(directory, 'journal'), { recursive: true });
      const words = [...process.execArgv, process.argv[1] as string, version, each, service];
      try {
        execFileSync(process.execPath, words, { stdio: 'inherit' });
      } catch (error) {
        if ((error as { signal?: string }).signal !== 'SIGKILL') throw error;
      }
      trim(join(directory, 'journal'), each === 'killed' ? 7 : 0);
    }
  }
}

/** Lives one service's life in this process. */
async function write(how: How, kind: 'work' | 'pilots'): Promise<void> {
  const directory = join(FIXTURES, version, how, kind);
  const lifts = kind === 'work' ? WORK_LIFTS : PILOT_LIFTS;
  const options = { directory: join(directory, 'journal'), kind, lifts, log: silentLog };
  const { journal } = await openJournal({
    ...options,
    disk: how === 'killed' ? hasty : systemDisk,
  });
  const state = how === 'closed' ? 'Closed' : 'Open';
  await writeServiceState(directory, { kind, state, openedAt: OPENED_AT }, silentLog);
  const known = kind === 'work' ? await work(journal, how) : await pilots(journal, how);
  writeFileSync(join(directory, 'expected.json'), `${JSON.stringify(known, null, 1)}\n`);
  if (how === 'closed') return journal.close();
  // Half of it is cut off afterwards: it was never acknowledged.
  journal.append([{ type: 'group', name: 'never acknowledged' }]);
  await journal.commit();
  process.kill(process.pid, 'SIGKILL');
}

async function work(journal: Journal, how: How) {
  const manager = new WorkManager(schedulerOf('backfill'));
  await liveWork(manager, journal, () => snapshot(journal, manager.dump(), how));
  return describeWork(manager);
}

async function pilots(journal: Journal, how: How) {
  const machine = new PilotMachine();
  await livePilots(machine, journal, () => snapshot(journal, machine.dump(), how));
  return describePilots(machine);
}

/** In the middle of a life: `killed` does not get to the end of it. */
async function snapshot(
  journal: Journal,
  state: Parameters<Journal['snapshot']>[0],
  how: How,
): Promise<void> {
  const written = journal.snapshot(state);
  if (how === 'closed') await written;
  else await written.catch(() => {});
}

/** A disk that never gives a snapshot its name. */
const hasty: Disk = {
  ...systemDisk,
  rename: async (from, to) => {
    if (to.includes('snapshot')) throw new Error('no snapshot today');
    await systemDisk.rename(from, to);
  },
};

/** Cuts off the room ahead, which is zeros, and `torn` bytes of the last frame. */
function trim(directory: string, torn: number): void {
  const paths = readdirSync(directory).map((name) => join(directory, name));
  const last = paths
    .filter((path) => path.includes('segment'))
    .sort()
    .at(-1);
  for (const path of paths) truncateSync(path, endOf(path) - (path === last ? torn : 0));
}

function endOf(path: string): number {
  using file = new FrameReader(path);
  const frames = file.frames();
  for (;;) {
    const { done, value } = frames.next();
    if (done) return value.offset;
  }
}

if (how === undefined) writeAll();
else await write(how as How, kind as 'work' | 'pilots');
