/** What an agent's mind wants to have done to units. */
import type { OutputStream, SealedReport } from '../protocol/messages.ts';
import type { Run, RunOutcome, ServiceWork, StagedUnit } from './service-work.ts';

/** What is to be done to units. */
export type UnitEffect =
  | { readonly type: 'run'; readonly run: Run }
  /** The grace time is the unit's own, and no longer than this one. */
  | { readonly type: 'terminate'; readonly key: number; readonly graceMs?: number }
  /** A map unit: it is to end as soon as it can, since others wait for its slots. */
  | { readonly type: 'yield'; readonly key: number }
  /** Its inputs are to be brought: answered by `staged` or `stagingFailed`, after which it may come again. */
  | { readonly type: 'stage'; readonly run: StagedUnit }
  /** Its outputs are to be fetched: answered by `collected` or `collectingFailed`. */
  | { readonly type: 'collect'; readonly key: number; readonly outcome: RunOutcome }
  /**
   * It is over, and whatever of its files is here or on its way is needless. Said once of each unit
   * with files, but of those whose end was one of these answers.
   */
  | { readonly type: 'unstage'; readonly key: number }
  /** Without a key: there is no such output, and never will be; or there was, and it is not kept. */
  | {
      readonly type: 'watch';
      readonly key: number | undefined;
      readonly service: ServiceWork;
      readonly unit: number;
      readonly attempt: number;
      readonly stream: OutputStream;
      readonly on: boolean;
      readonly from?: number;
      readonly notKept?: boolean;
    }
  /** What was kept for the service is needless, but for what is to be kept along with this. */
  | { readonly type: 'forget'; readonly service: string };

/** Why files did not travel. */
export interface StagingProblem {
  /** Names the file, the machine and what the system said. */
  readonly problem: string;
  /** Another attempt may succeed. */
  readonly transient?: boolean | undefined;
  /** It would be the same with any other unit: the disk is full. */
  readonly isOfMachine?: boolean | undefined;
}

/** A report that nobody has acknowledged. */
export interface UnheardReport {
  readonly service: string;
  readonly report: SealedReport;
}
