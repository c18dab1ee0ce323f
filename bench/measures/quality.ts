/** How near the schedulers come to the lower bound, in simulated time: the same on every machine. */
import type { SchedulerName } from '../../packages/core/src/scheduler/schedulers.ts';
import { runCluster } from '../../test/scheduling/cluster.ts';
import { alike, type Estimates, layered, mixed } from '../../test/scheduling/work.ts';
import type { Sample } from '../harness.ts';
import type { Context } from './world.ts';

/** Cores of the agents. */
const AGENTS = [128, 64, 64];
const CORES = 256;
/** For widths up to 4. */
const SMALL_AGENTS = [16, 8, 8];
const SMALL_CORES = 32;

/** Independent units of 1 to 64 cores, 10 ms to 100 s, by scheduler and by what is said of run times. */
export async function mixedQuality({ sizes, seed = 1 }: Context): Promise<Sample> {
  const of = (scheduler: SchedulerName, estimates: Estimates): number => {
    const units = mixed(seed, sizes.unitsPerCore * CORES, 64, estimates);
    return runCluster(scheduler, AGENTS, [{ atMs: 0, units }]).ratio;
  };
  return {
    none: of('backfill', 'none'),
    right: of('backfill', 'right'),
    wrong: of('backfill', 'wrong'),
    fifo: of('fifo', 'none'),
    roundRobin: of('round-robin', 'none'),
  };
}

/** A graph in layers; and a long unit among short ones, with what an agent holds ahead behind it. */
export async function smallQuality({ sizes, seed = 1 }: Context): Promise<Sample> {
  const graph = layered(seed, sizes.unitsPerCore / 5, 5 * SMALL_CORES);
  const { ratio } = runCluster('backfill', SMALL_AGENTS, [{ atMs: 0, units: graph }]);
  const short = { cores: 1, runMs: 10 };
  const behind = runCluster(
    'backfill',
    [1, 1],
    [
      { atMs: 0, units: alike(400, short) },
      { atMs: 3000 + seed, units: [{ cores: 1, runMs: 20_000 }, ...alike(150, short)] },
    ],
  );
  return { graph: ratio, strandedMs: behind.longestStrandedMs };
}
