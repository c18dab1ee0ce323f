/** Amounts of cores, memory, gpus and whatever else a site names: wanted, present, and missing. */
import { approximateSize, approximateSizes } from './quantity.ts';

/** Amounts of everything that work can hold while it runs. */
export interface Resources {
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
  /** Whatever else a site or a user counts, by name. */
  readonly resources: Readonly<Record<string, number>>;
}

/** What a work unit holds while it runs. */
export type ResourceRequest = Resources;

/** What an agent has to give, or still has. */
export type Capacity = Resources;

/** How an agent starts processes. */
export type Launcher = 'posix_spawn' | 'child_process' | 'null';

/** What an agent really found on its node. */
export interface NodeInfo extends Resources {
  readonly host: string;
  readonly cpuArchitecture: string;
  readonly operatingSystemType: string;
  readonly nodeVersion: string;
  readonly pstarVersion: string;
  readonly launcher: Launcher;
  /** Why it is not the fast launcher, if it is not. */
  readonly launcherNote?: string;
}

/** Whether the capacity has room for the request. */
export function fits(request: ResourceRequest, capacity: Capacity): boolean {
  if (
    request.cores > capacity.cores ||
    request.memory > capacity.memory ||
    request.gpus > capacity.gpus
  ) {
    return false;
  }
  for (const name in request.resources) {
    if ((request.resources[name] ?? 0) > (capacity.resources[name] ?? 0)) return false;
  }
  return true;
}

/** How many such requests the capacity has room for at once. */
export function timesIn(request: ResourceRequest, capacity: Capacity): number {
  const times = (wanted: number, present: number) =>
    wanted > 0 ? present / wanted : Number.POSITIVE_INFINITY;
  const { cores, memory, gpus, resources } = request;
  const least = Math.min(
    times(cores, capacity.cores),
    times(memory, capacity.memory),
    times(gpus, capacity.gpus),
    ...Object.entries(resources).map(([name, wanted]) =>
      times(wanted, capacity.resources[name] ?? 0),
    ),
  );
  return Math.floor(least);
}

/** The request in a few words: `64 cores`, `2 cores, 4 GiB, 1 gpu`. */
export function describeRequest(request: ResourceRequest): string {
  const { cores, memory, gpus, resources } = request;
  const words = [counted(cores, 'core')];
  if (memory > 0) words.push(approximateSize(memory));
  if (gpus > 0) words.push(counted(gpus, 'gpu'));
  for (const [name, amount] of named(resources)) words.push(`${amount} ${name}`);
  return words.join(', ');
}

/** Why the request does not fit: `wants 64 cores; has 4`; undefined when it does. */
export function whyNot(request: ResourceRequest, capacity: Capacity): string | undefined {
  const wants: string[] = [];
  const has: string[] = [];
  if (request.cores > capacity.cores) {
    wants.push(counted(request.cores, 'core'));
    has.push(`${capacity.cores}`);
  }
  if (request.memory > capacity.memory) {
    const [wanted, present] = approximateSizes(request.memory, capacity.memory);
    wants.push(`${wanted} of memory`);
    has.push(present);
  }
  if (request.gpus > capacity.gpus) {
    wants.push(counted(request.gpus, 'gpu'));
    has.push(`${capacity.gpus}`);
  }
  for (const [name, amount] of named(request.resources)) {
    const present = capacity.resources[name] ?? 0;
    if (amount <= present) continue;
    wants.push(`${amount} ${name}`);
    has.push(`${present}`);
  }
  return wants.length === 0 ? undefined : `wants ${wants.join(' and ')}; has ${has.join(' and ')}`;
}

/** A string that is equal for equal requests and different for different ones. */
export function requestKey({ cores, memory, gpus, resources }: ResourceRequest): string {
  return JSON.stringify([cores, memory, gpus, ...named(resources)]);
}

/** What is really asked for of the named resources, in one order. */
function named(resources: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(resources)
    .filter(([, amount]) => amount > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function counted(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
