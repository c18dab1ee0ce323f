/**
 * Finds what a submit's dependencies mean: units and groups that are there, or units of the same
 * submit by their name. Refuses what is not there, and circles.
 */
import type { DependencyEdge } from '../model/dependency.ts';
import { PilotError } from '../model/errors.ts';
import { parseUnitId } from '../model/ids.ts';
import { findCircle } from './circles.ts';
import type { WorkState } from './work-state.ts';

export class EdgeResolver {
  readonly #state: WorkState;
  readonly #serviceId: string;
  readonly #wanted: [row: number, edge: DependencyEdge][] = [];
  readonly #names: (string | undefined)[] = [];
  readonly #groupOfRow = new Map<number, number>();
  #rowByName: Map<string, number | 'ambiguous'> | undefined;

  constructor(state: WorkState, serviceId: string) {
    this.#state = state;
    this.#serviceId = serviceId;
  }

  name(row: number, name: string): void {
    this.#names[row] = name;
  }

  member(row: number, group: number): void {
    this.#groupOfRow.set(row, group);
  }

  add(row: number, edges: readonly DependencyEdge[]): void {
    for (const edge of edges) this.#wanted.push([row, edge]);
  }

  /** Edges as a submission holds them. */
  resolve(count: number): number[] {
    const first = this.#state.units.size;
    const edges: number[] = [];
    for (const [row, edge] of this.#wanted) {
      const onSuccess = edge.on === 'done' ? 1 : 0;
      if (edge.to === 'group') edges.push(row, this.#group(row, edge.ref) * 2 + onSuccess, 1);
      else edges.push(row, this.#unit(row, edge.ref, first, count) * 2 + onSuccess, 0);
    }
    const circle = findCircle(edges, first, this.#groupOfRow, this.#state);
    if (circle) throw circular(`${circle.join(' waits for ')}: a circle`);
    return edges;
  }

  #group(row: number, name: string): number {
    const group = this.#state.dependencies.group(name);
    if (group === undefined) {
      throw unknown(
        row,
        `there is no group '${name}'`,
        'make it with group(name), or submit its units first',
      );
    }
    if (this.#groupOfRow.get(row) === group.id)
      throw circular(`description ${row} waits for its own group '${name}'`);
    return group.id;
  }

  /** The unit's number; that of a row of this submit is the one it will get. */
  #unit(row: number, ref: string, first: number, count: number): number {
    const id = parseUnitId(ref);
    if (id?.service === this.#serviceId && id.index < first) return id.index;
    const named = this.#named(ref, count);
    if (named === 'ambiguous') {
      throw unknown(
        row,
        `several units of this submit are named '${ref}'`,
        'give each a name of its own',
      );
    }
    if (named === row) throw circular(`description ${row} ('${ref}') waits for itself`);
    if (named !== undefined) return first + named;
    const elsewhere =
      id && id.service !== this.#serviceId ? `; '${ref}' is of service ${id.service}` : '';
    throw unknown(
      row,
      `there is no unit '${ref}'${elsewhere}`,
      'name a unit by its id, or one of the same submit by its name',
    );
  }

  #named(ref: string, count: number): number | 'ambiguous' | undefined {
    if (this.#rowByName === undefined) {
      this.#rowByName = new Map();
      for (let row = 0; row < count; row++) {
        const name = this.#names[row];
        if (name === undefined) continue;
        this.#rowByName.set(name, this.#rowByName.has(name) ? 'ambiguous' : row);
      }
    }
    return this.#rowByName.get(ref);
  }
}

function unknown(row: number, problem: string, hint: string): PilotError {
  return new PilotError('DEPENDENCY_UNKNOWN', `dependsOn of description ${row}: ${problem}`, {
    subject: 'dependsOn',
    hint,
  });
}

function circular(problem: string): PilotError {
  return new PilotError('DEPENDENCY_CIRCULAR', problem, {
    subject: 'dependsOn',
    hint: 'let units wait for earlier ones only',
  });
}
