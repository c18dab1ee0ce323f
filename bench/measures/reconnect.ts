/** How soon a program that was killed has its agents back, in the next one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import type { Sample } from '../harness.ts';
import { type Context, seconds } from './world.ts';

const PILOTS = 4;
const IDS = { pilots: 'pilots', work: 'work' } as const;

/** Kills a program with very many units in flight, and opens its services again. */
export async function reconnect(context: Context): Promise<Sample> {
  await leaveAlone(context);
  const before = seconds();
  const pilots = await PilotJobService.open({ store: context.directory, id: IDS.pilots });
  const services = [pilots];
  const work = await WorkUnitService.open({ store: context.directory, id: IDS.work, services });
  const opened = seconds() - before;
  const all = [...pilots.pilotJobs];
  await Promise.all(all.map(({ state$ }) => until(state$, (state) => state === 'Running')));
  const reconnected = seconds() - before;
  const { byState } = work.statistics;
  if (byState.Running !== context.sizes.inFlight) throw new Error(`${byState.Running} units run`);
  await work.cancel();
  await pilots.cancel();
  checkLedger(context);
  return { opened, reconnected };
}

/** The program that is killed: it has run as many units as are in flight before. */
export async function inFlight({ directory, sizes }: Context): Promise<Sample> {
  const pilots = await PilotJobService.open({ store: directory, id: IDS.pilots });
  const work = await WorkUnitService.open({ store: directory, id: IDS.work, services: [pilots] });
  const totalCpuCount = Math.ceil(sizes.inFlight / PILOTS);
  for (let i = 0; i < PILOTS; i++) await pilots.create('local://', { totalCpuCount });
  const unit = (number: number, then: string) => ({
    executable: '/bin/sh',
    arguments: ['-c', `echo ${number} >> ledger; ${then}`],
    workingDirectory: directory,
  });
  const numbers = Array.from({ length: 2 * sizes.inFlight }, (_, number) => number);
  await work.submit(numbers.slice(0, sizes.inFlight).map((number) => unit(number, 'exit 0')));
  await work.wait();
  // What is expected to last is not held ahead by one agent while another has room.
  const lasting = (number: number) => ({
    ...unit(number, 'exec sleep 300'),
    estimatedRunTime: 300,
  });
  await work.submit(numbers.slice(sizes.inFlight).map(lasting));
  await until(work.statistics$, ({ byState }) => byState.Running === sizes.inFlight);
  process.stdout.write('in flight\n');
  await new Promise<never>(() => setInterval(() => {}, 1000));
  return {};
}

interface Stream<T> {
  subscribe(next: (value: T) => void): unknown;
}

function until<T>(stream: Stream<T>, is: (value: T) => boolean): Promise<void> {
  return new Promise((resolve) => {
    stream.subscribe((value) => {
      if (is(value)) resolve();
    });
  });
}

/** Lets {@link inFlight} come to where it is to be killed, and kills it. */
async function leaveAlone(context: Context): Promise<void> {
  const words = [
    ...process.execArgv,
    String(process.argv[1]),
    'in-flight',
    JSON.stringify(context),
  ];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const died = once(child, 'exit').then(() => {
    throw new Error('the program that was to be killed has ended by itself');
  });
  await Promise.race([once(child.stdout, 'data'), died]);
  died.catch(() => {});
  child.kill('SIGKILL');
  await died.catch(() => {});
}

/** By the units' own account none was started twice. */
function checkLedger({ directory, sizes }: Context): void {
  const started = readFileSync(join(directory, 'ledger'), 'utf8').trim().split('\n');
  const each = new Set(started);
  if (started.length === each.size && each.size === 2 * sizes.inFlight) return;
  throw new Error(`${started.length} starts of ${each.size} units, of ${2 * sizes.inFlight}`);
}
