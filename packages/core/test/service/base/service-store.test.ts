import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PilotEvent } from '../../../src/manager/pilot-events.ts';
import { type PilotDump, PilotMachine } from '../../../src/manager/pilot-machine.ts';
import type { WorkPart } from '../../../src/manager/work-dump.ts';
import type { WorkEvent } from '../../../src/manager/work-events.ts';
import { assertWorkInvariants } from '../../../src/manager/work-invariants.ts';
import { WorkManager } from '../../../src/manager/work-manager.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { schedulerOf } from '../../../src/scheduler/schedulers.ts';
import { listServices } from '../../../src/service/base/list-services.ts';
import { openServiceStore, type ServiceKind } from '../../../src/service/base/service-store.ts';
import { WorkCore } from '../../../src/service/units/work-core.ts';
import { WorkUnitService } from '../../../src/service/work-unit-service.ts';
import { describePilots, describeWork } from '../../stores/describe-store.ts';
import { NODE } from '../../support/work-world.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const versions = readdirSync(FIXTURES).filter((name) => /^v\d+$/.test(name));
const stores = versions.flatMap((version) => [join(version, 'closed'), join(version, 'killed')]);

/** What the program that wrote a fixture knew. */
function expected(name: string, id: string) {
  return JSON.parse(readFileSync(join(FIXTURES, name, id, 'expected.json'), 'utf8'));
}

describe('a store that is in use', () => {
  let store: string;
  beforeEach(() => {
    store = mkdtempSync(join(tmpdir(), 'pstar-store-'));
  });
  afterEach(() => rmSync(store, { recursive: true, force: true }));

  const log = silentLog;
  const clock = systemClock;

  it('is as large as what is alive, not as what has been', async () => {
    const opened = await openServiceStore({ kind: 'work', id: 'work', store, clock, log });
    const { journal } = opened.opened;
    const parts = { id: 'work', directory: opened.directory, journal, clock, log };
    const core = new WorkCore({ ...parts, scheduler: schedulerOf('fifo') });
    const place = { agentId: 'a', pilotId: 'p', node: NODE };
    const why = 'x'.repeat(2 ** 20);
    let now = 0;
    const come = async () => {
      now += 10_000;
      core.dispatch({ type: 'agent-joined', now, place, endsAt: undefined, held: undefined });
      core.dispatch({ type: 'agent-silent', now, agentId: 'a', why });
      core.dispatch({ type: 'time', now: now + 9_000 });
      await core.settled();
    };
    while (now < 60 * 10_000) await come();
    const journalDirectory = join(opened.directory, 'journal');
    const size = () =>
      readdirSync(journalDirectory)
        .map((f) => statSync(join(journalDirectory, f), { throwIfNoEntry: false })?.size ?? 0)
        .reduce((sum, each) => sum + each);
    // What comes while a snapshot is written waits for the next one, and so does this on a slow disk.
    await expect
      .poll(async () => {
        await come();
        return size();
      })
      .toBeLessThan(36 * 2 ** 20);
    // The journal's end alone: the service's would have it compacted once more.
    await opened.close();
  });

  it.each([
    ['the files', 'journal/segment-000001'],
    ['the directory', 'journal'],
  ])('does not begin anew where %s of its journal are gone', async (_, name) => {
    const service = await WorkUnitService.open({ id: 'work', store, log });
    await service.submit({ executable: 'true' });
    await service.close();
    rmSync(join(store, 'work', name), { recursive: true });
    const problem = { code: 'JOURNAL_DAMAGED', subject: join(store, 'work', 'journal') };
    await expect(WorkUnitService.open({ id: 'work', store, log })).rejects.toMatchObject(problem);
    // What is there for somebody to mend is not touched.
    expect(readdirSync(join(store, 'work'))).toContain('service.json');
    await expect(WorkUnitService.open({ id: 'work', store, log })).rejects.toMatchObject(problem);
  });

  it('takes no more work when it has been deleted, and says so', async () => {
    const service = await WorkUnitService.open({ id: 'work', store, log });
    await service.submit({ executable: 'true' });
    rmSync(store, { recursive: true });
    const problem = {
      code: 'STORE_UNWRITABLE',
      subject: join(store, 'work', 'journal', 'segment-000001'),
      problem: 'the file was deleted while it was in use',
    };
    await expect(service.submit({ executable: 'true' })).rejects.toMatchObject(problem);
    await expect(service.submit({ executable: 'true' })).rejects.toMatchObject(problem);
    expect(service.statistics.total).toBe(1);
    await expect(service.close()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  });
});

describe.each(stores)('the store %s, written by an earlier version', (name) => {
  let store: string;
  beforeEach(() => {
    store = mkdtempSync(join(tmpdir(), 'pstar-store-'));
    cpSync(join(FIXTURES, name), store, { recursive: true });
  });
  afterEach(() => rmSync(store, { recursive: true }));

  const open = (kind: ServiceKind) =>
    openServiceStore({ kind, id: kind, store, clock: systemClock, log: silentLog });

  async function work() {
    const opened = await open('work');
    const manager = new WorkManager(schedulerOf('backfill'));
    const { snapshot, records } = opened.opened;
    if (snapshot !== undefined) manager.restore(snapshot as Iterable<WorkPart>);
    for (const record of records) manager.replay(record as WorkEvent);
    return { manager, ...opened };
  }

  async function pilots() {
    const opened = await open('pilots');
    const { snapshot, records } = opened.opened;
    const machine = PilotMachine.replay(
      records as Iterable<PilotEvent>,
      snapshot as PilotDump | undefined,
    );
    return { machine, ...opened };
  }

  it('opens with every unit as it was, twice', async () => {
    for (const _ of ['at first', 'and again']) {
      const { manager, close } = await work();
      expect(JSON.parse(JSON.stringify(describeWork(manager)))).toEqual(expected(name, 'work'));
      assertWorkInvariants(manager.state);
      await close();
    }
  });

  it('opens with every pilot as it was, twice', async () => {
    for (const _ of ['at first', 'and again']) {
      const { machine, close } = await pilots();
      expect(JSON.parse(JSON.stringify(describePilots(machine)))).toEqual(expected(name, 'pilots'));
      await close();
    }
  });

  it('is of the present version once its services have been opened', async () => {
    const service = await WorkUnitService.open({ id: 'work', store, log: silentLog });
    await service.close();
    const { manager, close, opened } = await work();
    expect(opened.journal.isOutdated).toBe(false);
    expect([...opened.records]).toEqual([]);
    expect(JSON.parse(JSON.stringify(describeWork(manager)))).toEqual(expected(name, 'work'));
    await close();
  });

  it('shows its services and its units to users', async () => {
    const state = name.endsWith('closed') ? 'Closed' : 'Open';
    const services = await listServices(store);
    expect(services.map((each) => [each.kind, each.state]).sort()).toEqual([
      ['pilots', state],
      ['work', state],
    ]);
    const service = await WorkUnitService.open({ id: 'work', store, log: silentLog });
    const { units } = expected(name, 'work') as { units: { state: string }[] };
    expect([...service.workUnits].map((unit) => unit.state)).toEqual(units.map((u) => u.state));
    await service.close();
  });
});
