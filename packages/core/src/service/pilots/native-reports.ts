/**
 * Brings what resource managers say of native jobs to the pilot machine: in order, and after what
 * agents have said themselves of the end.
 */
import { Subject } from 'rxjs';
import type { NativeReport, PilotInput } from '../../manager/pilot-events.ts';
import {
  isOver,
  isRequeued,
  type PilotRecord,
  presentAgents,
  saidOf,
} from '../../manager/pilot-record.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { LeftReports } from '../../transport/kept-reports.ts';
import type { AgentRegistry } from '../agents/agent-registry.ts';
import { type LastWord, lastWordsOf } from '../agents/pilot-remains.ts';

/** What reports are brought with. */
export interface NativeReportsParts {
  readonly agents: AgentRegistry;
  readonly clock: Clock;
  readonly log: Log;
  pilotOf(pilotId: string): Readonly<PilotRecord> | undefined;
  leftOf(pilotId: string): LeftReports;
  /**
   * Brings what agents have left to where it is looked for; all of it, and nothing stays elsewhere,
   * once nothing runs any more. False when there is no time for it.
   */
  bring?(pilotId: string, isAllOver: boolean): Promise<boolean>;
  tell(input: PilotInput): void;
}

/** The reports of a service's native jobs. */
export class NativeReports {
  /** Emits a pilot whose native job is over, before anything is made of that. */
  readonly over$ = new Subject<string>();
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
    if (isOver(report)) this.over$.next(pilot);
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
    if (isOver(report)) this.#after(pilot, before, say, () => this.#hear(pilot, true));
    else if (isGoneBy) this.#after(pilot, before, say, () => this.#hearForgotten(pilot));
    // What is back in the queue starts over there once more, with what was brought for it.
    else if (isBack) this.#after(pilot, before, say, () => this.#hear(pilot, false));
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
  async #hear(pilot: string, isAllOver: boolean): Promise<boolean> {
    const { agents, pilotOf } = this.#parts;
    await agents.parted(pilot);
    // It is not true, and nothing is to be fetched: the machine says what becomes of the agents.
    if (agents.areConnected(pilot)) return true;
    const record = pilotOf(pilot);
    if (record !== undefined && saidOf(record) !== undefined) return this.#hearForgotten(pilot);
    if (!(await this.#bring(pilot, isAllOver))) return false;
    this.#tell(pilot, await this.#lastWords(pilot));
    return true;
  }

  /** A resource manager's memory is short: while an agent may be there, it needs what was brought. */
  async #hearForgotten(pilot: string): Promise<boolean> {
    await this.#bring(pilot, false);
    const words = await this.#lastWords(pilot);
    const ended = new Set(words.map(({ agent }) => agent));
    const record = this.#parts.pilotOf(pilot);
    const agents = record === undefined ? [] : presentAgents(record);
    const isAllOver = agents.every(({ id, at }) => at.link === 'gone' || ended.has(id));
    if (isAllOver && !(await this.#bring(pilot, true))) return false;
    this.#tell(pilot, words);
    return true;
  }

  async #bring(pilot: string, isAllOver: boolean): Promise<boolean> {
    return this.#parts.bring?.(pilot, isAllOver) ?? true;
  }

  #lastWords(pilot: string): Promise<readonly LastWord[]> {
    const { pilotOf, leftOf, log } = this.#parts;
    return lastWordsOf(pilotOf(pilot), leftOf(pilot), log);
  }

  #tell(pilot: string, words: readonly LastWord[]): void {
    const { clock, tell } = this.#parts;
    for (const word of words) tell({ type: 'agent-bye', pilot, ...word, at: clock.now() });
  }
}
