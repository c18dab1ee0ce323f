/** The services that users have, on the adaptor; canceled when the requirement is over. */
import { join } from 'node:path';
import { type PilotJob, PilotJobService, type WorkUnit, WorkUnitService } from '@pstar/core';
import type { Adaptor } from '@pstar/core/adaptor';
import { silentLog } from '@pstar/core/testing';
import { must } from './check.ts';
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
  const { listen } = trial.options;
  const pilots = await PilotJobService.open({
    store: storeOf(trial),
    adaptors: [adaptorOf(trial)],
    log: silentLog,
    signals: false,
    ...(listen !== undefined && { listen }),
    ...(id !== undefined && { id }),
  });
  trial.atEnd(() => pilots.cancel());
  return pilots;
}

/** The adaptor, whose commands run where those of all other connections do. */
function adaptorOf({ options: { adaptor }, commands }: Trial): Adaptor {
  const connect: Adaptor['connect'] = (rm, context) =>
    adaptor.connect(rm, { ...context, runner: commands });
  return { ...adaptor, connect };
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

/** Waits for a state of a pilot or a unit; fails at once when it has ended in another. */
export async function reached(
  { patienceMs }: Pick<Trial, 'patienceMs'>,
  subject: PilotJob | WorkUnit,
  state: string,
): Promise<void> {
  const said = () => `${state}; ${subject.id} says: ${subject.explain()}`;
  const look = async () => {
    if (subject.state === state) return true;
    const isOver = FINAL.includes(subject.state);
    must(!isOver, `waited for ${said()}`);
    return undefined;
  };
  await eventually(look, said, patienceMs);
}

const FINAL: readonly string[] = ['Done', 'Canceled', 'Failed'];

/** A unit that runs a line of shell in the requirement's own directory. */
export function shellUnit({ directory }: Trial, line: string) {
  return { executable: '/bin/sh', arguments: ['-c', line], workingDirectory: directory };
}
