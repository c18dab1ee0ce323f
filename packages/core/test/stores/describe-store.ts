/** What a service's store says, as plain data: written beside a fixture, and compared when it is opened. */
import type { PilotMachine } from '../../src/manager/pilot-machine.ts';
import { NONE, PAGE_MASK } from '../../src/manager/unit-page.ts';
import type { WorkManager } from '../../src/manager/work-manager.ts';
import { WORK_UNIT_STATES } from '../../src/model/work-unit-state.ts';

/** Of the columns, those that users are told of or that decisions rest on. */
const COLUMNS = [
  'flags',
  'attempt',
  'retried',
  'crashes',
  'exitCode',
  'signal',
  'reason',
  'startedAt',
  'finishedAt',
  'userTime',
  'systemTime',
  'maxRss',
] as const;

/** All units with all that is known of them, and whatever else the manager goes by. */
export function describeWork({ state }: WorkManager) {
  return {
    at: state.at,
    units: Array.from({ length: state.units.size }, (_, unit) => describeUnit(state, unit)),
    groups: state.dependencies.groups.map(({ name, members, unfinished, failed }) => {
      return { name, members, unfinished, failed: failed === NONE ? null : failed };
    }),
    places: state.places.all.map((place) => ({
      ...place.record,
      isGone: place.status === 'gone',
      isEnding: place.isEnding,
      bound: [...state.boundTo(place)],
    })),
    classes: state.templates.classes.map(({ spec, pending, oldest, meanMs }) => {
      return { spec, pending, oldest: oldest === NONE ? null : oldest, meanMs };
    }),
  };
}

function describeUnit(state: WorkManager['state'], unit: number) {
  const page = state.units.page(unit);
  const row = unit & PAGE_MASK;
  const place = page.place[row] as number;
  const columns = COLUMNS.map((name) => [name, page[name][row] as number]);
  return {
    state: WORK_UNIT_STATES[state.units.state(unit)] as string,
    description: state.template(unit).description,
    own: state.units.own(unit),
    agent: place === NONE ? null : state.places.at(place).record.agentId,
    waitingOn: state.dependencies.waitingOn(unit),
    dependents: state.dependencies.dependentsOf(unit),
    parkedUntil: state.parked.until(unit) ?? null,
    detail: state.details.get(unit) ?? null,
    stderrTail: state.stderrTails.get(unit) ?? null,
    ...(Object.fromEntries(columns) as Record<(typeof COLUMNS)[number], number>),
  };
}

/** All pilots with their agents. */
export function describePilots(machine: PilotMachine) {
  return [...machine.pilots.values()].map(({ agents, ...rest }) => {
    return { ...rest, agents: [...agents.values()] };
  });
}
