/** What an agent says that it has of a service, on each new link. Pure. */
import type { HeldUnits } from '../protocol/messages.ts';
import type { RunTable } from './run-table.ts';
import type { ServiceWork, Template } from './service-work.ts';
import type { UnitQueue } from './unit-queue.ts';

/** All units of a service, in whatever phase they are. */
export function heldUnits(
  service: ServiceWork,
  queue: UnitQueue<ServiceWork, Template>,
  runs: RunTable,
): HeldUnits {
  const rows: [unit: number, attempt: number, phase: number][] = [];
  queue.each(service, (unit, attempt) => rows.push([unit, attempt, 0]));
  for (const { unit, attempt } of service.promised) rows.push([unit, attempt, 0]);
  for (const { unit, attempt } of runs.ofService(service)) rows.push([unit, attempt, 1]);
  for (const { unit, attempt, phase } of service.staged.values()) {
    if (phase === 'staging') rows.push([unit, attempt, 0]);
    else if (phase === 'leaving') rows.push([unit, attempt, 1]);
  }
  service.box.each((unit, attempt) => rows.push([unit, attempt, 2]));
  return {
    units: Uint32Array.from(rows, ([unit]) => unit),
    attempts: Uint16Array.from(rows, ([, attempt]) => attempt),
    phases: Uint8Array.from(rows, ([, , phase]) => phase),
  };
}
