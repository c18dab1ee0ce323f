/**
 * Whether a submit would make units wait for one another for ever, groups included.
 *
 * Every circle runs through a new unit, so the search begins at those, and follows who waits for
 * whom through old and new alike.
 */
import { TO_NAMED_GROUP, TO_ROW } from './edge-targets.ts';
import { isFinal } from './state-numbers.ts';
import { NONE } from './unit-page.ts';
import type { WorkState } from './work-state.ts';

/** In place of the group of a row that is in none. */
const NO_GROUP = -1;

/** What a submit would add. */
export interface Newcomers {
  /** As a submission holds them, in one list or several. */
  readonly edges: readonly Uint32Array[];
  /** Whether some row waits for one behind it. */
  readonly looksAhead: boolean;
  /** The numbers of the groups that edges name. */
  readonly groups: readonly number[];
  /** The number that its first unit will get. */
  readonly first: number;
  /** How many rows in a row are in which group. */
  readonly runs: readonly { readonly count: number; readonly group: string | undefined }[];
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
  // There is none where rows wait only for what came before, and join no group that somebody waits for.
  const throughGroups = joinsAwaited(newcomers, state);
  if (!newcomers.looksAhead && !throughGroups) return undefined;
  const { first } = newcomers;
  const edges = edgesOf(newcomers);
  if (!throughGroups && canAllRun(edges, newcomers)) return undefined;
  const followers = followersOf(newcomers, edges, state);
  const seen = new Map<Node, 'open' | 'closed'>();
  for (const row of edges.rows) {
    const circle = walk(first + row, followers, seen);
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

/** Whether new units are in a group that somebody waits for, or would. */
function joinsAwaited({ groups, runs, newGroups }: Newcomers, state: WorkState): boolean {
  const awaited = new Set(groups);
  const joined = new Set(runs.map(({ group }) => group));
  return [...joined].some((name) => {
    if (name === undefined) return false;
    const group = state.dependencies.group(name);
    const id = group?.id ?? newGroups.get(name);
    return (group !== undefined && group.edges !== NONE) || (id !== undefined && awaited.has(id));
  });
}

/** Edges side by side: the row of each, and what it waits for. */
interface Edges {
  readonly rows: Int32Array;
  readonly targets: Int32Array;
}

function edgesOf({ edges, groups, first }: Newcomers): Edges {
  const count = edges.reduce((sum, { length }) => sum + length / 3, 0);
  const rows = new Int32Array(count);
  const targets = new Int32Array(count);
  let edge = 0;
  for (const list of edges) {
    for (let i = 0; i < list.length; i += 3, edge++) {
      const target = (list[i + 1] as number) >>> 1;
      rows[edge] = list[i] as number;
      if (list[i + 2] === TO_NAMED_GROUP) targets[edge] = -1 - (groups[target] as number);
      else targets[edge] = list[i + 2] === TO_ROW ? first + target : target;
    }
  }
  return { rows, targets };
}

/**
 * Whether each row can run once others have, where groups do not matter: by letting all run that wait for
 * no row any more. A million rows take 0.1 s, and the search for a circle among them 1.4.
 */
function canAllRun({ rows, targets }: Edges, { first, runs }: Newcomers): boolean {
  const count = runs.reduce((sum, run) => sum + run.count, 0);
  const waitingFor = new Uint32Array(count);
  // The edges to each row as a linked list.
  const heads = new Int32Array(count).fill(-1);
  const nexts = new Int32Array(rows.length);
  for (let edge = 0; edge < rows.length; edge++) {
    const target = (targets[edge] as number) - first;
    if (target < 0) continue;
    const row = rows[edge] as number;
    waitingFor[row] = (waitingFor[row] as number) + 1;
    nexts[edge] = heads[target] as number;
    heads[target] = edge;
  }
  const free = new Uint32Array(count);
  let found = 0;
  for (let row = 0; row < count; row++) if (waitingFor[row] === 0) free[found++] = row;
  for (let ran = 0; ran < found; ran++) {
    for (let edge = heads[free[ran] as number] as number; edge >= 0; edge = nexts[edge] as number) {
      const row = rows[edge] as number;
      waitingFor[row] = (waitingFor[row] as number) - 1;
      if (waitingFor[row] === 0) free[found++] = row;
    }
  }
  return found === count;
}

function groupsByRow({ runs, newGroups }: Newcomers, state: WorkState): Int32Array {
  const groups = new Int32Array(runs.reduce((sum, { count }) => sum + count, 0)).fill(NO_GROUP);
  let row = 0;
  for (const { count, group } of runs) {
    if (group !== undefined) {
      const id = state.dependencies.group(group)?.id ?? newGroups.get(group);
      groups.fill(id ?? NO_GROUP, row, row + count);
    }
    row += count;
  }
  return groups;
}

/** A function that tells who waits for a node, as things would be after the submit. */
function followersOf(
  newcomers: Newcomers,
  { rows, targets }: Edges,
  state: WorkState,
): (node: Node) => Node[] {
  const { first } = newcomers;
  const groupOfRow = groupsByRow(newcomers, state);
  // The edges to each node as a linked list: arrays by the million would cost more than the search.
  const heads = new Map<Node, number>();
  const nexts = new Int32Array(rows.length);
  for (let edge = nexts.length - 1; edge >= 0; edge--) {
    const node = targets[edge] as Node;
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
      found.push(first + (rows[edge] as number));
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
