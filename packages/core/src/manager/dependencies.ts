/**
 * Who waits for whom: edges in typed arrays, a linked list of dependents for each unit and group.
 * A million units with two million edges take 24 MB; a service without dependencies takes nothing.
 */
import { TO_ROW } from './edge-targets.ts';
import { GrowingUint32 } from './growing.ts';
import { NONE } from './unit-page.ts';

/** What units wait for as one, by name. */
export interface Group {
  readonly id: number;
  readonly name: string;
  members: number;
  /** Members that are not in a final state. */
  unfinished: number;
  /** The first member that did not succeed; NONE while all did. */
  failed: number;
  /** First edge of those that wait for the group. */
  edges: number;
}

/** One thing that a unit waits for. */
export type Awaited = { readonly onSuccess: boolean } & (
  | { readonly unit: number }
  | { readonly group: Readonly<Group> }
);

/** One part of a dump: a stretch of each array, from where the part before it ended. */
export interface DependenciesDump {
  readonly waitingOn: Uint32Array;
  readonly edges: Uint32Array;
  readonly dependents: Uint32Array;
  readonly nexts: Uint32Array;
  readonly groups: readonly Group[];
}

const NOBODY: readonly number[] = [];
/** Of each array in one part of a dump. */
const PART_ITEMS = 65_536;

export class Dependencies {
  /** For each unit the number of edges it still waits for; shorter than the table while none do. */
  readonly #waitingOn = new GrowingUint32();
  /** For each unit the first edge to a dependent. */
  readonly #edges = new GrowingUint32();
  /** For each edge its dependent, twice its number, plus 1 if it waits for success. */
  readonly #dependents = new GrowingUint32();
  readonly #nexts = new GrowingUint32();
  /** For each edge what it leads to, once somebody asks: twice a unit's number, or a group's, plus 1; or NONE. */
  #targets: GrowingUint32 | undefined;
  readonly groups: Group[] = [];
  readonly #groupByName = new Map<string, Group>();

  group(name: string): Group | undefined {
    return this.#groupByName.get(name);
  }

  /** The group of that name, made if it is not there. */
  ensureGroup(name: string): Group {
    let group = this.#groupByName.get(name);
    if (group === undefined) {
      group = {
        id: this.groups.length,
        name,
        members: 0,
        unfinished: 0,
        failed: NONE,
        edges: NONE,
      };
      this.groups.push(group);
      this.#groupByName.set(name, group);
    }
    return group;
  }

  /**
   * Makes room ahead for so many units in all and so many more edges, and writes to it: the first touch of
   * its memory takes longer than entering what goes there. Nothing changes by it.
   */
  prepare(units: number, edges: number): void {
    this.#waitingOn.prepare(units - this.#waitingOn.length);
    this.#edges.prepare(units - this.#edges.length);
    this.#nexts.prepare(edges);
    this.#dependents.prepare(edges);
  }

  /** Makes room for so many units in all, and for so many more edges. */
  reserve(units: number, edges: number): void {
    this.#waitingOn.fillTo(units, 0);
    this.#edges.fillTo(units, NONE);
    this.#nexts.reserve(edges);
    this.#dependents.reserve(edges);
  }

  waitForUnit(dependent: number, unit: number, onSuccess: boolean): void {
    this.#edges.fillTo(unit + 1, NONE);
    this.#edges.set(unit, this.#link(dependent, onSuccess, this.#edges.at(unit)));
    this.#targets?.push(2 * unit);
  }

  /**
   * Enters edges between units of one submit from there on, up to the first that leads elsewhere; returns
   * where that is. Room was made for all. Two million of them in 15 ms, and 60 through the calls above.
   */
  waitForRows(first: number, edges: ArrayLike<number>, from: number): number {
    const nexts = this.#nexts.items;
    const dependents = this.#dependents.items;
    const waitingOn = this.#waitingOn.items;
    const heads = this.#edges.items;
    let edge = this.#nexts.length;
    let i = from;
    for (; i < edges.length && edges[i + 2] === TO_ROW; i += 3, edge++) {
      const packed = edges[i + 1] as number;
      const dependent = first + (edges[i] as number);
      const target = first + (packed >>> 1);
      dependents[edge] = 2 * dependent + (packed & 1);
      nexts[edge] = heads[target] as number;
      heads[target] = edge;
      waitingOn[dependent] = (waitingOn[dependent] as number) + 1;
    }
    this.#nexts.lengthen(edge);
    this.#dependents.lengthen(edge);
    if (this.#targets !== undefined) {
      for (let at = from; at < i; at += 3) {
        this.#targets.push(2 * (first + ((edges[at + 1] as number) >>> 1)));
      }
    }
    return i;
  }

  waitForGroup(dependent: number, group: Group, onSuccess: boolean): void {
    group.edges = this.#link(dependent, onSuccess, group.edges);
    this.#targets?.push(2 * group.id + 1);
  }

  waitingOn(unit: number): number {
    return unit < this.#waitingOn.length ? this.#waitingOn.at(unit) : 0;
  }

  /** The end, at most `end`, of the units from this one on that wait for something, as it does, or for nothing. */
  endOfAlike(unit: number, end: number): number {
    const waits = this.waitingOn(unit) > 0;
    let to = unit + 1;
    while (to < end && this.waitingOn(to) > 0 === waits) to++;
    return to;
  }

  /** Counts one edge off; returns how many are left. */
  countOff(unit: number): number {
    const left = this.#waitingOn.at(unit) - 1;
    this.#waitingOn.set(unit, left);
    return left;
  }

