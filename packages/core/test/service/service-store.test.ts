import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PilotEvent } from '../../src/manager/pilot-events.ts';
import { type PilotDump, PilotMachine } from '../../src/manager/pilot-machine.ts';
import { assertInvariants, type WorkPart } from '../../src/manager/work-dump.ts';
import type { WorkEvent } from '../../src/manager/work-events.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { schedulerOf } from '../../src/scheduler/schedulers.ts';
import { listServices } from '../../src/service/list-services.ts';
import { openServiceStore, type ServiceKind } from '../../src/service/service-store.ts';
import { WorkUnitService } from '../../src/service/work-unit-service.ts';
import { describePilots, describeWork } from '../stores/describe-store.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const versions = readdirSync(FIXTURES).filter((name) => /^v\d+$/.test(name));
const stores = versions.flatMap((version) => [join(version, 'closed'), join(version, 'killed')]);

/** What the program that wrote a fixture knew. */
function expected(name: string, id: string) {
  return JSON.parse(readFileSync(join(FIXTURES, name, id, 'expected.json'), 'utf8'));
}

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
      assertInvariants(manager.state);
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
