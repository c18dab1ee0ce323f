/** Why no unit may be for a pilot alone that is over. */
import { PilotError } from '../../model/errors.ts';
import { isFinalPilotJobState } from '../../model/pilot-job-state.ts';
import type { PilotJob } from '../base/pilot-job.ts';

/** Finds a pilot by its id, where it is known. */
export type FindPilot = (id: string) => Pick<PilotJob, 'state' | 'stateDetail'> | undefined;

/** What it is to name that pilot, where it is known and over. */
export function whyOver(id: string, pilotJob: FindPilot): PilotError | undefined {
  const pilot = pilotJob(id);
  if (pilot === undefined || !isFinalPilotJobState(pilot.state)) return undefined;
  const { state, stateDetail: detail } = pilot;
  return new PilotError('WRONG_STATE', `pilot ${id} is ${detail ? `${state}: ${detail}` : state}`, {
    subject: 'pilotJob',
    hint: 'name another pilot, or leave pilotJob out',
  });
}
