/**
 * Whether a submit would make units wait for one another for ever, groups included.
 *
 * Every circle runs through a new unit, so the search begins at those, and follows who waits for
 * whom through old and new alike.
 */
import type { Group } from './dependencies.ts';
import type { WorkState } from './work-state.ts';

/** Units by their numbers, groups below zero: -1 is the first. */
type Node = number;

/**
 * Names the members of a circle, or undefined when there is none.
 *
 * `edges` are those of a submission, `first` the number that its first unit will get, and
 * `groupOfRow` the groups of those of its units that are in one.
 */
export function findCircle(
  edges: readonly number[],
  first: number,
  groupOfRow: ReadonlyMap<number, number>,
  state: WorkState,
): string[] | undefined {
  if (!mayClose(edges, first, groupOfRow, state)) return undefined;
  const added = new Map<Node, Node[]>();
  for (let i = 0; i < edges.length; i += 3) {
    const target = Math.floor((edges[i + 1] as number) / 2);
    const node = edges[i + 2] === 1 ? -1 - target : target;
    const waiting = added.get(node);
    if (waiting) waiting.push(first + (edges[i] as number));
    else added.set(node, [first + (edges[i] as number)]);
  }
  const followers = (node: Node): Node[] => [
    ...(added.get(node) ?? []),
    ...oldFollowers(node, first, groupOfRow, state),
  ];
  const seen = new Map<Node, 'open' | 'closed'>();
  for (const start of new Set([...added.values()].flat())) {
    const circle = walk(start, followers, seen);
    if (circle) return circle.reverse().map((node) => nameOf(node, first, state));
  }
  return undefined;
}

/** A submit that waits only for what came before it, and joins no group that others wait for, cannot. */
function mayClose(
  edges: readonly number[],
  first: number,
  groupOfRow: ReadonlyMap<number, number>,
  state: WorkState,
): boolean {
  const awaited = new Set(groupOfRow.values());
  if (
    [...awaited].some(
      (id) =>
        state.dependencies.dependentsOfGroup(state.dependencies.groups[id] as Group).length > 0,
    )
  ) {
    return edges.length > 0;
  }
  for (let i = 0; i < edges.length; i += 3) {
    const target = Math.floor((edges[i + 1] as number) / 2);
    if (edges[i + 2] === 1 ? awaited.has(target) : target > first + (edges[i] as number))
      return true;
  }
  return false;
}

function oldFollowers(
  node: Node,
  first: number,
  groupOfRow: ReadonlyMap<number, number>,
  state: WorkState,
): Node[] {
  if (node < 0)
    return state.dependencies.dependentsOfGroup(state.dependencies.groups[-1 - node] as Group);
  const group = node < first ? state.template(node).group?.id : groupOfRow.get(node - first);
  const followers = node < first ? state.dependencies.dependentsOf(node) : [];
  return group === undefined ? followers : [...followers, -1 - group];
}

/** Depth first, without recursion: a chain may be a million units long. */
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
      return [...nodes.slice(nodes.indexOf(next)), next];
    } else if (!seen.has(next)) {
      seen.set(next, 'open');
      path.push({ node: next, rest: followers(next) });
    }
  }
  return undefined;
}

function nameOf(node: Node, first: number, state: WorkState): string {
  if (node < 0) return `group '${state.dependencies.groups[-1 - node]?.name}'`;
  return node < first ? `unit ${node}` : `description ${node - first}`;
}
