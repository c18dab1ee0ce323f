/** Services and a pilot for one measurement, and what every measurement is given. */
import { readFileSync } from 'node:fs';
import {
  type PilotJob,
  type PilotJobDescription,
  PilotJobService,
  WorkUnitService,
} from '@pstar/core';
import type { StampPrograms } from '../stamps.ts';
import type { PROCESS_KINDS, Sizes } from '../workloads.ts';

/** What a measurement is told. */
export interface Context {
  readonly sizes: Sizes;
  /** A directory of its own, on a disk. */
  readonly directory: string;
  /** Of work that is drawn. */
  readonly seed?: number;
  /** A store that another measurement has left. */
  readonly left?: string;
  readonly stamps?: StampPrograms;
  /** What agents run under instead of this node: for a profile of them, or to make them larger. */
  readonly agentNode?: string;
  /** Of which kind processes are, and where their files go. */
  readonly kind?: keyof typeof PROCESS_KINDS;
  readonly outputs?: string;
  /** What a pilot was told at its start, for a process that stands for its agents. */
  readonly settings?: string;
  /** As how many. */
  readonly agents?: number;
  /** To be dialed. */
  readonly port?: number;
}

/** A work unit service over one pilot of this machine. */
export interface World extends AsyncDisposable {
  readonly work: WorkUnitService;
  readonly pilot: PilotJob;
  /** Microseconds of processor time that the agent has had, all of its threads together. */
  agentCpu(): number;
  /** How much of it is in memory. */
  agentMegabytes(): number;
}

/** Opens services with a store in the context's directory; the first units wait for the pilot. */
export async function openWorld(
  { directory, agentNode }: Context,
  description: PilotJobDescription,
): Promise<World> {
  const pilots = await PilotJobService.open({ store: directory });
  const work = await WorkUnitService.open({ store: directory, services: [pilots] });
  const agent = { ...description.agent, ...(agentNode !== undefined && { node: agentNode }) };
  const pilot = await pilots.create('local://', { ...description, agent });
  const pid = (): number => Number.parseInt(`${pilot.nativeId}`, 10);
  return {
    work,
    pilot,
    agentCpu: () => cpuOf(pid()),
    agentMegabytes: () => residentOf(pid()) / 1024,
    [Symbol.asyncDispose]: async () => {
      await work.cancel();
      await pilots.cancel();
    },
  };
}

/** From /proc, whose clock ticks a hundred times a second. */
function cpuOf(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13);
  return (Number(user) + Number(system)) * 10_000;
}

/** From /proc, in KiB. */
function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Seconds of a clock that nobody sets. */
export function seconds(): number {
  return performance.now() / 1000;
}
