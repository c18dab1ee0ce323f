/** What else happens to programs, agents and the network between them; each against real processes. */
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkUnitDescription } from '@pstar/core';
import { describe, expect, it, vi } from 'vitest';
import type { SealedReport } from '../../packages/core/src/protocol/messages.ts';
import { readKept } from '../../packages/core/src/transport/kept-file.ts';
import { processesWith } from '../integration/fixture.ts';
import { Chaos, type Program } from './driver.ts';
import { disagreements, readLedger } from './ledgers.ts';
import type { Line } from './program.ts';
import { CutProxy } from './proxy.ts';
import { UNIT } from './unit.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };
/** Agents that soon notice that something is wrong, and have time. */
const WATCHFUL = { lease: 60, heartbeat: 0.2 };

function unitsOf(
  { ledgers }: Chaos,
  count: number,
  seconds: number,
  more: WorkUnitDescription | object = {},
): WorkUnitDescription[] {
  return Array.from({ length: count }, () => ({
    executable: '/bin/sh',
    arguments: [UNIT, ledgers, seconds, 0],
    ...more,
  }));
}

/** Starts the program with one pilot, and units that it has accepted. */
async function begin(
  world: Chaos,
  pilot: object,
  units: readonly WorkUnitDescription[],
): Promise<Program> {
  const program = world.start({ units: 0, pilots: 1, pilot: { totalCpuCount: 2, ...pilot } });
  await program.hears('pilot');
  program.tell({ type: 'submit', units });
  await program.hears('submitted');
  return program;
}

function expectAgreement({ ledgers, final, known, canceledIn }: Chaos): void {
  expect(final.length).toBeGreaterThan(0);
  expect(disagreements(ledgers, final, [...known], canceledIn)).toEqual([]);
}

/** Every unit is done, and ran once. */
function expectOnce(world: Chaos): void {
  expectAgreement(world);
  for (const { id, state } of world.final) {
    expect([id, state, readLedger(world.ledgers, id).starts.length]).toEqual([id, 'Done', 1]);
  }
}

/** Of how many units its agent has put the end on disk. */
async function keptEnds(world: Chaos): Promise<number> {
  const directory = world.keptDirectory();
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const kept = await Promise.all(names.map((name) => readKept(join(directory, name))));
  const reports = kept.flat() as SealedReport[];
  return reports.reduce((sum, { ended }) => sum + (ended?.units.length ?? 0), 0);
}

const ended = (world: Chaos) => () =>
  [...world.known].filter((id) => readLedger(world.ledgers, id).ends.length > 0).length;
const running = (program: Program) => program.hears('event', ({ state }) => state === 'Running');
const unknown = (program: Program) => program.hears('event', ({ state }) => state === 'Unknown');

