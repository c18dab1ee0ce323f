/**
 * Brings what resource managers say of native jobs to the pilot machine: in order, and after what
 * agents have said themselves of the end.
 */
import type { NativeReport, PilotInput } from '../manager/pilot-events.ts';
import { isOver, isRequeued, type PilotRecord } from '../manager/pilot-record.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { LeftReports } from '../transport/kept-reports.ts';
import type { AgentRegistry } from './agent-registry.ts';
import { lastWordsOf } from './pilot-remains.ts';

/** What reports are brought with. */
export interface NativeReportsParts {
  readonly agents: AgentRegistry;
  readonly clock: Clock;
  readonly log: Log;
  pilotOf(pilotId: string): Readonly<PilotRecord> | undefined;
  leftOf(pilotId: string): LeftReports;
  tell(input: PilotInput): void;
}

/** The reports of a service's native jobs. */
export class NativeReports {
  readonly #parts: NativeReportsParts;
  /** Pilots whose agents' last words are waited for, with what is to be told after them. */
  readonly #waiting = new Map<string, Promise<void>>();

  constructor(parts: NativeReportsParts) {
    this.#parts = parts;
  }

  /**
   * Takes a report in, as NativeJobs gives it. That a native job is back in the queue is passed over
   * where an agent has been heard since it was asked: that one may have been started since, and what
   * is true is said again when it is silent.
   */
  report(pilot: string, report: NativeReport, forgotten: boolean, asOf: number): void {
    const { agents, clock, tell, pilotOf } = this.#parts;
    const native = pilotOf(pilot)?.native;
    const isGoneBy = forgotten && !agents.wereConnected(pilot, asOf);
    const isBack = native?.phase === 'live' && isRequeued(native.report, report);
    if (isBack && agents.wereConnected(pilot, asOf)) return;
    const say = () => {
      tell({ type: 'native', pilot, report, at: clock.now() });
      const { id: nativeId } = report;
      if (isGoneBy) tell({ type: 'native-forgotten', pilot, nativeId, at: clock.now() });
    };
    const before = this.#waiting.get(pilot);
    if (isOver(report) || isBack || isGoneBy) this.#after(pilot, before, say, true);
    else if (before !== undefined) this.#after(pilot, before, say, false);
    else say();
  }

  #after(pilot: string, before: Promise<void> | undefined, say: () => void, words: boolean): void {
    const said = (before ?? Promise.resolve())
      .then(() => (words ? this.#hearLastWords(pilot) : undefined))
      .then(say)
      .finally(() => {
        if (this.#waiting.get(pilot) === said) this.#waiting.delete(pilot);
      });
    this.#waiting.set(pilot, said);
  }

  async #hearLastWords(pilot: string): Promise<void> {
    const { agents, clock, log, pilotOf, leftOf, tell } = this.#parts;
    await agents.parted(pilot);
    const words = await lastWordsOf(pilotOf(pilot), leftOf(pilot), log);
    for (const word of words) tell({ type: 'agent-bye', pilot, ...word, at: clock.now() });
  }
}
