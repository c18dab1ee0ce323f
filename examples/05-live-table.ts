/** A live table: what each unit does now and how far it is, as its observables tell. */
import {
  PilotJobService,
  WORK_UNIT_TRANSITIONS,
  type WorkUnit,
  WorkUnitService,
} from '@pstar/core';
import {
  auditTime,
  ignoreElements,
  lastValueFrom,
  map,
  merge,
  type Observable,
  pairwise,
  tap,
} from 'rxjs';
import { check } from './lib/check.ts';
import { bar, onTerminal, redraw } from './lib/screen.ts';

// Whoever wants to be followed appends lines to the file that PSTAR_PROGRESS names.
const script = `
  for step in 1 2 3 4 5 6 7 8; do
    sleep "$1"
    echo "$((step * 100 / 8))% step $step of 8" >> "$PSTAR_PROGRESS"
  done`;

await using pilots = await PilotJobService.open();
await using work = await WorkUnitService.open({ services: [pilots] });
await pilots.create('local://', { totalCpuCount: 3 });

const units = await work.submit(
  ['ant', 'bee', 'cat', 'dog', 'elk', 'fox', 'gnu', 'hen'].map((name, i) => ({
    name,
    executable: 'sh',
    arguments: ['-c', script, 'sh', (0.1 + i / 50).toFixed(2)],
  })),
);

interface Row {
  readonly unit: WorkUnit;
  fraction: number;
  message: string;
}

const rows = units.map((unit): Row => ({ unit, fraction: 0, message: '' }));
const changed$ = merge(...rows.map(follow));
const shown$ = onTerminal
  ? changed$.pipe(
      auditTime(50),
      tap(() => redraw(rows.map(show))),
    )
  : changed$.pipe(tap((row) => console.log(show(row))));
await lastValueFrom(shown$);

for (const row of rows) {
  check(row.unit.state === 'Done', `${show(row)}\n${row.unit.explain()}`);
  check(row.fraction === 1, `the last that was heard of it: ${show(row)}`);
}

/** Emits the row whenever it has changed; completes once its unit is in a final state. */
function follow(row: Row): Observable<Row> {
  const { state$, progress$ } = row.unit;
  const legal$ = state$.pipe(
    pairwise(),
    tap(([from, to]) => {
      check(WORK_UNIT_TRANSITIONS[from].includes(to), `${show(row)} came from ${from} to ${to}`);
    }),
    ignoreElements(),
  );
  const told$ = progress$.pipe(
    tap(({ fraction, message }) => Object.assign(row, { fraction, message })),
  );
  return merge(legal$, state$, told$).pipe(map(() => row));
}

/** `bee  Running  [####----]  step 4 of 8` */
function show({ unit, fraction, message }: Row): string {
  const { description, state } = unit;
  return `${description.name}  ${state.padEnd(9)}  ${bar(fraction, 24)}  ${message}`;
}
