/** A pilot of several nodes: an agent on each, and none of them is the pilot. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PilotJobService, type WorkUnit, WorkUnitService } from '@pstar/core';
import { filter, firstValueFrom, map, take, toArray } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { reached, shell } from './fixture.ts';
import { Nodes } from './nodes.ts';

const NAMES = ['n1', 'n2', 'n3'];
const CORES = 2;

async function openPilot(description: object) {
  const store = await mkdtemp(join(tmpdir(), 'pstar-nodes-'));
  /** Says which units were started, as often as they were. */
  const log = join(store, 'starts');
  const starts = () =>
    existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').filter(Boolean) : [];
  const nodes = new Nodes(NAMES, CORES);
  const pilots = await PilotJobService.open({ store, adaptors: [nodes.adaptor] });
  const work = await WorkUnitService.open({ store, services: [pilots] });
  onTestFinished(async () => {
    // Unless the test has closed them itself.
    await work.cancel().catch(() => {});
    await pilots.cancel().catch(() => {});
    nodes.kill();
    await rm(store, { recursive: true, force: true });
  });
  const pilot = await pilots.create('nodes://', description);
  await reached(pilot, 'Running');
  /** Units that hold a core each until they are let go. */
  const submit = (count: number) =>
    work.submit(
      Array.from({ length: count }, () => ({
        ...shell(
          `echo $PSTAR_UNIT_ID >>${log}; until [ -e ${join(store, 'go')} ]; do sleep 0.05; done`,
        ),
        totalCpuCount: 1,
      })),
    );
  /** As {@link submit}. Running is what their agents say; they have begun when they say so themselves. */
  const begin = async (count: number) => {
    const units = await submit(count);
    await Promise.all(units.map((unit) => reached(unit, 'Running')));
    await expect.poll(() => starts().length).toBe(count);
    return units;
  };
  return {
    store,
    starts,
    nodes,
    pilots,
    pilot,
    work,
    begin,
    letGo: () => writeFile(join(store, 'go'), ''),
  };
}

const ends = (units: readonly WorkUnit[]) =>
  Promise.all(units.map(async (unit) => (await unit.finished()).exit));

/** How many of the ends there were at each node. */
function tally(hosts: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const host of hosts) counts[`${host}`] = 1 + (counts[`${host}`] ?? 0);
  return counts;
}

it('fills all of its nodes', async () => {
  const { pilot, begin, letGo } = await openPilot({});
  const units = await begin(NAMES.length * CORES);
  expect(pilot.nodes.map(({ host }) => host).sort()).toEqual(NAMES);
  expect(pilot.nodes.every(({ cores }) => cores === CORES)).toBe(true);
  await letGo();
  expect(tally((await ends(units)).map((exit) => exit?.host))).toEqual({ n1: 2, n2: 2, n3: 2 });
  await pilot.cancel();
  expect(pilot.state).toBe('Canceled');
}, 90_000);

/** The units that are the first to be Pending again, as many as there are at an agent. */
const backAgain = (work: WorkUnitService) =>
  firstValueFrom(
    work.events$.pipe(
      filter(({ state }) => state === 'Pending'),
      map(({ unitId }) => unitId),
      take(CORES),
      toArray(),
    ),
  );

it('loses with an agent that is killed only what ran there, and goes on long before its lease is over', async () => {
  const { nodes, pilot, work, starts, begin, letGo } = await openPilot({});
  const states: string[] = [];
  pilot.state$.subscribe((state) => states.push(state));
  const units = await begin(NAMES.length * CORES);
  const backIds = backAgain(work);
  nodes.agents.get('n2')?.kill('SIGKILL');
  const ids = await backIds;
  const lost = units.filter(({ id }) => ids.includes(id));
  await letGo();
  await ends(units);
  const kept = units.filter((unit) => !lost.includes(unit));
  expect(tally(kept.map(({ exit }) => exit?.host))).toEqual({ n1: 2, n3: 2 });
  expect(tally(lost.map(({ exit }) => exit?.host))).not.toHaveProperty('n2');
  expect(tally(starts())).toEqual(
    Object.fromEntries(units.map((unit) => [unit.id, lost.includes(unit) ? 2 : 1])),
  );
  await nodes.cancel();
  await pilot.finished();
  expect(pilot.stateDetail).toBe(
    'told by a signal to end, it handed back what it held; 1 of 3 agents were lost; nodes: FAILED',
  );
  expect(states).toEqual(['Running', 'Done']);
}, 90_000);

it('hears of an agent that was killed while no program was there', async () => {
  const { store, nodes, pilots, work, starts, begin, letGo } = await openPilot({});
  const units = await begin(NAMES.length * CORES);
  await work.close();
  await pilots.close();
  nodes.agents.get('n2')?.kill('SIGKILL');
  const own = { store, adaptors: [nodes.adaptor] };
  const laterPilots = await PilotJobService.open({ ...own, id: pilots.id });
  const later = await WorkUnitService.open({ store, id: work.id, services: [laterPilots] });
  const lost = await backAgain(later);
  await letGo();
  await later.wait();
  expect(tally(starts())).toEqual(
    Object.fromEntries(units.map(({ id }) => [id, lost.includes(id) ? 2 : 1])),
  );
  await later.close();
  await laterPilots.cancel();
}, 90_000);
