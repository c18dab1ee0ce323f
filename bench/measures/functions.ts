/**
 * Calls of functions on an agent of this machine: how many a second, how long one takes, how much of the
 * cores they get, and what the manager has in memory meanwhile. Maps are by name where it matters: their
 * results are on disk before anybody has them.
 */
import { availableParallelism } from 'node:os';
import type { WorkUnitService } from '@pstar/core';
import { median, quantile, type Sample } from '../harness.ts';
import { nothingTask, spinTask, touchTask } from '../tasks.ts';
import { type Context, openWorld } from './world.ts';

const MB = 1e6;
/** What is measured of a machine that has just begun says little of one that goes on for hours. */
const BEFORE = 0.1;
const PAUSE_MS = 2;
/** By then what is kept has been made, and what the collector leaves lying is what it always leaves. */
const EARLY = 0.4;

/** Empty calls a second, their results durable, with two workers of one agent; and what they cost. */
export async function emptyCalls(context: Context): Promise<Sample> {
  await using world = await openWorld(context, { totalCpuCount: 2 });
  const { calls } = context.sizes;
  await drain(world.work.map(nothingTask, numbers(calls * BEFORE), { name: 'before' }));
  const [cpu, agentCpu] = [process.cpuUsage(), world.agentCpu()];
  const start = performance.now();
  await drain(world.work.map(nothingTask, numbers(calls), { name: 'empty' }));
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const plain = performance.now();
  await drain(world.work.map(nothingTask, numbers(calls)));
  return {
    perSecond: (calls * 1000) / ms,
    managerMicros: (user + system) / calls,
    agentMicros: (world.agentCpu() - agentCpu) / calls,
    plainPerSecond: (calls * 1000) / (performance.now() - plain),
  };
}

/** One call at a time on a warm worker, through a map and as a unit of its own; milliseconds. */
export async function singleCalls(context: Context): Promise<Sample> {
  await using world = await openWorld(context, { totalCpuCount: 1 });
  const { work } = world;
  const mapped = await roundTrips(work, context.sizes.single);
  const units: number[] = [];
  for (let i = 0; i < context.sizes.single; i++) {
    await pause();
    const start = performance.now();
    const { module, exportName } = nothingTask;
    const unit = await work.submit({ module, export: exportName, args: [i] });
    await unit.value();
    units.push(performance.now() - start);
  }
  return {
    median: median(mapped),
    tail: quantile(mapped, 0.99),
    unitMedian: median(units),
    unitTail: quantile(units, 0.99),
  };
}

/** Of the time that all cores had, how much calls of 10, 1 and 0.1 ms got; and how many there were a second. */
export async function busyCalls(context: Context): Promise<Sample> {
  const cores = availableParallelism();
  await using world = await openWorld(context, { totalCpuCount: cores });
  const sample: Record<string, number> = {};
  await drain(world.work.map(spinTask, repeated(1, 20 * cores)));
  for (const ms of [10, 1, 0.1]) {
    const calls = callsOf(context, ms);
    const start = performance.now();
    await drain(world.work.map(spinTask, repeated(ms, calls), { name: `busy-${ms}` }));
    const took = performance.now() - start;
    sample[`share${ms}`] = (calls * ms) / cores / took;
    sample[`perSecond${ms}`] = (calls * 1000) / took;
  }
  return sample;
}

/** Calls that keep the cores busy for as long as the round is to take. */
export function callsOf({ sizes }: Context, ms: number): number {
  return Math.ceil((sizes.busyMs * availableParallelism()) / ms);
}

/** Megabytes a second there, and as many back. */
export async function largeValues(context: Context): Promise<Sample> {
  await using world = await openWorld(context, { totalCpuCount: 2 });
  const { valueMegabytes } = context.sizes;
  await drain(world.work.map(touchTask, arrays(Math.ceil(valueMegabytes * BEFORE))));
  const start = performance.now();
  await drain(world.work.map(touchTask, arrays(valueMegabytes)));
  return { perSecond: (valueMegabytes * 1000) / (performance.now() - start) };
}

/** What the manager has in memory after two fifths of the calls of a map without an end, and after all of them. */
export async function endlessInputs(context: Context): Promise<Sample> {
  await using world = await openWorld(context, { totalCpuCount: 2 });
  const calls = context.sizes.endless;
  const before = process.memoryUsage.rss() / MB;
  let early = 0;
  let taken = 0;
  for await (const _ of world.work.map(nothingTask, numbers(Number.POSITIVE_INFINITY))) {
    taken++;
    if (taken === Math.floor(calls * EARLY)) early = process.memoryUsage.rss() / MB;
    if (taken === calls) break;
  }
  const late = process.memoryUsage.rss() / MB;
  return { before, early, late, growth: late - early };
}

/** Each input comes when the result before it is there. */
async function roundTrips(work: WorkUnitService, count: number): Promise<number[]> {
  const trips: number[] = [];
  let start = 0;
  let answered: () => void = () => {};
  async function* one(): AsyncGenerator<number> {
    for (let i = 0; i < count + Math.ceil(count * BEFORE); i++) {
      const answer = new Promise<void>((resolve) => {
        answered = resolve;
      });
      start = performance.now();
      yield i;
      await answer;
      await pause();
    }
  }
  for await (const _ of work.map(nothingTask, one())) {
    trips.push(performance.now() - start);
    answered();
  }
  return trips.slice(-count);
}

async function drain(results: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of results);
}

function* numbers(count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield i;
}

function* repeated(ms: number, count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield ms;
}

/** The same megabyte again and again, as the bare copy has it: to fill it would take a tenth of the time. */
function* arrays(count: number): Generator<Uint8Array> {
  const bytes = new Uint8Array(1024 * 1024).fill(1);
  for (let i = 0; i < count; i++) yield bytes;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
