/** What runs on the nodes for 17-parameter-scan.ts: an epidemic on a network of contacts. */
import { defineTask } from '@pstar/core';

/** Who meets whom; takes much longer to make than a run on it. */
export interface Network {
  readonly people: number;
  /** Of person `i`, from `first[i]` to `first[i + 1]`. */
  readonly contacts: Uint32Array;
  readonly first: Uint32Array;
}

/** One point of the scan. */
export interface Parameters {
  /** How likely a contact passes it on. */
  readonly infection: number;
  readonly seed: number;
}

/** What a run has come to. */
export interface Outcome {
  /** The share of people that ever had it. */
  readonly infected: number;
  /** How many networks the worker has made so far: one, however many runs it has done. */
  readonly networks: number;
  /** The worker. */
  readonly process: number;
}

const PEOPLE = 20_000;
const CONTACTS = 8;
let networks = 0;

/** Called once in each worker, before its first run. */
export function init(): Network {
  networks++;
  return makeNetwork(PEOPLE, CONTACTS, 7);
}

/** One run: from ten people on, until nobody is left who could pass it on. */
export const epidemic = defineTask(
  import.meta.url,
  'epidemic',
  (parameters: Parameters, { state }): Outcome => {
    const infected = spread(state as Network, parameters) / PEOPLE;
    return { infected, networks, process: process.pid };
  },
);

/** How many people ever had it. */
export function spread(network: Network, { infection, seed }: Parameters): number {
  const random = randomNumbers(seed);
  const had = new Uint8Array(network.people);
  let ill = [...new Set(Array.from({ length: 10 }, () => Math.floor(random() * network.people)))];
  for (const one of ill) had[one] = 1;
  let count = ill.length;
  while (ill.length > 0) {
    const next: number[] = [];
    for (const one of ill) {
      for (let at = network.first[one] as number; at < (network.first[one + 1] as number); at++) {
        const other = network.contacts[at] as number;
        if (had[other] === 1 || random() >= infection) continue;
        had[other] = 1;
        count++;
        next.push(other);
      }
    }
    ill = next;
  }
  return count;
}

/** Everybody knows some neighbours and some others. */
function makeNetwork(people: number, contacts: number, seed: number): Network {
  const random = randomNumbers(seed);
  const known = Array.from({ length: people }, () => new Set<number>());
  for (let one = 0; one < people; one++) {
    while ((known[one] as Set<number>).size < contacts / 2) {
      const isNear = random() < 0.8;
      const other = isNear
        ? (one + 1 + Math.floor(random() * contacts)) % people
        : Math.floor(random() * people);
      if (other === one) continue;
      known[one]?.add(other);
      known[other]?.add(one);
    }
  }
  const first = new Uint32Array(people + 1);
  for (const [one, others] of known.entries())
    first[one + 1] = (first[one] as number) + others.size;
  return { people, first, contacts: Uint32Array.from(known.flatMap((others) => [...others])) };
}

/** Mulberry32: the same numbers on every node. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
