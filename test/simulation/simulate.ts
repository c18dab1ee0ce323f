/**
 * One run under a seed: trouble for a while, then calm, in which everything must come to its end.
 */
import { isFinalWorkUnitState } from '../../packages/core/src/model/work-unit-state.ts';
import type { ManagerLife } from './manager.ts';
import { type Plan, planOf } from './plan.ts';
import { ENDLESS } from './processes.ts';
import { Random } from './random.ts';
import { trouble } from './trouble.ts';
import { nodeOf, World } from './world.ts';

/** By then everything must have ended. */
const END_MS = 400_000;

export interface Outcome {
  readonly units: number;
  readonly processes: number;
  /** Units that agents had ahead of what these waited for. */
  readonly promised: number;
  readonly deaths: number;
  readonly steps: number;
  /** Of the cluster's time. */
  readonly milliseconds: number;
}

/** What went wrong in a run. */
export class SimulationError extends Error {
  readonly plan: Plan;
  /** Which promise was not kept; two runs with the same one fail alike. */
  readonly rule: string;

  constructor(plan: Plan, atMs: number, cause: unknown) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    super(`seed ${plan.seed}, at ${atMs} ms: ${problem}`, { cause });
    this.plan = plan;
    this.rule = problem.slice(0, problem.search(/[:\d]|$/));
  }
}

/**
 * Runs the plan of a seed.
 *
 * @throws SimulationError with what went wrong.
 */
export function simulate(seed: number): Promise<Outcome> {
  return simulatePlan(planOf(seed));
}

/** Runs a plan, perhaps one that was shrunk. */
export async function simulatePlan(plan: Plan): Promise<Outcome> {
  const world = new World(new Random(plan.seed));
  try {
    return await run(world, plan);
  } catch (error) {
    throw new SimulationError(plan, world.clock.monotonic(), error);
  }
}

async function run(world: World, plan: Plan): Promise<Outcome> {
  const { clock, random } = world;
  let isOver = false;
  world.createPilot([nodeOf(4, 1)]);
  for (const { at, what, seed } of plan.steps) {
    clock.after(at, () => trouble(world, what, new Random(seed)));
  }
  clock.after(plan.calmAt, () =>
    calmDown(world, () => {
      isOver = true;
    }),
  );
  let steps = 0;
  while (!isOver && clock.step()) {
    await microtasks();
    world.problems.assertNone();
    if (++steps % 64 === 0 && random.chance(0.2)) world.manager?.assertReplays();
    if (clock.monotonic() > END_MS)
      throw new Error(`no end: ${world.witness.unfinished.slice(0, 5)}`);
  }
  checkEnd(world);
  return {
    units: world.manager?.core.visible.size ?? 0,
    processes: world.ledger.startedCount,
    promised: world.witness.promised,
    deaths: world.deaths,
    steps,
    milliseconds: clock.monotonic(),
  };
}

/** Everybody is honest from here on, and there is room for all. */
function calmDown(world: World, over: () => void): void {
  world.isCalm = true;
  let told: World['manager'];
  let patience = 0;
  const look = (): void => {
    const { manager } = world;
    // One that was to die may still do so, and with it what it was told; and on a slow disk an agent
    // may wait for its welcome until its lease is over.
    if (manager !== undefined && (manager !== told || --patience === 0)) {
      told = manager;
      patience = 30;
      world.createPilot([nodeOf(4, 1), nodeOf(6, 2)]);
      cancelEndless(manager);
    }
    if (isEverythingFinal(world) && world.ledger.running === 0) over();
    else world.clock.after(1000, look);
  };
  look();
}

/** What runs until it is told to end, or names a pilot that is gone. */
function cancelEndless(manager: ManagerLife): void {
  const { state } = manager.core.manager;
  const units = Array.from({ length: state.units.size }, (_, unit) => unit);
  const endless = units.filter(
    (unit) =>
      state.units.own(unit)?.includes(ENDLESS) ||
      state.template(unit).requests.spec.constraints.pilotJob,
  );
  manager.cancel(endless, () => {});
}

function isEverythingFinal({ manager, requests }: World): boolean {
  if (manager === undefined) return false;
  const { visible } = manager.core;
  if (requests.acknowledged.some(({ unit = 0 }) => unit >= visible.size)) return false;
  for (let unit = 0; unit < visible.size; unit++) {
    if (!isFinalWorkUnitState(visible.state(unit))) return false;
  }
  return true;
}

/** What is known inside at the end must be what the processes know. */
function checkEnd({ manager, ledger, witness, problems }: World): void {
  manager?.assertReplays();
  const { visible } = manager?.core ?? {};
  for (let unit = 0; unit < (visible?.size ?? 0); unit++) {
    if (visible?.state(unit) !== witness.stateOf(unit)) problems.add('unlike', `unit ${unit}`);
    if (!witness.isDone(unit) || ledger.hasSucceeded(unit)) continue;
    problems.add('Done, and no process has succeeded', `unit ${unit}`);
  }
  problems.assertNone();
}

/** Promises that follow from one another at once are fewer than this. */
const TURNS = 12;

/** Lets all that follows at once be done. */
async function microtasks(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await undefined;
}
