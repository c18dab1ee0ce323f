/** What snapshots looked like in earlier versions, and how each is read as the next one's. */
import type { DependenciesDump } from './dependencies.ts';
import type { PilotDump } from './pilot-machine.ts';
import type { PageDump } from './unit-page.ts';
import type { WorkPart } from './work-dump.ts';

type Part<T extends WorkPart['type']> = Extract<WorkPart, { readonly type: T }>;

/** Version 1: all of the state in one piece. */
interface WorkDump1 {
  readonly at: number;
  readonly templates: Part<'templates'>['templates'];
  /** Columns of units, whole. */
  readonly pages: readonly (PageDump['columns'] & {
    readonly state: Uint8Array;
    readonly own: readonly (string | null)[] | null;
  })[];
  readonly dependencies: DependenciesDump;
  readonly classes: Part<'classes'>['classes'];
  readonly places: Part<'places'>['places'];
  readonly parked: Part<'parked'>['parked'];
  readonly details: readonly [unit: number, detail: string | number][];
  readonly stderrTails: readonly [unit: number, tail: string][];
}

/** Of work unit services, the oldest step first. */
export const WORK_LIFTS = [
  { snapshot: (dump: Iterable<unknown>) => workParts(dump as Iterable<WorkDump1>) },
  // Version 2 says all of this in the same way; it knows no submissions in parts.
  {},
  // Version 3 knows no promises.
  {},
  // Version 4 knows no calls of functions.
  {},
] as const;

/** Of pilot job services, the oldest step first. In version 1 a snapshot was a list, in one piece. */
export const PILOT_LIFTS = [
  { snapshot: (dump: Iterable<unknown>) => pilotParts(dump as Iterable<PilotDump>) },
] as const;

function* workParts(dump: Iterable<WorkDump1>): Generator<WorkPart> {
  for (const { at, templates, pages, dependencies, details, stderrTails, ...rest } of dump) {
    yield { type: 'at', at };
    yield { type: 'dependencies', ...dependencies };
    yield { type: 'templates', templates };
    for (const { own, ...columns } of pages) {
      yield { type: 'units', rows: columns.state.length, columns, own };
    }
    yield { type: 'classes', classes: rest.classes };
    yield { type: 'places', places: rest.places };
    yield { type: 'parked', parked: rest.parked };
    yield { type: 'details', ...inColumns(details) };
    yield { type: 'stderr', ...inColumns(stderrTails) };
  }
}

function inColumns<T>(pairs: readonly (readonly [unit: number, value: T])[]) {
  return {
    units: Uint32Array.from(pairs, ([unit]) => unit),
    values: pairs.map(([, value]) => value),
  };
}

function* pilotParts(dump: Iterable<PilotDump>): Generator<PilotDump[number]> {
  for (const pilots of dump) yield* pilots;
}
