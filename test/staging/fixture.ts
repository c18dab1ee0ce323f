/** Pilots of this machine that share no files with it, as one behind a network does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type PilotJob,
  type PilotJobDescription,
  PilotJobService,
  WorkUnitService,
} from '@pstar/core';
import { onTestFinished } from 'vitest';
import { localAdaptor } from '../../packages/core/src/adaptor/local.ts';
import { reached } from '../integration/fixture.ts';

/** `local://`, but for what it says of files. */
const apartAdaptor: typeof localAdaptor = {
  ...localAdaptor,
  connect: async (rm, context) => {
    const manager = await localAdaptor.connect(rm, context);
    return new Proxy(manager, {
      get: (target, name) => {
        if (name === 'sharesFiles') return false;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  },
};

export interface StagingWorld {
  readonly store: string;
  /** Files of the submitting program, removed with the test. */
  readonly home: string;
  readonly pilots: PilotJobService;
  readonly work: WorkUnitService;
  readonly pilot: PilotJob;
}

/** Opens the services of a store. */
export async function openServices(store: string, ids: { pilots?: string; work?: string } = {}) {
  const pilots = await PilotJobService.open({
    store,
    adaptors: [apartAdaptor],
    ...(ids.pilots && { id: ids.pilots }),
  });
  const work = await WorkUnitService.open({
    store,
    services: [pilots],
    ...(ids.work && { id: ids.work }),
  });
  return { pilots, work };
}

/** A directory of the submitting program. */
export async function homeDirectory(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'pstar-home-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

/** A running pilot whose node shares no files; all of it is gone with the test. */
export async function openStagingWorld(
  description: PilotJobDescription = { totalCpuCount: 4 },
): Promise<StagingWorld> {
  const home = await homeDirectory();
  const store = await mkdtemp(join(tmpdir(), 'pstar-test-'));
  const services = await openServices(store);
  onTestFinished(async () => {
    await services.work.cancel();
    await services.pilots.cancel();
    await rm(store, { recursive: true, force: true });
  });
  const pilot = await services.pilots.create('local://', description);
  await reached(pilot, 'Running');
  return { store, home, ...services, pilot };
}
