import { beforeEach, describe, expect, it } from 'vitest';
import { detailOf, explainUnit } from '../../src/manager/work-explain.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import { unitId } from '../../src/model/ids.ts';
import { WORK_UNIT_STATES } from '../../src/model/work-unit-state.ts';
import { schedulerOf } from '../../src/scheduler/schedulers.ts';
import { startedRows } from '../support/rows.ts';
import { NODE, WorkWorld } from '../support/work-world.ts';

const PLACE = { agentId: 'a1', pilotId: 'p1', serviceId: 'pilots-1', node: NODE };
const HELP = "PilotJobService.open({ id: 'pilots-1' }), and add it";
const CONTEXT = { now: 0, pilots: [], idOf: (unit: number) => unitId('work', unit) };

describe('what an earlier life has left with an agent whose service nobody opens', () => {
  let manager: WorkManager;
  const look = (now: number) => manager.handle({ type: 'left-behind', now });
  const time = (now: number) => manager.handle({ type: 'time', now });
  const states = () => [0, 1].map((unit) => WORK_UNIT_STATES[manager.state.units.state(unit)]);

  beforeEach(() => {
    const before = new WorkWorld();
    const place = PLACE;
    before.handle({ type: 'agent-joined', now: 0, place, endsAt: undefined, held: undefined });
    before.submit({ totalCpuCount: 4 }, { totalCpuCount: 4 });
    before.report('a1', { started: startedRows([{ unit: 0, attempt: 1 }]) });
    manager = new WorkManager(schedulerOf('backfill'));
    for (const event of before.journal) manager.replay(event);
  });

  it('is in doubt after some seconds, and says whose it is', () => {
    time(64_000);
    expect(states()).toEqual(['Running', 'Scheduled']);
    look(65_000);
    expect(states()).toEqual(['Unknown', 'Unknown']);
    const summary = `is held by pilot p1 of service pilots-1, which is not open, or was not added: ${HELP}`;
    expect(detailOf(manager.state, 0, CONTEXT)).toBe(summary);
    expect(explainUnit(manager.state, 1, CONTEXT)).toMatchObject({ summary, wouldHelp: [HELP] });
    manager.handle({ type: 'cancel', now: 70_000, units: [0], why: 'by the user' });
    expect(detailOf(manager.state, 0, CONTEXT)).toBe(`is being canceled: by the user; ${summary}`);
  });

  it('stays so whatever the time: whether the agent has ended is known to its own service alone', () => {
    look(65_000);
    time(65_000 + 365 * 86_400_000);
    expect(states()).toEqual(['Unknown', 'Unknown']);
    const gone = { how: 'ended', detail: 'its lease was over' } as const;
    manager.handle({ type: 'agent-gone', now: 1e12, agentId: 'a1', ...gone });
    expect(states()).toEqual(['Pending', 'Pending']);
  });

  it('is not in doubt once the service has been opened and added', () => {
    manager.handle({ type: 'agent-silent', now: 61_000, agentId: 'a1', why: 'not here yet' });
    look(70_000);
    expect(states()).toEqual(['Running', 'Scheduled']);
    const held = {
      units: new Uint32Array([0, 1]),
      attempts: new Uint16Array([1, 1]),
      phases: new Uint8Array([1, 0]),
    };
    manager.handle({ type: 'agent-joined', now: 80_000, place: PLACE, endsAt: undefined, held });
    time(90_000);
    expect(states()).toEqual(['Running', 'Scheduled']);
  });
});
