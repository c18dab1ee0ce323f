/**
 * The units that wait at an agent, and which of them starts next: by priority, then in turn between
 * services, then in order of arrival; the first that fits. A unit that does not fit is overtaken by
 * smaller ones, but only so often. Knows nothing of processes, reports or the manager.
 *
 * Units stay in the columns in which they came. Those of one service, priority and request form a
 * line, and only the head of a line is ever looked at: if it does not fit, none behind it does.
 */
import type { Resources } from '../model/resources.ts';
import type { UnitColumns } from '../protocol/messages.ts';
import { onlyRows } from './unit-columns.ts';

/** Whoever has units waiting and running: a service. */
export interface Competitor {
  /** Cores that its running units hold; whoever has fewer goes first. */
  runningCores: number;
}

/** Units of one template, as they came, of which those before the cursor have started. */
export interface Stretch<T> extends UnitColumns {
  readonly template: T;
  readonly own: readonly (string | null)[] | undefined;
  readonly arrival: number;
  cursor: number;
}

/** Units of one service, priority and request, in order of arrival. */
export interface Line<C, T> {
  readonly competitor: C;
  readonly priority: number;
  readonly key: string;
  readonly request: Resources;
  /** Never empty, and none of them is used up. */
  readonly stretches: Stretch<T>[];
  /** Cores of the units that have overtaken the present head. */
  overtaken: number;
}

/** What the queue must know of a template. */
export interface Requesting {
  readonly request: Resources;
  /** Equal for equal requests. */
  readonly requestKey: string;
}

/** Room for a request, now. */
export interface Room {
  fits(request: Resources): boolean;
}

interface Level<C, T> {
  readonly priority: number;
  readonly lines: Line<C, T>[];
}

/** Units that wait; one for all services of an agent. */
export class UnitQueue<C extends Competitor, T extends Requesting> {
  /** Highest priority first, none empty. */
  #levels: Level<C, T>[] = [];
  readonly #patience: number;
  #arrivals = 0;
  #size = 0;

  /** @param patience cores of the units by which one that does not fit may be overtaken */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** How many units wait. */
  get size(): number {
    return this.#size;
  }

  push(
    competitor: C,
    priority: number,
    template: T,
    { units, attempts }: UnitColumns,
    own?: readonly (string | null)[],
  ): void {
    if (units.length === 0) return;
    const arrival = this.#arrivals++;
    const stretch: Stretch<T> = { template, units, attempts, own, arrival, cursor: 0 };
    this.#line(competitor, priority, template).stretches.push(stretch);
    this.#size += units.length;
  }

  /**
   * The line whose head is to start now, if any; {@link shift} it then.
   *
   * Heads that do not fit and came earlier, or have a higher priority, are thereby overtaken. One
   * that was overtaken too often holds back all of its priority and below: room for it gathers.
   */
  next(room: Room): Line<C, T> | undefined {
    for (let depth = 0; depth < this.#levels.length; depth++) {
      const { lines } = this.#levels[depth] as Level<C, T>;
      const impatient = this.#firstImpatient(lines);
      if (impatient !== undefined && !room.fits(impatient.request)) return undefined;
      const found = impatient ?? firstFit(lines, room);
      if (found === undefined) continue;
      if (depth > 0 || lines.length > 1) this.#countOvertaken(found, depth, room);
      return found;
    }
    return undefined;
  }

  /** Removes the head of a line. */
  shift(line: Line<C, T>): void {
    const stretch = line.stretches[0] as Stretch<T>;
    stretch.cursor++;
    line.overtaken = 0;
    this.#size--;
    if (stretch.cursor < stretch.units.length) return;
    line.stretches.shift();
    if (line.stretches.length === 0) this.#dropEmptyLines();
  }

  /** Takes out those of a service's units that are asked for, unit → attempt, and names them. */
  remove(competitor: C, asked: ReadonlyMap<number, number>): [unit: number, attempt: number][] {
    return this.#removeIf(competitor, (unit, attempt) => asked.get(unit) === attempt);
  }

  /** Takes out all of a service's units, and names them. */
  removeAll(competitor: C): [unit: number, attempt: number][] {
    return this.#removeIf(competitor, () => true);
  }

