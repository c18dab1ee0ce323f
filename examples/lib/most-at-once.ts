/** How many units ran at the same time, at the most, by when they started and ended. */
import type { WorkUnit } from '@pstar/core';

export function mostAtOnce(units: Iterable<WorkUnit>): number {
  const changes: { at: number; by: 1 | -1 }[] = [];
  for (const { exit } of units) {
    if (exit === undefined) continue;
    changes.push({ at: exit.startedAt.getTime(), by: 1 });
    changes.push({ at: exit.finishedAt.getTime(), by: -1 });
  }
  // Within a millisecond an end makes room for a start.
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  let most = 0;
  for (const { by } of changes) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