  /** Takes out the dependents of a unit that is final now: 2 × the number of each, + 1 if it waits for success. */
  takeDependentsOf(unit: number): readonly number[] {
    if (!this.hasDependents(unit)) return NOBODY;
    const first = this.#edges.at(unit);
    this.#edges.set(unit, NONE);
    return this.#walk(first);
  }

  takeDependentsOfGroup(group: Group): readonly number[] {
    const first = group.edges;
    group.edges = NONE;
    // Others may wait for its later members: unlike a unit, it is waited for again.
    const targets = this.#targets;
    for (let edge = first; targets && edge !== NONE; edge = this.#nexts.at(edge)) {
      targets.set(edge, NONE);
    }
    return this.#walk(first);
  }

  /** Those who wait for a unit, without forgetting them. */
  dependentsOf(unit: number): number[] {
    if (!this.hasDependents(unit)) return [];
    return this.#walk(this.#edges.at(unit)).map((packed) => packed >>> 1);
  }

  dependentsOfGroup(group: Group): number[] {
    return this.#walk(group.edges).map((packed) => packed >>> 1);
  }

  /**
   * What a unit still waits for, the first `most` in the order in which it was named. It costs as much as the
   * unit has dependencies; the first question of all, once, as much as there are.
   */
  awaitedBy(unit: number, most = this.waitingOn(unit)): Awaited[] {
    const found: Awaited[] = [];
    const wanted = Math.min(most, this.waitingOn(unit));
    if (wanted === 0) return found;
    this.#targets ??= this.#allTargets();
    for (let edge = this.#firstEdgeOf(unit); found.length < wanted; edge++) {
      if (edge >= this.#dependents.length) break;
      const packed = this.#dependents.at(edge);
      if (packed >>> 1 !== unit) break;
      const target = this.#targets.at(edge);
      const onSuccess = (packed & 1) === 1;
      if (target === NONE) continue;
      if ((target & 1) === 1) found.push({ group: this.groups[target >>> 1] as Group, onSuccess });
      else if (this.hasDependents(target >>> 1)) found.push({ unit: target >>> 1, onSuccess });
    }
    return found;
  }

  /** The first edge whose dependent is no earlier: edges are entered in the order of their dependents. */
  #firstEdgeOf(unit: number): number {
    let low = 0;
    let high = this.#dependents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#dependents.at(middle) >>> 1 < unit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** By a walk over the lists of all that is waited for; NONE for what is waited for no more. */
  #allTargets(): GrowingUint32 {
    const targets = new GrowingUint32();
    targets.fillTo(this.#nexts.length, NONE);
    const fill = (first: number, target: number): void => {
      for (let edge = first; edge !== NONE; edge = this.#nexts.at(edge)) targets.set(edge, target);
    };
    for (let unit = 0; unit < this.#edges.length; unit++) fill(this.#edges.at(unit), 2 * unit);
    for (const group of this.groups) fill(group.edges, 2 * group.id + 1);
    return targets;
  }

  /** As {@link dependentsOf}, but nobody where there are more than `most`: costs no more steps than that. */
  fewDependentsOf(unit: number, most: number): readonly number[] {
    if (!this.hasDependents(unit)) return NOBODY;
    const few: number[] = [];
    for (let edge = this.#edges.at(unit); edge !== NONE; edge = this.#nexts.at(edge)) {
      if (few.length === most) return NOBODY;
      few.push(this.#dependents.at(edge) >>> 1);
    }
    return few.reverse();
  }

  /** Whether nobody has ever waited for anybody. */
  get isEmpty(): boolean {
    return this.#nexts.length === 0;
  }

  hasDependents(unit: number): boolean {
    return unit < this.#edges.length && this.#edges.at(unit) !== NONE;
  }

  /** In parts, each of which is encoded in a millisecond. */
  dump(): DependenciesDump[] {
    const parts: DependenciesDump[] = [];
    const length = Math.max(this.#waitingOn.length, this.#edges.length, this.#nexts.length);
    for (let from = 0; from < Math.max(1, length); from += PART_ITEMS) {
      const to = from + PART_ITEMS;
      parts.push({
        waitingOn: this.#waitingOn.slice(from, to),
        edges: this.#edges.slice(from, to),
        dependents: this.#dependents.slice(from, to),
        nexts: this.#nexts.slice(from, to),
        groups: from > 0 ? [] : this.groups.map((group) => ({ ...group })),
      });
    }
    return parts;
  }

  /** Adds the next part of a dump. */
  restore(dump: DependenciesDump): void {
    this.#targets = undefined;
    this.#waitingOn.append(dump.waitingOn);
    this.#edges.append(dump.edges);
    this.#dependents.append(dump.dependents);
    this.#nexts.append(dump.nexts);
    for (const group of dump.groups) {
      const own = { ...group };
      this.groups.push(own);
      this.#groupByName.set(own.name, own);
    }
  }

  #link(dependent: number, onSuccess: boolean, next: number): number {
    this.#waitingOn.fillTo(dependent + 1, 0);
    this.#waitingOn.set(dependent, this.#waitingOn.at(dependent) + 1);
    this.#nexts.push(next);
    return this.#dependents.push(dependent * 2 + (onSuccess ? 1 : 0));
  }

  /** As they are packed, in the order in which they began to wait: the reverse of the list's. */
  #walk(first: number): number[] {
    const found: number[] = [];
    for (let edge = first; edge !== NONE; edge = this.#nexts.at(edge)) {
      found.push(this.#dependents.at(edge));
    }
    return found.length > 1 ? found.reverse() : found;
  }
}
