/** The disk of the store, or of a node, is full: what is refused says so, and nothing else is lost. */
import { join } from 'node:path';
import type { WorkUnitDescription } from '@pstar/core';
import { describe, expect, it, vi } from 'vitest';
import { Chaos, type Program } from './driver.ts';
import { disagreements, readLedger } from './ledgers.ts';
import type { Line } from './program.ts';
import { SmallDisk } from './small-disk.ts';
import { UNIT } from './unit.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };

/** They need nothing of the disk that is full but what their agent has of it for each core. */
function unitsOf({ directory, ledgers }: Chaos, count: number, seconds: number) {
  const one: WorkUnitDescription = {
    executable: '/bin/sh',
    arguments: [UNIT, ledgers, seconds, 0],
    workingDirectory: directory,
  };
  return Array.from({ length: count }, () => one);
}

/** More than the room that a journal has ahead. */
function large(world: Chaos): WorkUnitDescription[] {
  const environment = { LARGE: 'x'.repeat(100_000) };
  return unitsOf(world, 80, 0).map((unit) => ({ ...unit, environment }));
}

async function begin(world: Chaos, pilot: object, units: object): Promise<Program> {
  const program = world.start({ ...units, units: 0, pilots: 1, pilot });
  await program.hears('pilot-event', ({ state }) => state === 'Running');
  return program;
}

/** Settles once so many have been seen to run. */
function running(program: Program, count: number): Promise<void> {
  const hasRun = (line: Line) => line.type === 'event' && line.state === 'Running';
  return program.until((lines) => lines.filter(hasRun).length >= count);
}

function hasEnded({ ledgers, known }: Chaos, count: number): Promise<void> {
  const ended = () => [...known].filter((id) => readLedger(ledgers, id).ends.length > 0);
  return vi.waitFor(() => expect(ended()).toHaveLength(count), PATIENCE);
}

function expectOnce({ ledgers, known, final }: Chaos): void {
  expect(disagreements(ledgers, final, [...known])).toEqual([]);
  expect(final.map(({ id, state, attempt }) => [id, state, attempt])).toEqual(
    [...known].map((id) => [id, 'Done', 1]),
  );
}

describe.concurrent("the store's disk is full", () => {
  it('submits are refused, what runs goes on, and all continues when there is room', async () => {
    await using world = await Chaos.open();
    using disk = SmallDisk.mount(world.directory);
    const store = { store: join(disk.path, 'store') };
    const program = await begin(world, { totalCpuCount: 2 }, store);
    program.tell({ type: 'submit', units: unitsOf(world, 20, 0.1) });
    // More than there are cores: all of these have been used.
    await running(program, 3);
    disk.fill();
    program.tell({ type: 'submit', units: large(world) });
    await program.hears('refused');
    const refused = program.lines.filter(({ type }) => type === 'refused');
    expect(refused).toMatchObject([{ code: 'STORE_FULL' }]);
    expect(JSON.stringify(refused)).toMatch(/no room for \d.*; make room there and try again/);
    await hasEnded(world, 20);
    disk.free();
    program.tell({ type: 'submit', units: unitsOf(world, 20, 0) });
    await program.finish();
    expect(world.known.size).toBe(40);
    expectOnce(world);
  }, 60_000);

  it('the program is killed: what its agent cannot keep is told when there is room', async () => {
    await using world = await Chaos.open();
    using disk = SmallDisk.mount(world.directory);
    const store = { store: join(disk.path, 'store') };
    const program = await begin(world, { totalCpuCount: 20 }, store);
    program.tell({ type: 'submit', units: unitsOf(world, 20, 0.5) });
    await running(program, 20);
    disk.fill();
    await program.kill();
    await hasEnded(world, 20);
    const refused = world.start({ ...store, units: 0, pilots: 1 });
    await expect(refused.hears('stage', ({ stage }) => stage === 'opened')).rejects.toThrow(
      /no space left on device.*; make room there and try again/,
    );
    disk.free();
    await world.start({ ...store, units: 0, pilots: 1 }).finish();
    expectOnce(world);
  }, 60_000);
});

describe.concurrent("a node's disk is full", () => {
  it('a unit whose output has no room fails, and says why', async () => {
    await using world = await Chaos.open();
    using disk = SmallDisk.mount(world.directory);
    const program = await begin(world, { totalCpuCount: 2 }, {});
    disk.fill();
    const output = join(disk.path, 'output');
    const units = unitsOf(world, 1, 0).map((unit) => ({ ...unit, output }));
    program.tell({ type: 'submit', units });
    await program.finish();
    const problem = expect.stringMatching(/no space left/i);
    expect(world.final).toMatchObject([{ state: 'Failed', problem }]);
  }, 60_000);

  it('what has no place there is not charged: the pilot ends, says why, and others take it', async () => {
    await using world = await Chaos.open();
    using disk = SmallDisk.mount(world.directory);
    const program = await begin(world, { totalCpuCount: 2, agent: { scratch: disk.path } }, {});
    disk.fill();
    const [elsewhere] = unitsOf(world, 1, 0);
    const inSandbox = { ...elsewhere, workingDirectory: undefined };
    const units = JSON.parse(JSON.stringify([inSandbox, elsewhere]));
    program.tell({ type: 'submit', units });
    await program.hears(
      'pilot-event',
      ({ state, detail }) => state === 'Failed' && /no space left/i.test(detail),
    );
    disk.free();
    await program.finish();
    const { ledgers, final, known } = world;
    expect(disagreements(ledgers, final, [...known])).toEqual([]);
    expect(final).toMatchObject([{ state: 'Done' }, { state: 'Done' }]);
  }, 120_000);
});
