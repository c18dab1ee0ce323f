/** The whole of the state as plain data, for snapshots: what a replay would have to do in one piece. */
import type { ParsedWorkUnitDescription } from '../model/work-unit-description.ts';
import type { DependenciesDump } from './dependencies.ts';
import { isFinal, type PageDump } from './unit-table.ts';
import type { PlaceRecord } from './work-events.ts';
import type { WorkState } from './work-state.ts';

interface PlaceDump {
  readonly record: PlaceRecord;
  readonly isGone: boolean;
  readonly isEnding: boolean;
  /** Oldest binding first. */
  readonly bound: readonly number[];
}

export interface WorkDump {
  /** The time of the newest event. */
  readonly at: number;
  readonly templates: readonly ParsedWorkUnitDescription[];
  readonly pages: readonly PageDump[];
  readonly dependencies: DependenciesDump;
  /** Head, tail, number and mean run time of each class's queue; -1 for an unknown mean. */
  readonly classes: readonly [queue: [number, number, number], meanMs: number][];
  readonly places: readonly PlaceDump[];
  readonly parked: readonly [unit: number, until: number][];
  readonly details: readonly [number, string | number][];
  readonly stderrTails: readonly [number, string][];
}

export function dumpWork(state: WorkState): WorkDump {
  return {
    at: state.at,
    templates: Array.from(
      { length: state.templates.size },
      (_, id) => state.templates.at(id).description,
    ),
    pages: state.units.dump(),
    dependencies: state.dependencies.dump(),
    classes: state.templates.classes.map((requests) => [requests.dump(), requests.meanMs ?? -1]),
    places: state.places.all.map((place) => ({
      record: place.record,
      isGone: place.status === 'gone',
      isEnding: place.isEnding,
      bound: [...state.boundTo(place)],
    })),
    parked: state.parked.dump(),
    details: [...state.details],
    stderrTails: [...state.stderrTails],
  };
}

/** Takes the place of an empty state's content. */
export function restoreWork(state: WorkState, dump: WorkDump): void {
  state.at = dump.at;
  // Groups first: templates refer to them.
  state.dependencies.restore(dump.dependencies);
  for (const description of dump.templates) state.templates.add(description);
  state.units.restore(dump.pages);
  dump.classes.forEach(([queue, meanMs], id) => {
    const requests = state.templates.classes[id];
    requests?.restore(queue);
    if (requests && meanMs >= 0) requests.meanMs = meanMs;
  });
  for (const { record, isGone, isEnding, bound } of dump.places) {
    const place = state.places.add(record);
    if (isGone) place.status = 'gone';
    place.isEnding = isEnding;
    for (const unit of bound) place.book(unit, state.template(unit).requests.request);
  }
  for (const [unit, until] of dump.parked) state.parked.park(unit, until);
  for (const [unit, detail] of dump.details) state.details.set(unit, detail);
  for (const [unit, tail] of dump.stderrTails) state.stderrTails.set(unit, tail);
}

/** Cross-checks everything that is kept twice. Tests call it after each step; it costs a walk over all units. */
export function assertInvariants(state: WorkState): void {
  const problems: string[] = [];
  const counts = state.units.counts.map(() => 0);
  const unfinished = state.dependencies.groups.map(() => 0);
  for (let unit = 0; unit < state.units.size; unit++) {
    const number = state.units.state(unit);
    counts[number] = (counts[number] as number) + 1;
    const group = state.template(unit).group;
    if (group && !isFinal(number)) unfinished[group.id] = (unfinished[group.id] as number) + 1;
  }
  if (`${counts}` !== `${state.units.counts}`)
    problems.push(`counts ${state.units.counts}, really ${counts}`);
  const groups = state.dependencies.groups.map((group) => group.unfinished);
  if (`${unfinished}` !== `${groups}`)
    problems.push(`unfinished in groups ${groups}, really ${unfinished}`);
  for (const place of state.places.all) {
    const bound = state.boundTo(place);
    const cores = bound.reduce((sum, unit) => sum + state.template(unit).requests.request.cores, 0);
    if (Math.abs(cores - place.bookedCores) > 1e-6) {
      problems.push(`place ${place.id} has ${place.bookedCores} cores booked, really ${cores}`);
    }
    if (bound.length !== place.boundCount) {
      problems.push(`place ${place.id} counts ${place.boundCount} units, really ${bound.length}`);
    }
    if (place.status === 'gone' && bound.length > 0)
      problems.push(`place ${place.id} is gone and holds units`);
  }
  const queued = state.templates.classes.reduce((sum, requests) => sum + requests.pending, 0);
  const pending = counts[2] as number;
  if (queued + state.parked.dump().length !== pending) {
    problems.push(
      `${pending} units are pending, ${queued} queued, ${state.parked.dump().length} parked`,
    );
  }
  if (problems.length > 0) throw new Error(`defect: ${problems.join('; ')}`);
}
