/**
 * What an agent may be told to start before it is free to run: units that wait for one more each, which
 * that agent has. It starts them when that one has ended well, without a word from here; until then they
 * are *promised*: they wait, are bound nowhere and take no room. Decision 13 says why it is safe.
 *
 * Only where nobody loses by it, which is where cores would be idle for a round trip: nothing waits to
 * be bound, and the agent has slots for all that it has.
 */
import { hasArgsElsewhere } from '../model/packed-args.ts';
import type { AgentPlace } from './places.ts';
import { hasOwnFiles } from './staged-files.ts';
import { STATE } from './state-numbers.ts';
import type { WorkState } from './work-state.ts';

/** Where more wait for one unit, the first of them in the list are not the first that would start. */
const DEPENDENTS_MAX = 64;

const NONE: readonly Promises[] = [];

/** Units for one place, and for each the one that it is to start after. */
interface Promises {
  readonly place: AgentPlace;
  readonly units: number[];
  readonly after: number[];
}

/** What may be promised now to places that have changed: units have ended there, or were bound to them. */
export function promises(
  state: WorkState,
  changed: ReadonlySet<AgentPlace>,
  now: number,
): readonly Promises[] {
  if (state.dependencies.isEmpty) return NONE;
  if (state.templates.areWaiting) return NONE;
  const free = [...changed].filter((place) => place.isOpen && !place.overbooked);
  return free.map((place) => at(place, state, now)).filter(({ units }) => units.length > 0);
}

/** One unit for each of its cores at the most, with those that were promised to it before. */
function at(place: AgentPlace, state: WorkState, now: number): Promises {
  const units: number[] = [];
  const after: number[] = [];
  const most = place.capacity.cores - state.promised.at(place).length;
  for (const unit of state.boundTo(place)) {
    if (units.length >= most) break;
    if (!mayBeFollowed(state, unit)) continue;
    for (const dependent of state.dependencies.fewDependentsOf(unit, DEPENDENTS_MAX)) {
      if (units.length >= most) break;
      if (!mayBePromised(state, dependent, place, now)) continue;
      units.push(dependent);
      after.push(unit);
    }
  }
  return { place, units, after };
}

/** Not a unit that pilots may have died of: the one that was promised behind it may be to blame. */
function mayBeFollowed(state: WorkState, unit: number): boolean {
  const number = state.units.state(unit);
  return (number === STATE.Scheduled || number === STATE.Running) && state.deathsBeside(unit) === 0;
}

/**
 * Each unit once at the most: one that came back goes the way of all others. None that may not run twice:
 * when the pilot is lost, nobody knows whether it has started. None with files: their transfers
 * ask for what is bound. None that is given another unit's value, which nobody has yet.
 */
function mayBePromised(state: WorkState, unit: number, place: AgentPlace, now: number): boolean {
  if (state.units.state(unit) !== STATE.Waiting || state.attempt(unit) > 0) return false;
  if (state.dependencies.waitingOn(unit) !== 1) return false;
  const { requests, restartOnPilotLoss, startTime = 0, largeness } = state.template(unit);
  if (largeness || restartOnPilotLoss === false || startTime > now || requests.spec.hasFiles)
    return false;
  if (!state.units.hasOnlyName(unit) && wantsToBeBound(state.units.own(unit) ?? '')) return false;
  return place.takes(requests, now);
}

function wantsToBeBound(own: string): boolean {
  return hasOwnFiles(own) || hasArgsElsewhere(own);
}
