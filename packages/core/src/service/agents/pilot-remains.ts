/** What is left of a pilot whose processes are over: its agents' last words, and its directory. */
import { type PilotRecord, presentAgents } from '../../manager/pilot-record.ts';
import type { ParsedPilotJobDescription } from '../../model/pilot-job-description.ts';
import type { Log } from '../../runtime/log.ts';
import { type Bye, LeftFiles, type LeftReports } from '../../transport/kept-reports.ts';
import { cleanUpPlace, type PilotPlace } from './pilot-launch.ts';

/** An agent's last word, that nobody has heard. */
export interface LastWord extends Bye {
  readonly agent: string;
}

/** What agents of the present round wrote down of their end, where they could not say it. */
export async function lastWordsOf(
  pilot: Readonly<PilotRecord> | undefined,
  left: LeftReports,
  log: Log,
): Promise<LastWord[]> {
  const words: LastWord[] = [];
  for (const { id: agent, at } of pilot === undefined ? [] : presentAgents(pilot)) {
    if (at.link === 'gone') continue;
    const bye = await left
      .bye(agent)
      .catch((error: unknown) => log.warn({ agent, err: error }, 'its last word cannot be read'));
    if (bye) words.push({ agent, ...bye });
  }
  return words;
}

/** Removes what nobody needs any more once all of a pilot is over. */
export async function removeRemains(
  { agents }: Readonly<PilotRecord>,
  place: PilotPlace,
  { cleanup }: ParsedPilotJobDescription,
): Promise<void> {
  const left = new LeftFiles(place.keptDirectory);
  for (const agent of agents.keys()) await left.remove(agent);
  await cleanUpPlace(place, cleanup);
  // Wardens leave no more of them now that the settings are removed, and some were unknown agents'.
  for (const agent of await left.killed()) await left.remove(agent);
}
