/**
 * Ends processes that have left the process group of their unit, daemons and such. They are found
 * as its descendants while their parents live, and afterwards by the PSTAR_PROGRESS that they were
 * started with; one that has also changed its environment is found when the executor closes.
 */
import { constants } from 'node:os';
import type { LiveUnit } from './live-unit.ts';
import { type ProcessEntry, ProcessTable, variableOf } from './tree.ts';

const { SIGTERM, SIGKILL } = constants.signals;
/** What is killed may have forked at that moment. */
const PASSES = 3;

/** The processes of one executor that are in no unit's group any more. */
export class Strays {
  readonly #lanes: string;
  /** Whether descendants that lose their parent become our children. */
  readonly #adoptsOrphans: boolean;
  /** Children that this process had before: not ours. */
  readonly #before: ReadonlySet<string>;

  constructor(options: { lanes: string; adoptsOrphans: boolean }) {
    this.#lanes = options.lanes;
    this.#adoptsOrphans = options.adoptsOrphans;
    this.#before = new Set(ProcessTable.read().descendants(process.pid).map(identify));
  }

  /** Asks those of these units to end, and remembers who they are. */
  terminate(units: readonly LiveUnit[]): void {
    const table = ProcessTable.read();
    const marked = this.#byProgressFile(table);
    for (const unit of units) {
      unit.strays = straysOf(unit, table, marked);
      for (const { pid } of unit.strays) signal(pid, SIGTERM);
    }
  }

  /** Kills those of these units, which have no other process any more. */
  kill(units: readonly LiveUnit[]): void {
    for (let pass = 0; pass < PASSES; pass++) {
      const table = ProcessTable.read();
      const marked = this.#byProgressFile(table);
      const found = units.flatMap((unit) => straysOf(unit, table, marked));
      if (found.length === 0) return;
      for (const { pid } of found) signal(pid, SIGKILL);
    }
  }

  /** Who was started with which PSTAR_PROGRESS of ours. */
  #byProgressFile(table: ProcessTable): Map<string, ProcessEntry[]> {
    const marked = new Map<string, ProcessEntry[]>();
    for (const process of this.#candidates(table)) {
      const path = variableOf(process.pid, 'PSTAR_PROGRESS');
      if (!path?.startsWith(this.#lanes)) continue;
      const others = marked.get(path);
      if (others) others.push(process);
      else marked.set(path, [process]);
    }
    return marked;
  }

  #candidates(table: ProcessTable): Iterable<ProcessEntry> {
    return this.#adoptsOrphans ? table.descendants(process.pid) : table;
  }

  /** All live processes that descend from any unit that ever ran here. */
  all(): ProcessEntry[] {
    const table = ProcessTable.read();
    const found = table.descendants(process.pid);
    if (!this.#adoptsOrphans) found.push(...[...this.#byProgressFile(table).values()].flat());
    return [...new Map(found.map((one) => [one.pid, one])).values()].filter(
      (one) => !one.isZombie && !this.#before.has(identify(one)),
    );
  }

  /** Signals all of them; returns who they are. */
  signalAll(number: number): ProcessEntry[] {
    const found = this.all();
    for (const { pid } of found) signal(pid, number);
    return found;
  }
}

/** A unit's live processes outside its groups: the remembered, the marked, and all below them. */
function straysOf(
  unit: LiveUnit,
  table: ProcessTable,
  marked: ReadonlyMap<string, readonly ProcessEntry[]>,
): ProcessEntry[] {
  const roots = [
    ...unit.strays.filter((stray) => table.has(stray)),
    ...(marked.get(unit.lane?.progress.path ?? '') ?? []),
  ];
  const below = [...unit.pids, ...roots.map(({ pid }) => pid)].flatMap((pid) =>
    table.descendants(pid),
  );
  const all = new Map([...roots, ...below].map((process) => [process.pid, process]));
  return [...all.values()].filter(({ group, isZombie }) => !isZombie && !unit.pids.has(group));
}

function identify({ pid, startTime }: ProcessEntry): string {
  return `${pid}@${startTime}`;
}

function signal(pid: number, number: number): void {
  try {
    process.kill(pid, number);
  } catch {} // it has ended by itself
}