describe.concurrent('nothing runs twice and nothing is lost', () => {
  it('when the program computes, for much longer than silence is borne', async () => {
    await using world = await Chaos.open();
    const program = await begin(world, { agent: WATCHFUL }, unitsOf(world, 40, 0.1));
    await running(program);
    program.tell({ type: 'block', ms: 4000 });
    await program.hears('done', ({ command }) => command === 'block');
    await program.finish();
    expectOnce(world);
  }, 60_000);

  it('when the program is stopped, and its agent has begun to keep results', async () => {
    await using world = await Chaos.open();
    const program = await begin(world, { agent: WATCHFUL }, unitsOf(world, 20, 0.2));
    await running(program);
    program.child.kill('SIGSTOP');
    await vi.waitFor(() => expect(existsSync(world.keptDirectory())).toBe(true), PATIENCE);
    program.child.kill('SIGCONT');
    await program.finish();
    expectOnce(world);
  }, 60_000);

  it('when an agent is stopped until its units are Unknown', async () => {
    await using world = await Chaos.open();
    const program = await begin(world, { agent: WATCHFUL }, unitsOf(world, 20, 0.2));
    await running(program);
    const [agent = 0] = world.agents;
    process.kill(agent, 'SIGSTOP');
    await unknown(program);
    process.kill(agent, 'SIGCONT');
    await program.finish();
    expectOnce(world);
  }, 60_000);

  it('when the network is cut, and is whole again', async () => {
    await using world = await Chaos.open();
    await using proxy = await CutProxy.open(world.directory);
    const agent = { ...WATCHFUL, node: proxy.node };
    const program = await begin(world, { agent }, unitsOf(world, 20, 0.2));
    await running(program);
    proxy.mode = 'cut';
    await unknown(program);
    // It goes on with what it holds.
    await vi.waitFor(() => expect(ended(world)()).toBeGreaterThan(1), PATIENCE);
    proxy.mode = 'through';
    await program.finish();
    expectOnce(world);
  }, 60_000);

  it('when the network swallows everything, and is whole again', async () => {
    await using world = await Chaos.open();
    await using proxy = await CutProxy.open(world.directory);
    const agent = { ...WATCHFUL, node: proxy.node };
    const program = await begin(world, { agent }, unitsOf(world, 20, 0.2));
    await running(program);
    proxy.mode = 'hole';
    await unknown(program);
    proxy.mode = 'through';
    await program.finish();
    expectOnce(world);
  }, 60_000);

  it('when the network is gone for longer than the lease: what ran runs again elsewhere', async () => {
    await using world = await Chaos.open();
    await using proxy = await CutProxy.open(world.directory);
    const agent = { lease: 2, heartbeat: 0.2, node: proxy.node };
    const short = unitsOf(world, 4, 0.2);
    const long = unitsOf(world, 2, 3, { name: 'long' });
    const program = await begin(world, { agent }, [...short, ...long]);
    await running(program);
    proxy.mode = 'hole';
    await program.hears('pilot-event', ({ state }) => state === 'Failed');
    proxy.mode = 'through';
    await program.finish();
    expectAgreement(world);
    const starts = world.final.map(({ id }) => readLedger(world.ledgers, id).starts.length);
    // Those that had ended are not run again, though nobody could be told.
    expect(starts.slice(0, 2)).toEqual([1, 1]);
    expect(starts.filter((count) => count > 2)).toEqual([]);
    expect(world.final.map(({ state }) => state)).toEqual(Array(6).fill('Done'));
  }, 60_000);

  it.each([6, -6])(
    'when the clock is set by %i hours, in the program and at the agent',
    async (hours) => {
      await using world = await Chaos.open();
      const node = join(world.directory, 'node');
      const preload = join(world.directory, 'jump.mjs');
      const jump = `let calls = 0; const now = Date.now; Date.now = () => now() + (++calls > 30 ? ${hours * 3600e3} : 0);`;
      await writeFile(preload, jump);
      await writeFile(node, `#!/bin/sh\nexec '${process.execPath}' --import '${preload}' "$@"\n`, {
        mode: 0o755,
      });
      const limits = { wallTimeLimit: 60, retries: { limit: 1, delay: '1s' } };
      const units = unitsOf(world, 20, 0.2, limits);
      const fails = { ...limits, arguments: [UNIT, world.ledgers, 0.1, 3] };
      const pilot = { agent: { ...WATCHFUL, node }, wallTimeLimit: '1h' };
      const program = await begin(world, pilot, [...units, ...unitsOf(world, 2, 0, fails)]);
      await running(program);
      program.tell({ type: 'jump', ms: hours * 3600e3 });
      program.tell({ type: 'submit', units });
      await program.finish();
      expectAgreement(world);
      const starts = world.final.map(({ id }) => readLedger(world.ledgers, id).starts.length);
      expect(starts).toEqual([...Array(20).fill(1), 2, 2, ...Array(20).fill(1)]);
    },
    60_000,
  );
});

describe.concurrent('the program is killed, and its agent before anybody comes back', () => {
  it('what had ended is found, what had not runs again where it may', async () => {
    await using world = await Chaos.open();
    const slow = { arguments: [UNIT, world.ledgers, 30, 0, 0] };
    const never = { ...slow, restartOnPilotLoss: false };
    const long = [...unitsOf(world, 1, 0, slow), ...unitsOf(world, 1, 0, never)];
    const units = [...long, ...unitsOf(world, 8, 0.2)];
    const program = await begin(world, { totalCpuCount: 10 }, units);
    const starts = (lines: readonly Line[]) =>
      lines.filter((line) => line.type === 'event' && line.state === 'Running').length;
    await program.until((lines) => starts(lines) === units.length);
    await program.kill();
    await vi.waitFor(() => expect(ended(world)()).toBe(8), PATIENCE);
    await vi.waitFor(async () => expect(await keptEnds(world)).toBe(8), PATIENCE);
    world.killAgent();
    const left = () => processesWith(`PSTAR_PROGRESS=${world.store}`);
    await vi.waitFor(async () => expect(await left()).toEqual([]), PATIENCE);
    await world.start({ units: 0, pilots: 1 }).finish();
    expectAgreement(world);
    const [again, lost, ...kept] = world.final;
    // What it left running was ended with it: only the second attempt of one came to its end.
    const ends = [again, lost].map((unit) => readLedger(world.ledgers, unit?.id ?? '').ends);
    expect(ends).toEqual([[{ attempt: 2, exitCode: 0 }], []]);
    expect(again).toMatchObject({ state: 'Done', attempt: 2 });
    expect(lost).toMatchObject({ state: 'Failed', attempt: 1, reason: 'PILOT_LOST' });
    expect(kept.map(({ state, attempt }) => [state, attempt])).toEqual(Array(8).fill(['Done', 1]));
  }, 60_000);
});

