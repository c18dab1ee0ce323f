/** What may happen to a cluster, from ordinary work to the death of any part of it. */
import type { SimulatedAgent } from './agent.ts';
import { nodeOf, type World } from './world.ts';

/** One thing happens. */
export function trouble(world: World): void {
  world.random.pick(HAPPENINGS)(world);
}

type Happening = (world: World) => void;

const submit: Happening = ({ user, manager }) => manager && user.submit(manager);
const cancel: Happening = ({ user, manager }) => manager && user.cancel(manager);

const withAgent =
  (act: (world: World, agent: SimulatedAgent) => void): Happening =>
  (world) => {
    const { agents } = world.resourceManager;
    if (agents.length > 0) act(world, world.random.pick(agents));
  };

/** So long is an agent out of reach; sometimes longer than its lease. */
function absence({ random }: World): number {
  return random.pick([0, 0, 500, 2000, 30_000]);
}

/** What may happen; what stands here more often happens more often. */
const HAPPENINGS: readonly Happening[] = [
  ...[submit, submit, submit, submit, submit, submit],
  ...[cancel, cancel],
  (world) => {
    if (world.manager === undefined) return;
    const { random } = world;
    const nodes = Array.from({ length: random.between(1, 2) }, () =>
      nodeOf(random.between(1, 4), random.between(0, 1)),
    );
    world.createPilot(nodes);
  },
  withAgent((world, agent) => world.network.cut(agent, absence(world))),
  withAgent((world, agent) => world.network.cut(agent, 0)),
  withAgent((world, agent) => world.network.mute(agent, absence(world))),
  withAgent(({ network, random }, agent) => {
    if (random.chance(0.5)) network.cut(agent, 0);
    agent.kill();
  }),
  withAgent((_, agent) => agent.evict()),
  ({ resourceManager, pilots, random }) =>
    resourceManager.kill(random.pick(pilots), random.pick(['Failed', 'Canceled'])),
  ({ manager, pilots, random, clock }) =>
    random.chance(0.5) &&
    manager?.tell({ type: 'cancel', pilot: random.pick(pilots), at: clock.now() }),
  ({ manager, random }) => random.chance(0.3) && manager?.die(),
];
