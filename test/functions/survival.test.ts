/**
 * A map gives what the same function gives here, whatever dies in between: workers by calls that end
 * them, agents and the program by SIGKILL, links, and pilots that are canceled while others come.
 *
 * `MAP_SEED=7 MAP_CALLS=100000 npx vitest run test/functions/survival.test.ts` for others.
 */
import { expect, it } from 'vitest';
import { Random } from '../simulation/random.ts';
import { MapWorld } from './map-driver.ts';

const CALLS = Number(process.env['MAP_CALLS'] ?? 10_000);
const SEED = Number(process.env['MAP_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

type Harm = 'kill program' | 'kill agent' | 'cut links' | 'cancel pilot';
const HARMS: readonly Harm[] = ['kill program', 'kill agent', 'cut links', 'cancel pilot'];

/** Each kind of harm twice, in some order, each after so many results of the map. */
function plan(random: Random): { readonly after: number; readonly harm: Harm }[] {
  const harms = [...HARMS, ...HARMS];
  const afters = harms.map(() => random.between(1, CALLS - 1)).sort((a, b) => a - b);
  return afters.map((after) => {
    const [harm] = harms.splice(random.between(0, harms.length - 1), 1);
    return { after, harm: harm as Harm };
  });
}

it(`a map of ${CALLS} calls equals the local map, whatever dies in between; MAP_SEED=${SEED}`, async () => {
  const random = new Random(SEED);
  await using world = await MapWorld.open({
    ...{ calls: CALLS, ends: 12, seed: SEED, pilots: 2, every: 50, ms: 1 },
    pilot: { totalCpuCount: 2 },
  });
  let program = world.start();
  for (const { after, harm } of plan(random)) {
    // A new life begins with what was done before.
    await program.results(after - (after % 50));
    if (harm === 'kill agent') world.killAgent((pids) => random.pick(pids));
    else if (harm !== 'kill program') program.tell(harm);
    else {
      await program.kill();
      program = world.start();
    }
  }
  expect(await program.result()).toEqual({ type: 'over', count: CALLS, wrong: [] });
  expect(new Set(world.done).size).toBe(CALLS);
  expect(world.ended).toBeGreaterThan(0);
}, 300_000);
