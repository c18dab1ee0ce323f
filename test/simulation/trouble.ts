/** What may happen to a cluster, from ordinary work to the death of any part of it. */
import type { SimulatedAgent } from './agent.ts';
import type { Random } from './random.ts';
import { nodeOf, type World } from './world.ts';

type Happening = (world: World, random: Random) => void;

const withAgent =
  (act: (world: World, agent: SimulatedAgent, random: Random) => void): Happening =>
  (world, random) => {
    const { agents } = world.resourceManager;
    if (agents.length > 0) act(world, random.pick(agents), random);
  };

/** Something comes between an agent and its manager, if the agent lives through that. */
const disturbing = (act: Parameters<typeof withAgent>[0]): Happening =>
  withAgent((world, agent, random) => {
    world.disturb(agent);
    if (!agent.isOver) act(world, agent, random);
  });

/** So long is an agent out of reach; sometimes longer than lease and fence. */
const absence = (random: Random): number => random.pick([0, 0, 500, 2000, 60_000]);
/** So long does a process not run; a node sometimes longer than any lease and fence. */
const standstill = (random: Random): number => random.pick([300, 2500, 9000]);
/** So far is a clock set. */
const jump = (random: Random): number => random.pick([-15_000, -2000, 2000, 3_600_000]);

const HAPPENINGS = {
  submit: ({ user, manager }, random) => manager?.isRunning && user.submit(manager, random),
  cancel: ({ user, manager }, random) => manager?.isRunning && user.cancel(manager, random),
  'new pilot': (world, random) => {
    if (world.manager?.isRunning !== true) return;
    const nodes = Array.from({ length: random.between(1, 2) }, () =>
      nodeOf(random.between(1, 4), random.between(0, 1)),
    );
    world.createPilot(nodes);
  },
  cut: disturbing(({ network }, agent, random) => network.cut(agent, absence(random))),
  'cut for a moment': disturbing(({ network }, agent) => network.cut(agent, 0)),
  mute: disturbing(({ network }, agent, random) => network.mute(agent, absence(random))),
  'kill agent': withAgent(({ network }, agent, random) => {
    if (random.chance(0.5)) network.cut(agent, 0);
    agent.kill();
  }),
  'evict agent': withAgent((_, agent) => agent.evict()),
  'stop agent': disturbing((_, agent, random) => agent.stop(standstill(random))),
  'stop node': disturbing((_, agent, random) =>
    agent.stopNode(random.chance(0.5) ? 60_000 : standstill(random)),
  ),
  'set clock of agent': withAgent((_, agent, random) => agent.setClock(jump(random))),
  'end native job': ({ resourceManager, pilots }, random) =>
    resourceManager.kill(random.pick(pilots), random.pick(['Failed', 'Canceled'])),
  'call native job over': (world, random) => world.callOver(random),
  'requeue native job': ({ resourceManager, pilots }, random) =>
    resourceManager.requeue(random.pick(pilots)),
  'cancel pilot': ({ manager, pilots, clock }, random) =>
    manager?.tell({ type: 'cancel', pilot: random.pick(pilots), at: clock.now() }),
  'kill manager': ({ manager }) => manager?.die(),
  'stop manager': (world, random) => {
    world.disturb();
    world.manager?.stop(standstill(random));
  },
  'set clock of manager': (world, random) => world.setClock(jump(random)),
  'disk is full': (world, random) => world.fillDisk(random.between(100, 5000)),
} satisfies Record<string, Happening>;

/** What may happen, by name. */
export type Kind = keyof typeof HAPPENINGS;

/** How often each happens, by how often it stands here. */
export const KINDS: readonly Kind[] = [
  ...Array<Kind>(24).fill('submit'),
  ...Array<Kind>(8).fill('cancel'),
  ...Array<Kind>(4).fill('new pilot'),
  ...Array<Kind>(4).fill('cut'),
  ...Array<Kind>(4).fill('cut for a moment'),
  ...Array<Kind>(4).fill('mute'),
  ...Array<Kind>(4).fill('kill agent'),
  ...Array<Kind>(4).fill('evict agent'),
  ...Array<Kind>(4).fill('end native job'),
  ...Array<Kind>(2).fill('requeue native job'),
  ...Array<Kind>(2).fill('call native job over'),
  ...Array<Kind>(2).fill('stop agent'),
  ...Array<Kind>(3).fill('stop node'),
  ...Array<Kind>(2).fill('cancel pilot'),
  'kill manager',
  'stop manager',
  'set clock of manager',
  'set clock of agent',
  'disk is full',
];

/** One thing happens. */
export function trouble(world: World, what: Kind, random: Random): void {
  HAPPENINGS[what](world, random);
}
