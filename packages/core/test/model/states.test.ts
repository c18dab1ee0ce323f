import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as pilot from '../../src/model/pilot-job-state.ts';
import * as service from '../../src/model/service-state.ts';
import * as unit from '../../src/model/work-unit-state.ts';

interface Machine {
  readonly name: string;
  readonly states: readonly string[];
  readonly table: Readonly<Record<string, readonly string[]>>;
  readonly isFinal: (state: never) => boolean;
  readonly ends: string;
  /** Ways that things really go. */
  readonly ways: readonly string[];
}

const MACHINES: readonly Machine[] = [
  {
    name: 'work unit',
    states: unit.WORK_UNIT_STATES,
    table: unit.WORK_UNIT_TRANSITIONS,
    isFinal: unit.isFinalWorkUnitState,
    ends: 'Canceled Done Failed',
    ways: [
      'New Waiting Pending Scheduled Running Done',
      'New Pending Scheduled Running Pending Scheduled Running Failed',
      'New Waiting Canceled',
      'New Pending Canceled',
      'Scheduled Pending',
      'Scheduled Unknown Canceled',
      'Running Unknown Running Unknown Done',
      'Running Unknown Pending',
      'Scheduled Unknown Scheduled Failed',
    ],
  },
  {
    name: 'pilot job',
    states: pilot.PILOT_JOB_STATES,
    table: pilot.PILOT_JOB_TRANSITIONS,
    isFinal: pilot.isFinalPilotJobState,
    ends: 'Canceled Done Failed',
    ways: [
      'New Pending Running Done',
      'New Failed',
      'New Canceled',
      'Pending Running Suspended Running Failed',
      'Pending Done',
      'Running Pending Canceled',
      'Running Unknown Running Canceled',
      'Suspended Unknown Failed',
    ],
  },
  {
    name: 'service',
    states: service.SERVICE_STATES,
    table: service.SERVICE_TRANSITIONS,
    isFinal: service.isFinalServiceState,
    ends: 'Canceled Closed',
    ways: ['Open Closed', 'Open Canceled'],
  },
];

function reachableFrom(start: string, { table }: Machine): Set<string> {
  const reached = new Set([start]);
  for (const state of reached) for (const next of table[state] ?? []) reached.add(next);
  return reached;
}

describe.each(MACHINES)('the states of a $name', (machine) => {
  const { states, table, isFinal, ends, ways } = machine;
  const start = states[0] as string;

  it('are all in the table, and no others', () => {
    expect(Object.keys(table).sort()).toEqual([...states].sort());
    expect(
      new Set(
        Object.values(table)
          .flat()
          .filter((next) => !states.includes(next)),
      ),
    ).toEqual(new Set());
  });

  it('can all be reached', () => {
    expect([...reachableFrom(start, machine)].sort()).toEqual([...states].sort());
  });

  it('lead to an end from everywhere', () => {
    for (const state of states) {
      expect([...reachableFrom(state, machine)].some((next) => isFinal(next as never))).toBe(true);
    }
  });

  it('are final exactly when nothing follows', () => {
    for (const state of states) expect(isFinal(state as never)).toBe(table[state]?.length === 0);
    expect(states.filter((state) => isFinal(state as never)).sort()).toEqual(ends.split(' '));
  });

  it.each(ways)('allow %s', (way) => {
    const steps = way.split(' ');
    for (const [i, next] of steps.slice(1).entries())
      expect(table[steps[i] as string]).toContain(next);
  });

  it('are never followed by the first or by themselves, and by none twice', () => {
    for (const state of states) {
      expect(table[state]).not.toContain(start);
      expect(table[state]).not.toContain(state);
      expect(new Set(table[state]).size).toBe(table[state]?.length);
    }
  });
});

describe('mayMove', () => {
  it('says what the tables say', () => {
    const units = fc.constantFrom(...unit.WORK_UNIT_STATES);
    const pilots = fc.constantFrom(...pilot.PILOT_JOB_STATES);
    fc.assert(
      fc.property(units, units, pilots, pilots, (from, to, pilotFrom, pilotTo) => {
        expect(unit.mayMove(from, to)).toBe(unit.WORK_UNIT_TRANSITIONS[from].includes(to));
        expect(pilot.mayMove(pilotFrom, pilotTo)).toBe(
          pilot.PILOT_JOB_TRANSITIONS[pilotFrom].includes(pilotTo),
        );
      }),
    );
  });

  it('lets what an agent holds be canceled by way of Unknown only', () => {
    expect(unit.mayMove('Running', 'Canceled')).toBe(false);
    expect(unit.mayMove('Scheduled', 'Canceled')).toBe(false);
    expect(unit.mayMove('Unknown', 'Canceled')).toBe(true);
  });
});

describe('the numbers of states', () => {
  it('stay as journals have them', () => {
    expect([...unit.WORK_UNIT_STATES]).toEqual(
      'New Waiting Pending Scheduled Running Done Canceled Failed Unknown'.split(' '),
    );
    expect([...pilot.PILOT_JOB_STATES]).toEqual(
      'New Pending Running Suspended Done Canceled Failed Unknown'.split(' '),
    );
  });
});
