/**
 * How long agents are kept supplied without hearing from us: as long as it may take from a report to
 * the units that it makes room for. In a program that computes, that is several of the times during
 * which it lets nobody else have a turn.
 */

/** Where the program answers at once. */
export const AHEAD_MS = 2_000;
/** A laptop that slept for a night is no reason to hold everything that there is. */
const AHEAD_MAX_MS = 60_000;
/**
 * Turns of the event loop from a report to the start of others: it is read, written, known to be on
 * disk, sent; and it came during the turn before. With four, units of 0.1 s beside a program that lets
 * one turn pass every 2 s had idle slots for none of the time, with none for two thirds of it.
 */
const TURNS = 4;
/** For how long a standstill counts. */
const FORGOTTEN_MS = 60_000;

/** Learns how long this program stands still at a time. */
export class Ahead {
  #standstillMs = 0;
  #at = Number.NEGATIVE_INFINITY;

  /** It has stood still for so long, until now. */
  stoodStill(ms: number, now: number): void {
    this.#standstillMs = Math.max(ms, this.#recent(now));
    this.#at = now;
  }

  /** For how long each agent is to have enough, in milliseconds. */
  ms(now: number): number {
    return Math.min(AHEAD_MS + TURNS * this.#recent(now), AHEAD_MAX_MS);
  }

  #recent(now: number): number {
    return now - this.#at < FORGOTTEN_MS ? this.#standstillMs : 0;
  }
}
