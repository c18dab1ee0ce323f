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
  /** Brings what agents have left to where it is looked for; false when there is no time for it any more. */
  collect?(pilotId: string): Promise<boolean>;
  tell(input: PilotInput): void;
}

/** The reports of a service's native jobs. */
export class NativeReports {
  readonly #parts: NativeReportsParts;
  /** Pilots whose agents' last words are waited for, with what is to be told after them. */
  readonly #waiting = new Map<string, Promise<boolean>>();

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
    if (isOver(report) || isGoneBy) this.#after(pilot, before, say, () => this.#hearAll(pilot));
    // What is back in the queue starts over there once more, with what was brought for it.
    else if (isBack) this.#after(pilot, before, say, () => this.#hearLastWords(pilot));
    else if (before !== undefined) this.#after(pilot, before, say);
    else say();
  }

  #after(
    pilot: string,
    before: Promise<boolean> | undefined,
    say: () => void,
    hear: () => Promise<boolean> = async () => true,
  ): void {
    const said = (before ?? Promise.resolve(true))
      .then((goesOn) => goesOn && hear())
      .then((goesOn) => {
        if (goesOn) say();
        return goesOn;
      })
      .finally(() => {
        if (this.#waiting.get(pilot) === said) this.#waiting.delete(pilot);
      });
    this.#waiting.set(pilot, said);
  }

  /** False when it cannot be known before the end of this service. */
  async #hearAll(pilot: string): Promise<boolean> {
    const { agents, collect } = this.#parts;
    await agents.parted(pilot);
    return (await (collect?.(pilot) ?? true)) && this.#hearLastWords(pilot);
  }

  async #hearLastWords(pilot: string): Promise<boolean> {
    const { agents, clock, log, pilotOf, leftOf, tell } = this.#parts;
    await agents.parted(pilot);
    const words = await lastWordsOf(pilotOf(pilot), leftOf(pilot), log);
    for (const word of words) tell({ type: 'agent-bye', pilot, ...word, at: clock.now() });
    return true;
  }
}
