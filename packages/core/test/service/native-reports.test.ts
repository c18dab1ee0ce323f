import { describe, expect, it } from 'vitest';
import type { NativeReport, PilotInput } from '../../src/manager/pilot-events.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { AgentRegistry } from '../../src/service/agent-registry.ts';
import { NativeReports } from '../../src/service/native-reports.ts';
import { ManualClock } from '../agent/manual-clock.ts';
import { PilotWorld } from '../manager/pilot-world.ts';

/** Reports about a pilot whose only agent ends its link when the test says so. */
function reporting() {
  const world = new PilotWorld().running();
  const told: string[] = [];
  const links = { are: true, lost: 0, part: () => {} };
  const parted = new Promise<void>((resolve) => {
    links.part = resolve;
  });
  const agents: Partial<AgentRegistry> = {
    areConnected: () => links.are,
    wereConnected: (_, since) => links.are || links.lost >= since,
    parted: () => (links.are ? parted : Promise.resolve()),
  };
  const reports = new NativeReports({
    agents: agents as AgentRegistry,
    clock: new ManualClock(),
    log: silentLog,
    pilotOf: () => world.pilot,
    leftOf: () => ({
      reports: async () => [],
      bye: async () => ({ reason: 'signal' }),
      remove: async () => {},
    }),
    tell: (input: PilotInput) => {
      world.tell(input);
      told.push(input.type === 'native' ? input.report.state : input.type);
    },
  });
  const report = (state: NativeReport['state'], forgotten = false, asOf = 1) =>
    reports.report('p', { id: '17', state, detail: state.toUpperCase() }, forgotten, asOf);
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { world, told, links, report, settled };
}

describe('what is said of a native job', () => {
  it('comes after what its agents have said of their end', async () => {
    const { told, links, report, settled } = reporting();
    report('Failed');
    await settled();
    expect(told).toEqual([]);
    links.part();
    await settled();
    expect(told).toEqual(['agent-bye', 'Failed']);
  });

  it('comes in order, also while one waits', async () => {
    const { world, told, links, report, settled } = reporting();
    links.are = false;
    report('Pending');
    report('Running');
    await settled();
    expect(told).toEqual(['agent-bye', 'Pending', 'Running']);
    expect(world.pilot?.native).toMatchObject({ report: { state: 'Running' } });
  });

  it('is not that it is back in the queue, where an agent was heard since that was asked', async () => {
    const { told, links, report, settled } = reporting();
    report('Pending');
    Object.assign(links, { are: false, lost: 5 });
    report('Pending', false, 4);
    await settled();
    expect(told).toEqual([]);
    report('Pending', false, 6);
    await settled();
    expect(told).toEqual(['agent-bye', 'Pending']);
  });

  it('is no news of its end while an agent has a link, however long it is forgotten', async () => {
    const { told, links, report, settled } = reporting();
    report('Unknown', true);
    await settled();
    expect(told).toEqual(['Unknown']);
    links.are = false;
    report('Unknown', true);
    await settled();
    expect(told).toEqual(['Unknown', 'agent-bye', 'Unknown', 'native-forgotten']);
  });
});
