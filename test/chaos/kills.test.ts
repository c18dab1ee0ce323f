/**
 * A program and its agents are killed with SIGKILL at random moments, time and again, over one store.
 * At the end the service must say of each unit what the unit has written down itself.
 *
 * `CHAOS_ROUNDS=1000 CHAOS_SEED=7 npx vitest run test/chaos/kills.test.ts` for a long night.
 */
import { describe, expect, it } from 'vitest';
import { Chaos, type Final } from './driver.ts';
import { disagreements, readLedger } from './ledgers.ts';

const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 20);
const SEED = Number(process.env['CHAOS_SEED'] ?? 1);
/** A round takes a second, in which several processes start: on a busy machine ten times that. */
const PATIENCE_MS = 60_000 + ROUNDS * 10_000;

/** What the seed is, when something is wrong. */
function check(world: Chaos, seed: number, more: readonly string[] = []): void {
  const problems = disagreements(world.ledgers, world.final, [...world.known], world.canceledIn);
  expect([...problems, ...more], `CHAOS_SEED=${seed}`).toEqual([]);
}

/** The units of which a ledger says that they started more than once. */
function startedAgain({ final, ledgers }: Chaos, wanted: (unit: Final) => boolean): string[] {
  const again = final.filter(
    (unit) => wanted(unit) && readLedger(ledgers, unit.id).starts.length > 1,
  );
  return again.map(({ id }) => `${id} was started again`);
}

describe.concurrent('kill -9', () => {
  it(
    `of the program, ${ROUNDS} times: nothing is lost, and nothing runs again`,
    async () => {
      await using world = await Chaos.open(SEED);
      for (let round = 0; round < ROUNDS; round++) {
        const program = world.start();
        await program.said(world.random.between(1, 120));
        await program.kill();
      }
      await world.start().finish();
      expect(world.managersKilled).toBe(ROUNDS);
      expect(world.final.length).toBeGreaterThan(0);
      check(
        world,
        SEED,
        startedAgain(world, ({ retries }) => !retries),
      );
    },
    PATIENCE_MS,
  );

  it(
    `of agents, ${ROUNDS} times: what they had runs again, and never twice at once`,
    async () => {
      await using world = await Chaos.open(SEED + 1);
      const program = world.start({ units: 20 * ROUNDS });
      for (let lines = 0; world.agentsKilled < ROUNDS; ) {
        lines = Math.max(lines, program.lines.length) + world.random.between(1, 60);
        await program.said(lines);
        world.killAgent();
      }
      await program.finish();
      check(
        world,
        SEED + 1,
        startedAgain(world, ({ retries, mayRestart }) => !retries && !mayRestart),
      );
    },
    PATIENCE_MS,
  );

  it(
    `of both, ${ROUNDS} times`,
    async () => {
      await using world = await Chaos.open(SEED + 2);
      for (let round = 0; round < ROUNDS; round++) {
        const program = world.start();
        await program.said(world.random.between(1, 120));
        const agentFirst = world.random.chance(0.5);
        if (agentFirst) world.killAgent();
        await program.kill();
        if (!agentFirst) world.killAgent();
      }
      await world.start().finish();
      check(
        world,
        SEED + 2,
        startedAgain(world, ({ retries, mayRestart }) => !retries && !mayRestart),
      );
    },
    PATIENCE_MS,
  );
});
