/**
 * The whole of the state as plain data, for snapshots: what a replay would have to do in one piece.
 * It comes in parts, of some thousand items each, so that writing and reading it takes neither long
 * at a time nor memory for all of it twice.
 */
import { unreachable } from '../model/assert.ts';
import type { ParsedWorkUnitDescription } from '../model/work-unit-description.ts';
import type { CallValuesDump } from './call-values.ts';
import type { ClassQueue } from './class-queue.ts';
import type { DependenciesDump } from './dependencies.ts';
import type { PageDump } from './unit-page.ts';
import type { InTurn } from './unit-table.ts';
import type { PlaceRecord } from './work-events.ts';
import type { WorkState } from './work-state.ts';

interface PlaceDump {
  readonly record: PlaceRecord;
  readonly isGone: boolean;
  readonly isEnding: boolean;
  /** Oldest binding first. */
  readonly bound: readonly number[];
  /** Absent where none are. */
  readonly promised?: readonly number[];
}

/** One part of a dump. They come in the order of this list, some of them more than once. */
export type WorkPart =
  /** The time of the newest event. */
  | { readonly type: 'at'; readonly at: number }
  | ({ readonly type: 'dependencies' } & DependenciesDump)
  | { readonly type: 'templates'; readonly templates: readonly ParsedWorkUnitDescription[] }
  | ({ readonly type: 'units' } & PageDump)
  | { readonly type: 'classes'; readonly classes: readonly ClassDump[] }
  | { readonly type: 'places'; readonly places: readonly PlaceDump[] }
  | { readonly type: 'parked'; readonly parked: readonly [unit: number, until: number][] }
  | ({ readonly type: 'details' } & ByUnit<string | number>)
  | ({ readonly type: 'stderr' } & ByUnit<string>)
  | ({ readonly type: 'values' } & CallValuesDump);

/** A class's queue, and the mean run time of its units; -1 where that is unknown. */
type ClassDump = readonly [queue: ReturnType<ClassQueue['dump']>, meanMs: number];

/** What is known of some units, in two columns. */
interface ByUnit<T> {
  readonly units: Uint32Array;
  readonly values: readonly T[];
}

export type WorkDump = readonly WorkPart[];

/** At most so many items are in one part. */
const PART_ITEMS = 4096;

/** Nothing in it changes afterwards. */
export function dumpWork(state: WorkState): WorkDump {
  const [before, after] = aroundUnits(state);
  return [...before, ...state.units.dump().map(unitsPart), ...after];
}

/**
 * The state as it is now, the units of it copied part by part as they are asked for or change. It
 * is to be ended by `return()` when nobody goes on with it.
 */
export function dumpWorkInTurn(state: WorkState): InTurn<WorkPart> {
  const [before, after] = aroundUnits(state);
  const pages = state.units.dumpInTurn();
  const parts = (function* () {
    yield* before;
    for (const page of pages) yield unitsPart(page);
    yield* after;
  })();
  return {
    next: () => parts.next() as IteratorResult<WorkPart, undefined>,
    return: () => {
      parts.return();
      return pages.return();
    },
    [Symbol.iterator]() {
      return this;
    },
  };
}

function unitsPart(page: PageDump): WorkPart {
  return { type: 'units', ...page };
}

/** What comes before the units, and what after them. */
function aroundUnits(state: WorkState): [WorkDump, WorkDump] {
  const { templates, places } = state;
  const descriptions = Array.from({ length: templates.size }, (_, id) => templates.at(id));
  const classes = templates.classes.map<ClassDump>((requests) => {
    return [requests.dump(), requests.meanMs ?? -1];
  });
  const all = places.all.map((place) => {
    const promised = state.promised.at(place);
    return {
      record: place.record,
      isGone: place.status === 'gone',
      isEnding: place.isEnding,
      bound: [...state.boundTo(place)],
      ...(promised.length > 0 && { promised }),
    };
  });
  const before: WorkDump = [
    { type: 'at', at: state.at },
    ...state.dependencies.dump().map((part) => ({ type: 'dependencies', ...part }) as const),
    ...inParts(descriptions.map(({ description }) => description)).map((part) => {
      return { type: 'templates', templates: part } as const;
    }),
  ];
  const after: WorkDump = [
    ...inParts(classes).map((part) => ({ type: 'classes', classes: part }) as const),
    ...inParts(all).map((part) => ({ type: 'places', places: part }) as const),
    ...inParts(state.parked.dump()).map((part) => ({ type: 'parked', parked: part }) as const),
    ...byUnit(state.details).map((part) => ({ type: 'details', ...part }) as const),
    ...byUnit(state.stderrTails).map((part) => ({ type: 'stderr', ...part }) as const),
    ...state.values.dump().map((part) => ({ type: 'values', ...part }) as const),
  ];
  return [before, after];
}

function inParts<T>(items: readonly T[]): (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let from = 0; from < items.length; from += PART_ITEMS) {
    parts.push(items.slice(from, from + PART_ITEMS));
  }
  return parts;
}

function byUnit<T>(map: ReadonlyMap<number, T>): ByUnit<T>[] {
  const units = Uint32Array.from(map.keys());
  return inParts([...map.values()]).map((values, part) => {
    const from = part * PART_ITEMS;
    return { units: units.slice(from, from + values.length), values };
  });
}

/** Takes the place of an empty state's content; a step for each part. */
export function* restoreWork(state: WorkState, dump: Iterable<WorkPart>): Generator<void> {
  let classes = 0;
  for (const part of dump) {
    if (part.type === 'classes') {
      for (const each of part.classes) restoreClass(state, classes++, each);
    } else restorePart(state, part);
    yield;
  }
}

function restorePart(state: WorkState, part: Exclude<WorkPart, { type: 'classes' }>): void {
  switch (part.type) {
    case 'at':
      state.at = part.at;
      return;
    case 'dependencies':
      // Before the templates, which refer to groups.
      state.dependencies.restore(part);
      return;
    case 'templates':
      for (const description of part.templates) state.templates.add(description);
      return;
    case 'units':
      state.units.restore(part);
      return;
    case 'places':
      for (const place of part.places) restorePlace(state, place);
      return;
    case 'parked':
      for (const [unit, until] of part.parked) state.parked.park(unit, until);
      return;
    case 'details':
      part.values.forEach((value, i) => void state.details.set(part.units[i] as number, value));
      return;
    case 'stderr':
      part.values.forEach((value, i) => void state.stderrTails.set(part.units[i] as number, value));
      return;
    case 'values':
      state.values.restore(part);
      return;
    default:
      unreachable(part);
  }
}

function restoreClass(state: WorkState, id: number, [queue, meanMs]: ClassDump): void {
  const requests = state.templates.classes[id];
  requests?.restore(queue);
  if (requests && meanMs >= 0) requests.meanMs = meanMs;
}

function restorePlace(
  state: WorkState,
  { record, isGone, isEnding, bound, promised = [] }: PlaceDump,
): void {
  const place = state.places.add(record);
  if (isGone) place.status = 'gone';
  place.isEnding = isEnding;
  for (const unit of bound) place.book(unit, state.template(unit).requests);
  state.promised.restore(promised, place);
}
