/**
 * What a node has to give, and who holds which part of it: core and gpu ids, memory, and whatever
 * else is counted by name. Knows nothing of units; never gives the same thing twice.
 */
import { assert } from '../model/assert.ts';
import type { Resources } from '../model/resources.ts';

/** What a node has, with the names of its cores and gpus. */
export interface SlotCapacity {
  readonly cores: readonly number[];
  readonly gpus: readonly number[];
  /** Bytes. */
  readonly memory: number;
  readonly resources: Readonly<Record<string, number>>;
}

/** What somebody holds until it is released. */
export interface Allocation {
  readonly cores: readonly number[];
  readonly gpus: readonly number[];
  readonly request: Resources;
}

const ONE_CORE: Resources = { cores: 1, memory: 0, gpus: 0, resources: {} };

/** Whether a request is for cores and nothing else. */
function onlyCores({ memory, gpus, resources }: Resources): boolean {
  if (memory > 0 || gpus > 0) return false;
  for (const _ in resources) return false;
  return true;
}

/** The free part of a node. Both ways cost as much as the request is wide, not as the node is. */
export class Slots {
  readonly capacity: SlotCapacity;
  /** Stacks: what was freed last is warm, and is given out first. */
  readonly #cores: number[];
  readonly #gpus: number[];
  #memory: number;
  readonly #resources: Map<string, number>;
  /** By core id: the allocations of one core alone are by far the most, and are made only once. */
  readonly #single: Allocation[] = [];

  constructor(capacity: SlotCapacity) {
    this.capacity = capacity;
    this.#cores = capacity.cores.toReversed();
    this.#gpus = capacity.gpus.toReversed();
    this.#memory = capacity.memory;
    this.#resources = new Map(Object.entries(capacity.resources));
    for (const core of capacity.cores) {
      this.#single[core] = { cores: [core], gpus: [], request: ONE_CORE };
    }
  }

  /** How many cores nobody holds. */
  get freeCores(): number {
    return this.#cores.length;
  }

  /** What nobody holds. */
  get free(): Resources {
    return {
      cores: this.#cores.length,
      memory: this.#memory,
      gpus: this.#gpus.length,
      resources: Object.fromEntries(this.#resources),
    };
  }

  /** Whether {@link allocate} would give it now. */
  fits(request: Resources): boolean {
    if (
      request.cores > this.#cores.length ||
      request.memory > this.#memory ||
      request.gpus > this.#gpus.length
    ) {
      return false;
    }
    for (const name in request.resources) {
      if ((request.resources[name] ?? 0) > (this.#resources.get(name) ?? 0)) return false;
    }
    return true;
  }

  /** All of the request, or undefined and nothing changed. */
  allocate(request: Resources): Allocation | undefined {
    if (!this.fits(request)) return undefined;
    if (request.cores === 1 && onlyCores(request)) {
      return this.#single[this.#cores.pop() as number] as Allocation;
    }
    this.#memory -= request.memory;
    for (const name in request.resources) this.#add(name, -(request.resources[name] ?? 0));
    return {
      cores: take(this.#cores, request.cores),
      gpus: take(this.#gpus, request.gpus),
      request,
    };
  }

  /** Takes back what {@link allocate} gave. */
  release({ cores, gpus, request }: Allocation): void {
    for (const core of cores) this.#cores.push(core);
    for (const gpu of gpus) this.#gpus.push(gpu);
    this.#memory += request.memory;
    for (const name in request.resources) this.#add(name, request.resources[name] ?? 0);
    assert(
      this.#cores.length <= this.capacity.cores.length && this.#memory <= this.capacity.memory,
      'more was released than there is',
    );
  }

  #add(name: string, amount: number): void {
    this.#resources.set(name, (this.#resources.get(name) ?? 0) + amount);
  }
}

function take(stack: number[], count: number): number[] {
  return count === 0 ? [] : stack.splice(stack.length - count).sort((a, b) => a - b);
}
