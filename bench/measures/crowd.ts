/**
 * Very many agents on one machine: one process that stands for all the agents of a pilot. Each is the
 * agent itself, with a link of its own; only that they share a process is not as it would be.
 */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from '../../packages/core/src/agent/agent.ts';
import { managerDialer } from '../../packages/core/src/agent/manager-address.ts';
import type { AgentSettings } from '../../packages/core/src/protocol/agent-settings.ts';
import { systemClock } from '../../packages/core/src/runtime/clock.ts';
import { silentLog } from '../../packages/core/src/runtime/log.ts';
import type { Link } from '../../packages/core/src/transport/link.ts';
import type { Sample } from '../harness.ts';
import { NULL_PILOT } from '../workloads.ts';
import { runIn } from './run-units.ts';
import { type Context, openWorld, type World } from './world.ts';

/** Handshakes at a time: more would only wait for each other. */
const AT_ONCE = 20;

/** Units that start no process, through very many agents. */
export async function manyAgents(context: Context): Promise<Sample> {
  await using world = await openCrowd(context, context.sizes.agents);
  return await runIn(world, context.sizes.nulls);
}

/** A world whose pilot has so many agents, all of them connected. */
export async function openCrowd(context: Context, agents: number): Promise<World> {
  const node = join(context.directory, 'crowd');
  // In place of `node agent.mjs SETTINGS`.
  const words = [context.agentNode ?? process.execPath, ...process.execArgv, process.argv[1]];
  const told = `{"settings":"'"$2"'","agents":${agents}}`;
  const command = words.map((word) => `'${word}'`).join(' ');
  await writeFile(node, `#!/bin/sh\nexec ${command} crowd '${told}'\n`);
  await chmod(node, 0o755);
  const world = await openWorld({ ...context, agentNode: node }, NULL_PILOT);
  while (world.pilot.nodes.length < agents) await new Promise((resolve) => setTimeout(resolve, 20));
  return world;
}

/** The process that stands for them; ends with the pilot. */
export async function crowd({ settings: file = '', agents = 1 }: Context): Promise<Sample> {
  const settings = JSON.parse(await readFile(file, 'utf8')) as AgentSettings;
  const dial = managerDialer(settings, silentLog);
  const dialed: Promise<Link>[] = [];
  const dialInTurn = (): Promise<Link> => {
    const before = dialed.at(-AT_ONCE)?.catch(() => {});
    const link = Promise.resolve(before).then(dial);
    dialed.push(link);
    return link;
  };
  const parts = { clock: systemClock, log: silentLog, dial: dialInTurn, environment: {} };
  const all = Array.from({ length: agents }, () => new Agent(settings, parts));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => all.forEach((agent) => void agent.evict()));
  }
  await Promise.all(all.map((agent) => agent.run()));
  return { agents };
}