describe.concurrent('a cancellation that was acknowledged holds, though the program is killed at once', () => {
  /** Two run, four wait, two depend on others. */
  async function beginMany(world: Chaos): Promise<Program> {
    const [first, ...rest] = unitsOf(world, 6, 30, { group: 'g', maxCancellationTime: 1 });
    const dependents = [{ dependsOn: 'first' }, { dependsOn: { group: 'g' } }];
    const more = dependents.flatMap((each) => unitsOf(world, 1, 0, each));
    const units = [{ ...first, name: 'first' }, ...rest, ...more] as WorkUnitDescription[];
    const program = await begin(world, { agent: WATCHFUL }, units);
    await running(program);
    return program;
  }

  it.each(['first unit', 'group', 'work', 'pilots'] as const)(
    'of %s',
    async (what) => {
      await using world = await Chaos.open();
      const program = await beginMany(world);
      program.tell({ type: 'cancel', what });
      await program.hears('done', ({ command }) => command === 'cancel');
      await program.kill();
      const again = world.start({ units: 0, pilots: what === 'pilots' ? 0 : 1 });
      if (what === 'first unit' || what === 'pilots') again.tell({ type: 'cancel', what: 'work' });
      await again.finish();
      expectAgreement(world);
      expect(world.final.map(({ state }) => state)).toEqual(Array(8).fill('Canceled'));
      expect(world.final.filter(({ attempt }) => attempt > 1)).toEqual([]);
    },
    60_000,
  );

  it('of all work, on its way', async () => {
    await using world = await Chaos.open();
    const program = await beginMany(world);
    program.tell({ type: 'cancel', what: 'work' });
    await unknown(program);
    await program.kill();
    await world.start({ units: 0, pilots: 1 }).finish();
    expectAgreement(world);
    expect(world.final.map(({ state }) => state)).toEqual(Array(8).fill('Canceled'));
  }, 60_000);
});

describe.concurrent('who is at fault', () => {
  it('is one of two programs that open the same services', async () => {
    await using world = await Chaos.open();
    const programs = [world.start({ units: 0 }), world.start({ units: 0 })];
    const ends = programs.map((program) =>
      program.hears('stage', ({ stage }) => stage === 'opened').then(() => undefined, String),
    );
    const errors = (await Promise.all(ends)).filter((error) => error !== undefined);
    expect(errors).toHaveLength(1);
    const holder = programs.find(({ lines }) => lines.length > 1)?.child.pid;
    expect(errors[0]).toMatch(new RegExp(`in use by process ${holder} on \\S+ since 20\\d\\d-`));
    expect(errors[0]).toContain("code: 'STORE_LOCKED'");
  }, 60_000);

  it('is a unit that kills its agents, and no other', async () => {
    await using world = await Chaos.open();
    const killer = { executable: '/bin/sh', arguments: ['-c', 'kill -9 $PPID; sleep 60'] };
    const program = await begin(world, {}, [killer, ...unitsOf(world, 20, 0.1)]);
    await program.finish();
    const [bad, ...good] = world.final;
    // Where it was faster than the word of its start, that pilot is not counted against it.
    expect(bad).toMatchObject({ state: 'Failed', reason: 'CRASH_LIMIT' });
    expect(bad?.attempt).toBeLessThanOrEqual(12);
    expect(good.map(({ state }) => state)).toEqual(Array(20).fill('Done'));
    expect(disagreements(world.ledgers, good, [])).toEqual([]);
  }, 60_000);
});
