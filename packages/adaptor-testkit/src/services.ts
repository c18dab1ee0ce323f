/** The services that users have, on the adaptor; canceled when the requirement is over. */
import { join } from 'node:path';
import { type PilotJob, PilotJobService, type WorkUnit, WorkUnitService } from '@pstar/core';
import { silentLog } from '@pstar/core/testing';
import type { Trial } from './trial.ts';
import { eventually } from './waiting.ts';

/** Ids of services to open again. */
export interface ServiceIds {
  readonly pilots: string;
  readonly work: string;
}

/** The store of a requirement's services. */
export function storeOf({ directory }: Trial): string {
  return join(directory, 'store');
}

/** A service for pilots, new or by its id. */
export async function openPilots(trial: Trial, id?: string): Promise<PilotJobService> {
  const { adaptor, listen } = trial.options;
  const pilots = await PilotJobService.open({
    store: storeOf(trial),
    adaptors: [adaptor],
    log: silentLog,
    signals: false,
    ...(listen !== undefined && { listen }),
    ...(id !== undefined && { id }),
  });
  trial.atEnd(() => pilots.cancel());
  return pilots;
}

/** Both services, new or by their ids. */
export async function openServices(
  trial: Trial,
  ids?: ServiceIds,
): Promise<{ pilots: PilotJobService; work: WorkUnitService }> {
  const pilots = await openPilots(trial, ids?.pilots);
  const work = await WorkUnitService.open({
    store: storeOf(trial),
    services: [pilots],
    log: silentLog,
    ...(ids !== undefined && { id: ids.work }),
  });
  trial.atEnd(() => work.cancel());
  return { pilots, work };
}

/** Waits for a state of a pilot or a unit. */
export async function reached(
  trial: Trial,
  subject: PilotJob | WorkUnit,
  state: string,
): Promise<void> {
  await eventually(
    async () => (subject.state === state ? true : undefined),
    () => `${state}; ${subject.id} says: ${subject.explain()}`,
    trial.patienceMs,
  );
}

/** A unit that runs a line of shell in the requirement's own directory. */
export function shellUnit({ directory }: Trial, line: string) {
  return { executable: '/bin/sh', arguments: ['-c', line], workingDirectory: directory };
}
