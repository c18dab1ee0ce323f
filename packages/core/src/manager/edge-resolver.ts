/**
 * Finds what a submit's dependencies mean: units and groups that are there, or units of the same
 * submit by their name. Refuses what is not there.
 */
import type { DependencyEdge } from '../model/dependency.ts';
import { DescriptionError } from '../model/errors.ts';
import { parseUnitId } from '../model/ids.ts';
import { TO_NAMED_GROUP, TO_ROW, TO_UNIT } from './edge-targets.ts';
import { GrowingUint32 } from './growing.ts';
import { NameNumbers } from './name-numbers.ts';
import { NONE } from './unit-page.ts';
import type { WorkState } from './work-state.ts';

/** In place of the row that has a name. */
const NOBODY = NONE;
const SEVERAL = NONE - 1;

/** In place of an edge's target: a name that is yet to be resolved to a row. */
const TO_NAME = 4;
/** In the journal: three numbers. */
const EDGE_BYTES = 12;

export class EdgeResolver {
  readonly #state: WorkState;
  readonly #serviceId: string;
  /** Triples as a submission holds them, but for targets that are names yet; those not taken so far. */
  readonly #edges = new GrowingUint32();
  #taken = 0;
  /** Names that units have or are waited for by. */
  readonly #names = new NameNumbers();
  /** By the number of a name: the row that has it, NOBODY or SEVERAL. */
  readonly #rowOfName = new GrowingUint32();
  /** Groups that are waited for, each with the first row that does. */
  readonly #groups = new NameNumbers();
  readonly #rowOfGroup: number[] = [];
  #looksAhead = false;

  constructor(state: WorkState, serviceId: string) {
    this.#state = state;
    this.#serviceId = serviceId;
  }

  /** What the edges take in the journal. */
  get bytes(): number {
    return this.count * EDGE_BYTES;
  }

  get count(): number {
    return (this.#taken + this.#edges.length) / 3;
  }

  /** The names of groups that are waited for. */
  get groups(): readonly string[] {
    return this.#groups.names;
  }

  /** Whether some row waits for one behind it; known of what was resolved. */
  get looksAhead(): boolean {
    return this.#looksAhead;
  }

  /** Notes what a row is called. */
  name(row: number, name: string): void {
    const number = this.#numberOf(name);
    this.#rowOfName.set(number, this.#rowOfName.at(number) === NOBODY ? row : SEVERAL);
  }

  /** Notes what a row waits for; `group` is the one that it is in. */
  add(row: number, edges: readonly DependencyEdge[], group: string | undefined): void {
    for (let i = 0; i < edges.length; i++) {
      const { to, ref, on } = edges[i] as DependencyEdge;
      const onSuccess = on === 'done' ? 1 : 0;
      if (to === 'group') {
        if (ref === group) throw circular(row, `'${ref}' is its own group`);
        const number = this.#groups.of(ref);
        if (number === this.#rowOfGroup.length) this.#rowOfGroup.push(row);
        this.#push(row, 2 * number + onSuccess, TO_NAMED_GROUP);
        continue;
      }
      const index = this.#indexOf(ref);
      if (index === undefined) this.#push(row, 2 * this.#numberOf(ref) + onSuccess, TO_NAME);
      else this.#push(row, 2 * index + onSuccess, TO_UNIT);
    }
  }

  /** Hands over what was added since the last time, to be resolved when all rows are there. */
  take(): Uint32Array {
    this.#taken += this.#edges.length;
    return this.#edges.take();
  }

  /** Replaces names by rows. */
  resolve(edges: Uint32Array): void {
    for (let i = 0; i < edges.length; i += 3) {
      if (edges[i + 2] !== TO_NAME) continue;
      const row = edges[i] as number;
      const packed = edges[i + 1] as number;
      const target = this.#rowNumber(row, packed >>> 1);
      if (target > row) this.#looksAhead = true;
      edges[i + 1] = 2 * target + (packed & 1);
      edges[i + 2] = TO_ROW;
    }
  }

  /** The numbers of the groups that are waited for; `made` are those that the submit makes. */
  groupNumbers(made: ReadonlyMap<string, number>): number[] {
    return this.groups.map((name, i) => {
      const number = this.#state.dependencies.group(name)?.id ?? made.get(name);
      if (number !== undefined) return number;
      const hint = 'make it with group(name), or submit its units first';
      throw unknown(this.#rowOfGroup[i] as number, `there is no group '${name}'`, hint);
    });
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

  #rowNumber(row: number, name: number): number {
    const found = this.#rowOfName.at(name);
    if (found < SEVERAL && found !== row) return found;
    const ref = this.#names.names[name] as string;
    if (found === SEVERAL) {
      const problem = `several units of this submit are named '${ref}'`;
      throw unknown(row, problem, 'give each a name of its own');
    }
    if (found === row) throw circular(row, `'${ref}' is the unit itself`);
    const id = parseUnitId(ref);
    const elsewhere =
      id && id.service !== this.#serviceId ? `; it is of service ${id.service}` : '';
    const hint =
      elsewhere === ''
        ? 'name a unit by its id, or one of the same submit by its name'
        : 'units depend on units of their own service only: submit both to one, or await that unit';
    throw unknown(row, `there is no unit '${ref}'${elsewhere}`, hint);
  }
}

function unknown(index: number, problem: string, hint: string): DescriptionError {
  return new DescriptionError('DEPENDENCY_UNKNOWN', problem, { subject: 'dependsOn', hint, index });
}

/** The refusal of what could never run. */
export function circular(index: number, problem: string): DescriptionError {
  const hint = 'let units wait for earlier ones only';
  return new DescriptionError('DEPENDENCY_CIRCULAR', problem, {
    subject: 'dependsOn',
    hint,
    index,
  });
}
