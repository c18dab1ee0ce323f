/**
 * Whether a submit would make units wait for one another for ever, groups included.
 *
 * Every circle runs through a new unit, so the search begins at those, and follows who waits for
 * whom through old and new alike.
 */
import { isFinal, NONE } from './unit-table.ts';
import type { WorkState } from './work-state.ts';

/** In a list of groups by row: this one is in none. */
export const NO_GROUP = -1;

/** What a submit would add. */
export interface Newcomers {
  /** As a submission holds them. */
  readonly edges: Uint32Array;
  /** The number that its first unit will get. */
  readonly first: number;
  /** The group of each of its units. */
  readonly groupOfRow: Int32Array;
  /** Groups that it makes, with the numbers that they will get. */
  readonly newGroups: ReadonlyMap<string, number>;
}

/** Units by their numbers, groups below zero: -1 is the first. */
type Node = number;

/** A circle, as one of the new units sees it. */
export interface Circle {
  readonly row: number;
  /** The names of whom it waits for, and they in turn; the last one is that unit itself. */
  readonly path: readonly string[];
}

/** Finds a circle, or undefined when there is none. */
export function findCircle(
  newcomers: Newcomers,
  state: WorkState,
  idOf: (unit: number) => string,
): Circle | undefined {
  if (!mayClose(newcomers, state)) return undefined;
  const followers = followersOf(newcomers, state);
  const seen = new Map<Node, 'open' | 'closed'>();
  const { edges, first } = newcomers;
  for (let i = 0; i < edges.length; i += 3) {
    const circle = walk(first + (edges[i] as number), followers, seen);
    if (circle === undefined) continue;
    const start = circle.findLastIndex((node) => node >= first);
    const path = [...circle.slice(start + 1), ...circle.slice(0, start + 1)];
    return {
      row: (circle[start] as Node) - first,
      path: path.map((node) => nameOf(node, newcomers, state, idOf)),
    };
  }
  return undefined;
}

/** A submit that waits only for what came before it, and joins no group that others wait for, cannot. */
function mayClose({ edges, first, groupOfRow }: Newcomers, state: WorkState): boolean {
  const joined = new Set(groupOfRow);
  for (const id of joined) {
    const group = state.dependencies.groups[id];
    if (group && group.edges !== NONE) return true;
  }
  for (let i = 0; i < edges.length; i += 3) {
    const target = Math.floor((edges[i + 1] as number) / 2);
    if (edges[i + 2] === 1 ? joined.has(target) : target > first + (edges[i] as number))
      return true;
  }
  return false;
}

/** A function that tells who waits for a node, as things would be after the submit. */
function followersOf(
  { edges, first, groupOfRow }: Newcomers,
  state: WorkState,
): (node: Node) => Node[] {
  // The edges to each node as a linked list: arrays by the million would cost more than the search.
  const heads = new Map<Node, number>();
  const nexts = new Int32Array(edges.length / 3);
  for (let edge = nexts.length - 1; edge >= 0; edge--) {
    const target = Math.floor((edges[3 * edge + 1] as number) / 2);
    const node = edges[3 * edge + 2] === 1 ? -1 - target : target;
    nexts[edge] = heads.get(node) ?? -1;
    heads.set(node, edge);
  }
  return (node) => {
    // Nobody waits for what is over.
    if (node >= 0 && node < first && isFinal(state.units.state(node))) return [];
    const found = oldFollowers(node, first, state);
    const group = node >= first ? groupOfRow[node - first] : undefined;
    if (group !== undefined && group !== NO_GROUP) found.push(-1 - group);
    for (let edge = heads.get(node) ?? -1; edge !== -1; edge = nexts[edge] as number) {
      found.push(first + (edges[3 * edge] as number));
    }
    return found;
  };
}

function oldFollowers(node: Node, first: number, state: WorkState): Node[] {
  const { dependencies } = state;
  if (node < 0) {
    const group = dependencies.groups[-1 - node];
    return group ? dependencies.dependentsOfGroup(group) : [];
  }
  if (node >= first) return [];
  const group = state.template(node).group?.id;
  const followers = dependencies.dependentsOf(node);
  return group === undefined ? followers : [...followers, -1 - group];
}

/**
 * The members of a circle, each waiting for the next and the last for the first.
 *
 * Depth first, without recursion: a chain may be a million units long.
 */
function walk(
  start: Node,
  followers: (node: Node) => Node[],
  seen: Map<Node, 'open' | 'closed'>,
): Node[] | undefined {
  if (seen.has(start)) return undefined;
  const path: { node: Node; rest: Node[] }[] = [{ node: start, rest: followers(start) }];
  seen.set(start, 'open');
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.rest.pop();
    if (next === undefined) {
      seen.set(top.node, 'closed');
      path.pop();
    } else if (seen.get(next) === 'open') {
      const nodes = path.map(({ node }) => node);
      return nodes.slice(nodes.indexOf(next)).reverse();
    } else if (!seen.has(next)) {
      seen.set(next, 'open');
      path.push({ node: next, rest: followers(next) });
    }
  }
  return undefined;
}

function nameOf(
  node: Node,
  { first, newGroups }: Newcomers,
  state: WorkState,
  idOf: (unit: number) => string,
): string {
  if (node >= 0) return node < first ? idOf(node) : `description ${node - first}`;
  const id = -1 - node;
  const made = [...newGroups].find(([, number]) => number === id);
  return `group '${state.dependencies.groups[id]?.name ?? made?.[0]}'`;
}
