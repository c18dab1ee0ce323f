/** What a work unit can wait for, in every form that users may write it, and the one that we keep. */
import { DescriptionError } from './errors.ts';
import { written } from './written.ts';

/** `done`: it must have succeeded; `finished`: it must be over, whatever the outcome. */
export type DependencyCondition = 'done' | 'finished';

/** Anything that is known by a work unit's id, such as a WorkUnit. */
export interface UnitReference {
  readonly id: string;
}

/** Anything that is known by a group's name, such as a WorkUnitGroup. */
export interface GroupReference {
  readonly kind: 'group';
  readonly name: string;
}

/**
 * What a work unit waits for.
 *
 * A string is a unit's id or, within one submit, another unit's `name`. On success by default.
 */
export type Dependency =
  | string
  | UnitReference
  | GroupReference
  | { readonly id: string; readonly on?: DependencyCondition | undefined }
  | { readonly unit: string | UnitReference; readonly on?: DependencyCondition | undefined }
  | { readonly group: string | GroupReference; readonly on?: DependencyCondition | undefined };

/** A dependency as we keep it. */
export interface DependencyEdge {
  readonly to: 'unit' | 'group';
  /** A unit's id or name, or a group's name. */
  readonly ref: string;
  readonly on: DependencyCondition;
}

/** So many are compared with each other. */
const FEW = 8;

/**
 * Brings one dependency or several into the one form, each edge once, in the order given.
 *
 * Whether what they name exists is not known here.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID`, without a subject.
 */
export function normalizeDependencies(value: Dependency | readonly Dependency[]): DependencyEdge[] {
  if (!Array.isArray(value)) return [edge(value)];
  // Most wait for a few: comparing those takes a tenth of what a map with keys made up takes.
  if (value.length <= FEW) return withoutRepeats(value.map(edge));
  const edges = new Map<string, DependencyEdge>();
  for (const item of value) {
    const next = edge(item);
    edges.set(`${next.to} ${next.on} ${next.ref}`, next);
  }
  return [...edges.values()];
}

/** The last of equal ones is left out, as a map would. */
function withoutRepeats(edges: DependencyEdge[]): DependencyEdge[] {
  return edges.filter((one, i) => {
    for (let before = 0; before < i; before++) {
      const { to, on, ref } = edges[before] as DependencyEdge;
      if (to === one.to && on === one.on && ref === one.ref) return false;
    }
    return true;
  });
}

function edge(value: unknown): DependencyEdge {
  if (typeof value === 'string') return { to: 'unit', ref: filled(value, value), on: 'done' };
  if (typeof value !== 'object' || value === null) throw refusal(value);
  const { kind, name, id, unit, group, on } = value as Readonly<Record<string, unknown>>;
  if (kind === 'group') return { to: 'group', ref: filled(name, value), on: 'done' };
  // Before `group`: a WorkUnit has an id and may well say which group it belongs to.
  if (id !== undefined) return { to: 'unit', ref: filled(id, value), on: condition(on) };
  for (const key of Object.keys(value)) {
    if (key !== 'unit' && key !== 'group' && key !== 'on') throw refusal(value, `'${key}'`);
  }
  if ((unit === undefined) === (group === undefined)) throw refusal(value);
  if (isGroup(unit)) throw groupAsUnit(unit);
  const to = unit === undefined ? 'group' : 'unit';
  return { ...edge(to === 'unit' ? unit : asGroup(group)), to, on: condition(on) };
}

function isGroup(value: unknown): value is GroupReference {
  return typeof value === 'object' && value !== null && Reflect.get(value, 'kind') === 'group';
}

function groupAsUnit({ name }: GroupReference): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', `unit: ${written(name)} is a group`, {
    hint: "write { group } in place of { unit }, as in { group, on: 'finished' }",
  });
}

function asGroup(group: unknown): unknown {
  return typeof group === 'string' ? { kind: 'group', name: group } : group;
}

function filled(ref: unknown, given: unknown): string {
  if (typeof ref === 'string' && ref !== '') return ref;
  throw refusal(given);
}

function condition(on: unknown): DependencyCondition {
  if (on === undefined) return 'done';
  if (on === 'done' || on === 'finished') return on;
  throw new DescriptionError('DESCRIPTION_INVALID', `on: ${written(on)} is no condition`, {
    hint: "write 'done' or 'finished'",
  });
}

function refusal(value: unknown, unexpected?: string): DescriptionError {
  const problem = `${written(value)} is no dependency`;
  return new DescriptionError(
    'DESCRIPTION_INVALID',
    unexpected ? `${problem}: ${unexpected} is not known` : problem,
    {
      hint: "write a unit, its id or its name, a group, { unit, on: 'finished' }, or { group, on: 'finished' }",
    },
  );
}
