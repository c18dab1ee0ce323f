/**
 * What a scheduler sees and does. It works on classes of equal request, not on units: a million
 * units of one shape are one queue. It knows no unit, no socket and no clock, so that a user's own
 * scheduler is a plain object with one method.
 */
import type { Capacity, ResourceRequest } from '../model/resources.ts';

/** Units of equal request, priority and constraints that wait to be bound. */
export interface RequestClass {
  readonly id: number;
  readonly request: ResourceRequest;
  /** Higher goes first. */
  readonly priority: number;
  /** How many wait. */
  readonly pending: number;
  /** The one that has waited longest; its number grows with the order of submission. */
  readonly oldest: number;
}

/** A live agent. */
export interface Place {
  readonly id: number;
  readonly pilotId: string;
  readonly capacity: Capacity;
  /** Cores of all units bound here, those held ahead of free slots included. */
  readonly bookedCores: number;
  /** At most the cores of the narrowest unit bound here, Infinity before the first. */
  readonly narrowest: number;
}

/** One round of scheduling: what waits, where there may be room, and the way to bind. */
export interface Round {
  /** Classes with waiting units: higher priority first, then the one with the oldest unit. */
  readonly classes: readonly RequestClass[];
  /** The places worth looking at; one that was full and has not changed since is not among them. */
  readonly places: readonly Place[];
  /** Whether the class could run on the place if the place were empty: it is live, and lasts long enough. */
  possible(requests: RequestClass, place: Place): boolean;
  /** Whether that holds for any place, also one that is full and not in this round. */
  possibleSomewhere(requests: RequestClass): boolean;
  /** How many units of the class could start on the place at once. */
  room(requests: RequestClass, place: Place): number;
  /**
   * How many the place may hold beyond its free slots, so that none idles for a round trip. They
   * can be taken back while they have not started. None where a unit of higher priority waits that
   * could run there, or, while lower ones are about, where such a unit might wait longer than elsewhere.
   */
  roomAhead(requests: RequestClass, place: Place): number;
  /** Binds the oldest `count` units of the class. More than wait, or than there is room for, is a defect. */
  bind(requests: RequestClass, place: Place, count: number): void;
}

/** Decides which units go to which pilot. May keep what it remembers between rounds in itself. */
export interface Scheduler {
  readonly name: string;
  /** Binds what it wants bound in this round; called whenever something has changed. */
  schedule(round: Round): void;
}
