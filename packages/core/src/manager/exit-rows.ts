/** How attempts have ended, as agents report it and as the table has it. */
import { FAILURE_REASONS } from '../model/exit.ts';
import type { EndedColumns } from '../protocol/messages.ts';
import type { UnitPage } from './unit-page.ts';

const SPAWN_FAILED = FAILURE_REASONS.indexOf('SPAWN_FAILED');
const TIME_LIMIT = FAILURE_REASONS.indexOf('TIME_LIMIT');
const STAGING_FAILED = FAILURE_REASONS.indexOf('STAGING_FAILED');
const CALL_FAILED = FAILURE_REASONS.indexOf('CALL_FAILED');

/** Takes a row of a report into the table. */
export function enterExit(page: UnitPage, row: number, ended: EndedColumns, i: number): void {
  page.exitCode[row] = ended.exitCodes[i] as number;
  page.signal[row] = ended.signals[i] as number;
  page.reason[row] = ended.reasons[i] as number;
  page.startedAt[row] = ended.startedAt[i] as number;
  page.finishedAt[row] = ended.finishedAt[i] as number;
  page.userTime[row] = ended.userTime[i] as number;
  page.systemTime[row] = ended.systemTime[i] as number;
  page.maxRss[row] = ended.maxRss[i] as number;
}

/** Whether an attempt that ended so had a process. */
export function hadProcess(reason: number, exitCode: number): boolean {
  if (reason === CALL_FAILED) return true;
  // Its inputs did not come, or its outputs did not.
  if (reason >= STAGING_FAILED) return exitCode >= 0;
  return reason <= TIME_LIMIT || reason > SPAWN_FAILED;
}
