/**
 * Looks for the notes of wardens while agents are silent. That an agent is silent proves nothing; that
 * it was killed and nothing of its units is left does, long before its lease is over.
 */
import type { PilotInput } from '../../manager/pilot-events.ts';
import { type PilotRecord, presentAgents } from '../../manager/pilot-record.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { RunningTimers } from '../../runtime/running-timers.ts';

/** A warden needs a moment, and that the whole native job is over is better known from its own word. */
const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;

/** What notes are looked for with. */
export interface KilledAgentsParts {
  readonly clock: Clock;
  readonly timers: RunningTimers;
  readonly log: Log;
  pilotOf(pilotId: string): Readonly<PilotRecord> | undefined;
  /** The agents of a pilot that have a note. */
  killedOf(pilotId: string): Promise<ReadonlySet<string>>;
  tell(input: PilotInput): void;
}

/** The looks of one service, one at a time for each pilot, however many of its agents are silent. */
export class KilledAgents {
  readonly #parts: KilledAgentsParts;
  /** What is due next; a look that finds another in its place goes no further. */
  readonly #looks = new Map<string, object>();

  constructor(parts: KilledAgentsParts) {
    this.#parts = parts;
  }

  /** An agent has become silent, or may be: looks soon, then less and less often while one is. */
  watch(pilotId: string): void {
    this.#later(pilotId, FIRST_MS);
  }

  #later(pilotId: string, ms: number): void {
    const look = {};
    this.#looks.set(pilotId, look);
    this.#parts.timers.after(ms, () => {
      if (this.#looks.get(pilotId) === look) void this.#look(pilotId, ms, look);
    });
  }

  async #look(pilot: string, ms: number, look: object): Promise<void> {
    const { clock, log, killedOf, tell } = this.#parts;
    if (this.#silent(pilot).length > 0) {
      const killed = await killedOf(pilot).catch((error: unknown) => {
        log.debug({ pilot, err: error }, 'notes of killed agents cannot be looked for');
        return new Set<string>();
      });
      for (const agent of this.#silent(pilot)) {
        if (killed.has(agent)) tell({ type: 'agent-killed', pilot, agent, at: clock.now() });
      }
    }
    if (this.#looks.get(pilot) !== look) return;
    if (this.#silent(pilot).length > 0) this.#later(pilot, Math.min(2 * ms, LONGEST_MS));
    else this.#looks.delete(pilot);
  }

  #silent(pilotId: string): string[] {
    const pilot = this.#parts.pilotOf(pilotId);
    if (pilot === undefined) return [];
    return presentAgents(pilot).flatMap(({ id, at }) => (at.link === 'silent' ? [id] : []));
  }
}
