/** Services in a store of their own, on real local pilots; gone with the test. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type PilotJob,
  type PilotJobDescription,
  PilotJobService,
  type WorkUnit,
  WorkUnitService,
  type WorkUnitServiceOptions,
} from '@pstar/core';
import { filter, firstValueFrom } from 'rxjs';
import { onTestFinished } from 'vitest';

export interface World {
  readonly store: string;
  readonly pilots: PilotJobService;
  readonly work: WorkUnitService;
}

/** Opens both services; they are canceled and their store is removed when the test is over. */
export async function openWorld(options: WorkUnitServiceOptions = {}): Promise<World> {
  const store = await mkdtemp(join(tmpdir(), 'pstar-test-'));
  const pilots = await PilotJobService.open({ store });
  const work = await WorkUnitService.open({ store, services: [pilots], ...options });
  onTestFinished(async () => {
    await work.cancel();
    await pilots.cancel();
    await rm(store, { recursive: true, force: true });
  });
  return { store, pilots, work };
}

/** A world with one pilot that runs. */
export async function openRunningWorld(
  description: PilotJobDescription = { totalCpuCount: 4 },
  options: WorkUnitServiceOptions = {},
): Promise<World & { pilot: PilotJob }> {
  const world = await openWorld(options);
  const pilot = await world.pilots.create('local://', description);
  await reached(pilot, 'Running');
  return { ...world, pilot };
}

/** Resolves once a unit or a pilot is in that state; rejects if it ends without having been. */
export async function reached(subject: WorkUnit | PilotJob, state: string): Promise<void> {
  const states = subject.state$ as import('rxjs').Observable<string>;
  await firstValueFrom(states.pipe(filter((present) => present === state)));
}

/** A unit that runs a line of shell in a directory that is always there. */
export const shell = (line: string) => ({
  executable: '/bin/sh',
  arguments: ['-c', line],
  workingDirectory: '/tmp',
});

/** All that a stream has brought until it completed, as text. */
export function textOf(stream: import('rxjs').Observable<Uint8Array>): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    stream.subscribe({
      next: (chunk) => chunks.push(chunk),
      error: reject,
      complete: () => resolve(Buffer.concat(chunks).toString()),
    });
  });
}

/** The pids of all living processes whose environment has that text. */
export async function processesWith(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return environment.includes(text) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
