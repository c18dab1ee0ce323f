/**
 * What holds of the state of work after every event: whatever is kept in two places says the same in
 * both. For tests and the simulator; costs a walk over all units.
 */
import type { AgentPlace } from './places.ts';
import { isFinal, STATE } from './state-numbers.ts';
import type { WorkState } from './work-state.ts';

/** @throws Error that names everything that does not fit together. */
export function assertWorkInvariants(state: WorkState): void {
  const problems = [
    ...problemsOfCounts(state),
    ...state.places.all.flatMap((place) => problemsOfPlace(state, place)),
    ...problemsOfQueues(state),
  ];
  if (problems.length > 0) throw new Error(`defect: ${problems.join('; ')}`);
}

/** The counts of units by state, and of unfinished members by group. */
function problemsOfCounts(state: WorkState): string[] {
  const { units, dependencies } = state;
  const counts = units.counts.map(() => 0);
  const unfinished = dependencies.groups.map(() => 0);
  for (let unit = 0; unit < units.size; unit++) {
    const number = units.state(unit);
    counts[number] = (counts[number] as number) + 1;
    const { group } = state.template(unit);
    if (group && !isFinal(number)) unfinished[group.id] = (unfinished[group.id] as number) + 1;
  }
  const problems: string[] = [];
  if (`${counts}` !== `${units.counts}`) problems.push(`counts ${units.counts}, really ${counts}`);
  const groups = dependencies.groups.map((group) => group.unfinished);
  if (`${unfinished}` !== `${groups}`) {
    problems.push(`unfinished in groups ${groups}, really ${unfinished}`);
  }
  return problems;
}

function problemsOfPlace(state: WorkState, place: AgentPlace): string[] {
  const { id, bookedCores, boundCount, status } = place;
  const problems: string[] = [];
  const bound = state.boundTo(place);
  const cores = bound.reduce((sum, unit) => sum + state.template(unit).requests.request.cores, 0);
  if (Math.abs(cores - bookedCores) > 1e-6) {
    problems.push(`place ${id} has ${bookedCores} cores booked, really ${cores}`);
  }
  if (bound.length !== boundCount) {
    problems.push(`place ${id} counts ${boundCount} units, really ${bound.length}`);
  }
  const promised = state.promised.at(place);
  if (status === 'gone' && bound.length + promised.length > 0) {
    problems.push(`place ${id} is gone and holds units`);
  }
  for (const unit of promised) {
    const left = state.dependencies.waitingOn(unit);
    if (left !== 1) problems.push(`unit ${unit} is promised, and waits for ${left}`);
  }
  return problems;
}

/** Each pending unit is in its class's queue, or parked until its time. */
function problemsOfQueues({ templates, parked, units }: WorkState): string[] {
  const queued = templates.classes.reduce((sum, requests) => sum + requests.pending, 0);
  const waiting = parked.dump().length;
  const pending = units.counts[STATE.Pending] as number;
  if (queued + waiting === pending) return [];
  return [`${pending} units are pending, ${queued} queued, ${waiting} parked`];
}
