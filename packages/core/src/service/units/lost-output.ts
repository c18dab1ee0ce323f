/** What is said to whoever wants to see output of a unit that nobody has any more. */
import { namedFiles } from '../../manager/attempt-files.ts';
import { STATE } from '../../manager/state-numbers.ts';
import { NONE, PAGE_MASK } from '../../manager/unit-page.ts';
import type { WorkState } from '../../manager/work-state.ts';
import { PilotError } from '../../model/errors.ts';
import { unitId } from '../../model/ids.ts';
import type { OutputStream } from '../../protocol/messages.ts';

/**
 * Why it cannot be had: its agent has not kept it, is gone, or cannot be reached at the moment; or the agent
 * was lost before all had come.
 */
export type WhyLost = 'dropped' | 'gone' | 'away' | 'cut';

/** Which output it was. */
export interface LostOutput {
  readonly service: string;
  readonly unit: number;
  readonly stream: OutputStream;
}

const NAMES = { stdout: 'standard output', stderr: 'standard error' } as const;
const ATTRIBUTES = { stdout: 'output', stderr: 'error' } as const;
const WHY = {
  dropped: 'its agent keeps only what was written last',
  gone: 'its agent is gone',
  cut: 'its agent was lost before all of it had come',
} as const;

const FILE_GONE = 'the file that it was written to is not there any more';

/** Why a stream ends that is not empty, and has brought nothing, or not all. */
export function lostOutput(
  state: WorkState,
  { service, unit, stream }: LostOutput,
  why: WhyLost,
): PilotError {
  const name = NAMES[stream];
  const subject = unitId(service, unit);
  if (why === 'away') {
    const problem = `its agent, which may have its ${name}, cannot be reached`;
    return new PilotError('CONNECTION_LOST', problem, { subject, hint: 'subscribe again later' });
  }
  const file = namedFiles(state, unit)[ATTRIBUTES[stream]];
  const hint =
    file === undefined
      ? `subscribe before it ends, or name a file in its ${ATTRIBUTES[stream]}`
      : `look for the file that its ${ATTRIBUTES[stream]} names, ${file}`;
  const reason = file !== undefined && why === 'dropped' ? FILE_GONE : WHY[why];
  return new PilotError('NOT_FOUND', `its ${name} is not kept: ${reason}`, { subject, hint });
}

/** Whether its last attempt may have written anything. */
export function hasRun({ units }: WorkState, unit: number): boolean {
  const page = units.page(unit);
  const row = unit & PAGE_MASK;
  const hasFailed = page.state[row] === STATE.Failed && page.place[row] !== NONE;
  return (page.startedAt[row] as number) > 0 || hasFailed;
}
