/** Native jobs for requirements to try things with, each in a certain state. */
import type { Connection } from './connection.ts';
import { type LaunchParts, SCRIPTS } from './launches.ts';
import type { Trial } from './trial.ts';

/** How many commands one question or order may take, however many native jobs it is about. */
export const COMMANDS_MAX = 6;
/** Ids that no resource manager has given: a word, one like a number, one with quotes. */
export const UNKNOWN_IDS: readonly string[] = ['nonsense', '2147480000', 'a "b" \'c\'; $(d)'];

/** One that was submitted, and the connection that did it. */
export interface NativeJob {
  readonly here: Connection;
  readonly id: string;
}

async function submitted(trial: Trial, parts: LaunchParts): Promise<NativeJob> {
  const here = await trial.connect();
  return { here, id: await here.submit(await trial.launchOf(parts)) };
}

/** One that runs, as the resource manager says. */
export async function running(trial: Trial): Promise<NativeJob> {
  const made = await submitted(trial, { script: SCRIPTS.stay });
  await made.here.until(made.id, 'Running');
  return made;
}

/**
 * One whose program has said that it runs. Some resource managers call a native job running while they
 * still start it, and suspend half of it then: Slurm (22.05) needs 35 s to end what it suspended before
 * its srun had heard of the step.
 */
export async function started(trial: Trial): Promise<NativeJob> {
  const here = await trial.connect();
  const launch = await trial.launchOf(SCRIPTS.sayAndStay);
  const id = await here.submit(launch);
  await trial.written(launch, 'ready');
  await here.until(id, 'Running');
  return { here, id };
}

/** One that waits in the queue. */
export async function pending(trial: Trial): Promise<NativeJob> {
  const description = trial.option('pending');
  const made = await submitted(trial, { script: SCRIPTS.stay, description });
  await made.here.until(made.id, 'Pending');
  return made;
}