  /** All lines, those of the highest priority first. */
  *lines(): Generator<Line<C, T>> {
    for (const { lines } of this.#levels) yield* lines;
  }

  /** Calls for each waiting unit of a service. */
  each(competitor: C, call: (unit: number, attempt: number) => void): void {
    for (const { lines } of this.#levels) {
      for (const line of lines) {
        if (line.competitor !== competitor) continue;
        for (const { units, attempts, cursor } of line.stretches) {
          for (let i = cursor; i < units.length; i++)
            call(units[i] as number, attempts[i] as number);
        }
      }
    }
  }

  #line(competitor: C, priority: number, { request, requestKey: key }: T): Line<C, T> {
    const at = this.#levels.findIndex((level) => level.priority <= priority);
    let level = this.#levels[at];
    if (level?.priority !== priority) {
      level = { priority, lines: [] };
      this.#levels.splice(at < 0 ? this.#levels.length : at, 0, level);
    }
    let line = level.lines.find((each) => each.competitor === competitor && each.key === key);
    if (line === undefined) {
      line = { competitor, priority, key, request, stretches: [], overtaken: 0 };
      level.lines.push(line);
    }
    return line;
  }

  #firstImpatient(lines: readonly Line<C, T>[]): Line<C, T> | undefined {
    let first: Line<C, T> | undefined;
    for (const line of lines) {
      if (line.overtaken < this.#patience) continue;
      if (first === undefined || arrivalOf(line) < arrivalOf(first)) first = line;
    }
    return first;
  }

  #countOvertaken(found: Line<C, T>, depth: number, room: Room): void {
    const { cores } = found.request;
    for (let above = 0; above < depth; above++) {
      for (const line of (this.#levels[above] as Level<C, T>).lines) line.overtaken += cores;
    }
    for (const line of (this.#levels[depth] as Level<C, T>).lines) {
      if (arrivalOf(line) < arrivalOf(found) && !room.fits(line.request)) line.overtaken += cores;
    }
  }

  #removeIf(
    competitor: C,
    isAsked: (unit: number, attempt: number) => boolean,
  ): [unit: number, attempt: number][] {
    const removed: [number, number][] = [];
    for (const { lines } of this.#levels) {
      for (const line of lines) {
        if (line.competitor !== competitor) continue;
        const left = line.stretches.flatMap((stretch) => without(stretch, isAsked, removed));
        if (left[0]?.units[left[0].cursor] !== headOf(line)) line.overtaken = 0;
        line.stretches.splice(0, line.stretches.length, ...left);
      }
    }
    this.#size -= removed.length;
    this.#dropEmptyLines();
    return removed;
  }

  #dropEmptyLines(): void {
    for (const { lines } of this.#levels) {
      for (let i = lines.length - 1; i >= 0; i--) {
        if (lines[i]?.stretches.length === 0) lines.splice(i, 1);
      }
    }
    this.#levels = this.#levels.filter(({ lines }) => lines.length > 0);
  }
}

/** The first line, in turn, that fits. */
function firstFit<C extends Competitor, T>(
  lines: readonly Line<C, T>[],
  room: Room,
): Line<C, T> | undefined {
  let first: Line<C, T> | undefined;
  for (const line of lines) {
    if (first !== undefined && goesBefore(first, line)) continue;
    if (room.fits(line.request)) first = line;
  }
  return first;
}

/** Among lines of one priority. */
function goesBefore<C extends Competitor, T>(a: Line<C, T>, b: Line<C, T>): boolean {
  if (a.competitor.runningCores !== b.competitor.runningCores) {
    return a.competitor.runningCores < b.competitor.runningCores;
  }
  return arrivalOf(a) < arrivalOf(b);
}

/** When the head of a line came. */
function arrivalOf<C, T>({ stretches }: Line<C, T>): number {
  return (stretches[0] as Stretch<T>).arrival;
}

function headOf<C, T>({ stretches: [stretch] }: Line<C, T>): number | undefined {
  return stretch?.units[stretch.cursor];
}

/** What is left of a stretch; the message's own columns are not touched. */
function without<T>(
  stretch: Stretch<T>,
  isAsked: (unit: number, attempt: number) => boolean,
  removed: [number, number][],
): Stretch<T>[] {
  const { units, attempts, own, cursor } = stretch;
  const before = removed.length;
  const kept: number[] = [];
  for (let i = cursor; i < units.length; i++) {
    const unit = units[i] as number;
    const attempt = attempts[i] as number;
    if (isAsked(unit, attempt)) removed.push([unit, attempt]);
    else kept.push(i);
  }
  if (removed.length === before) return [stretch];
  if (kept.length === 0) return [];
  return [
    {
      ...stretch,
      ...onlyRows(stretch, kept),
      own: own && kept.map((i) => own[i] ?? null),
      cursor: 0,
    },
  ];
}
