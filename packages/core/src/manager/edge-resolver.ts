/**
 * Finds what a submit's dependencies mean: units and groups that are there, or units of the same
 * submit by their name. Refuses what is not there, and circles.
 */
import type { DependencyEdge } from '../model/dependency.ts';
import { DescriptionError } from '../model/errors.ts';
import { parseUnitId, unitId } from '../model/ids.ts';
import { findCircle, NO_GROUP } from './circles.ts';
import { GrowingUint32 } from './growing.ts';
import { NameNumbers } from './name-numbers.ts';
import { NONE } from './unit-table.ts';
import type { WorkState } from './work-state.ts';

/** The rows of a submit in runs: how many, and the group that they are in. */
export interface RowRun {
  readonly count: number;
  readonly group: string | undefined;
}

/** In place of the row that has a name. */
const NOBODY = NONE;
const SEVERAL = NONE - 1;

/** What the target of an edge is, as a submission says it; and where it is a name that is yet to be resolved. */
const UNIT = 0;
const GROUP = 1;
const NAME_OF_UNIT = 2;
const NAME_OF_GROUP = 3;
/** In the journal: three numbers. */
const EDGE_BYTES = 12;

export class EdgeResolver {
  readonly #state: WorkState;
  readonly #serviceId: string;
  /** Triples as a submission holds them, but for targets that are names yet. */
  readonly #edges = new GrowingUint32();
  /** Names that units have or are waited for by. */
  readonly #names = new NameNumbers();
  /** By the number of a name: the row that has it, NOBODY or SEVERAL. */
  readonly #rowOfName = new GrowingUint32();
  /** Names of groups that are waited for. */
  readonly #groups = new NameNumbers();

  constructor(state: WorkState, serviceId: string) {
    this.#state = state;
    this.#serviceId = serviceId;
  }

  /** What the edges take in the journal. */
  get bytes(): number {
    return (this.#edges.length / 3) * EDGE_BYTES;
  }

  /** Notes what a row is called. */
  name(row: number, name: string): void {
    const number = this.#numberOf(name);
    this.#rowOfName.set(number, this.#rowOfName.at(number) === NOBODY ? row : SEVERAL);
  }

  add(row: number, edges: readonly DependencyEdge[]): void {
    for (let i = 0; i < edges.length; i++) {
      const { to, ref, on } = edges[i] as DependencyEdge;
      const onSuccess = on === 'done' ? 1 : 0;
      if (to === 'group') {
        this.#push(row, 2 * this.#groups.of(ref) + onSuccess, NAME_OF_GROUP);
        continue;
      }
      const index = this.#indexOf(ref);
      if (index === undefined) this.#push(row, 2 * this.#numberOf(ref) + onSuccess, NAME_OF_UNIT);
      else this.#push(row, 2 * index + onSuccess, UNIT);
    }
  }

  /**
   * Edges as a submission holds them, for units from number `first` on. `groups` are the numbers of
   * groups that the submit makes.
   */
  resolve(
    first: number,
    runs: readonly RowRun[],
    groups: ReadonlyMap<string, number>,
  ): Uint32Array {
    const edges = this.#edges.toArray();
    if (edges.length === 0) return edges;
    const groupOf = (name: string) => this.#state.dependencies.group(name)?.id ?? groups.get(name);
    const groupOfRow = groupsByRow(runs, groupOf);
    const { names } = this.#names;
    for (let i = 0; i < edges.length; i += 3) {
      const kind = edges[i + 2] as number;
      if (kind === UNIT) continue;
      const row = edges[i] as number;
      const packed = edges[i + 1] as number;
      const number = packed >>> 1;
      const target =
        kind === NAME_OF_GROUP
          ? groupNumber(row, this.#groups.names[number] as string, groupOf, groupOfRow)
          : first + this.#rowNumber(row, names[number] as string, this.#rowOfName.at(number));
      edges[i + 1] = 2 * target + (packed & 1);
      edges[i + 2] = kind === NAME_OF_GROUP ? GROUP : UNIT;
    }
    const newcomers = { edges, first, groupOfRow, newGroups: groups };
    const circle = findCircle(newcomers, this.#state, (unit) => unitId(this.#serviceId, unit));
    if (circle)
      throw circular(circle.row, `waits for ${inShort(circle.path).join(', which waits for ')}`);
    return edges;
  }

  /** The number of the unit that is meant, if it is there already. */
  #indexOf(ref: string): number | undefined {
    // Most are names of the same submit: those are not taken apart.
    if (!ref.startsWith(this.#serviceId)) return undefined;
    const id = parseUnitId(ref);
    const isThere = id?.service === this.#serviceId && id.index < this.#state.units.size;
    return isThere ? id.index : undefined;
  }

  #push(row: number, packed: number, kind: number): void {
    this.#edges.push(row);
    this.#edges.push(packed);
    this.#edges.push(kind);
  }

  #numberOf(name: string): number {
    const number = this.#names.of(name);
    if (number === this.#rowOfName.length) this.#rowOfName.push(NOBODY);
    return number;
  }

  #rowNumber(row: number, ref: string, found: number): number {
    if (found === SEVERAL) {
      const problem = `several units of this submit are named '${ref}'`;
      throw unknown(row, problem, 'give each a name of its own');
    }
    if (found === row) throw circular(row, `'${ref}' is the unit itself`);
    if (found !== NOBODY) return found;
    const id = parseUnitId(ref);
    const elsewhere =
      id && id.service !== this.#serviceId ? `; it is of service ${id.service}` : '';
    throw unknown(
      row,
      `there is no unit '${ref}'${elsewhere}`,
      'name a unit by its id, or one of the same submit by its name',
    );
  }
}

/** The beginning and the end of a long path. */
function inShort(path: readonly string[]): readonly string[] {
  if (path.length <= 8) return path;
  return [...path.slice(0, 4), `… ${path.length - 8} more …`, ...path.slice(-4)];
}

function groupsByRow(
  runs: readonly RowRun[],
  groupOf: (name: string) => number | undefined,
): Int32Array {
  const groups = new Int32Array(runs.reduce((sum, { count }) => sum + count, 0)).fill(NO_GROUP);
  let row = 0;
  for (const { count, group } of runs) {
    if (group !== undefined) groups.fill(groupOf(group) ?? NO_GROUP, row, row + count);
    row += count;
  }
  return groups;
}

function groupNumber(
  row: number,
  name: string,
  groupOf: (name: string) => number | undefined,
  groupOfRow: Int32Array,
): number {
  const group = groupOf(name);
  if (group === undefined) {
    const hint = 'make it with group(name), or submit its units first';
    throw unknown(row, `there is no group '${name}'`, hint);
  }
  if (groupOfRow[row] === group) {
    throw circular(row, `'${name}' is its own group`);
  }
  return group;
}

function unknown(index: number, problem: string, hint: string): DescriptionError {
  return new DescriptionError('DEPENDENCY_UNKNOWN', problem, { subject: 'dependsOn', hint, index });
}

function circular(index: number, problem: string): DescriptionError {
  const hint = 'let units wait for earlier ones only';
  return new DescriptionError('DEPENDENCY_CIRCULAR', problem, {
    subject: 'dependsOn',
    hint,
    index,
  });
}
