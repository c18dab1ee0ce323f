/** How long some work takes at the least, whoever schedules it. */
import type { Portion, Unit } from './unit.ts';

/**
 * The largest of: the longest chain of dependencies; and for each width the work of the units at
 * least as wide over the cores of the agents that are wide enough, or their run times one after
 * another where no two of them fit at once.
 */
export function lowerBound(portions: readonly Portion[], agents: readonly number[]): number {
  const units = portions.flatMap((portion) => portion.units);
  let bound = criticalPath(units);
  for (const width of new Set(units.map(({ cores }) => cores))) {
    const wide = units.filter(({ cores }) => cores >= width);
    const able = agents.filter((cores) => cores >= width);
    const work = sum(wide.map(({ cores, runMs }) => cores * runMs));
    const atOnce = sum(able.map((cores) => Math.floor(cores / width)));
    const inTurn = sum(wide.map(({ runMs }) => runMs)) / atOnce;
    bound = Math.max(bound, work / sum(able), inTurn);
  }
  return bound;
}

function criticalPath(units: readonly Unit[]): number {
  const endsAt: number[] = [];
  let last = 0;
  for (const { runMs, after = [] } of units) {
    const end = runMs + Math.max(0, ...after.map((other) => endsAt[other] as number));
    endsAt.push(end);
    last = Math.max(last, end);
  }
  return last;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
