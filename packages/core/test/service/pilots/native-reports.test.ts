import { describe, expect, it } from 'vitest';
import type { NativeReport, PilotInput } from '../../../src/manager/pilot-events.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { AgentRegistry } from '../../../src/service/agents/agent-registry.ts';
import { NativeReports } from '../../../src/service/pilots/native-reports.ts';
import { ManualClock } from '../../agent/manual-clock.ts';
import { PilotWorld } from '../../manager/pilot-world.ts';

/** Reports about a pilot whose only agent ends its link when the test says so. */
function reporting(hasSaidWhy = true) {
  const world = new PilotWorld().running();
  const told: string[] = [];
  /** What was asked for to be brought; with `false` there is no time for it. */
  const brought: string[] = [];
  const bringing = { works: true };
  const links = { are: true, lost: 0, part: () => {} };
  const parted = new Promise<void>((resolve) => {
    links.part = () => {
      links.are = false;
      resolve();
    };
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
      bye: async () => (hasSaidWhy ? { reason: 'signal' } : undefined),
      remove: async () => {},
    }),
    bring: async (_, isAllOver) => {
      brought.push(`${isAllOver ? 'all' : 'some'} after ${told.length}`);
      return bringing.works;
    },
    tell: (input: PilotInput) => {
      world.tell(input);
      told.push(input.type === 'native' ? input.report.state : input.type);
    },
  });
  const report = (state: NativeReport['state'], forgotten = false, asOf = 1) =>
    reports.report('p', { id: '17', state, detail: state.toUpperCase() }, forgotten, asOf);
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { world, told, brought, bringing, links, report, settled };
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

  it('is an end only after what agents have left was brought', async () => {
    const { told, brought, bringing, links, report, settled } = reporting();
    Object.assign(links, { are: false, lost: 0 });
    bringing.works = false;
    report('Done');
    await settled();
    expect(told).toEqual([]);
    bringing.works = true;
    report('Done');
    await settled();
    expect(told).toEqual(['agent-bye', 'Done']);
    expect(brought).toEqual(['all after 0', 'all after 0']);
  });

  it('leaves what was brought there for one that is to start again', async () => {
    const { told, brought, links, report, settled } = reporting();
    Object.assign(links, { are: false, lost: 0 });
    report('Pending');
    await settled();
    expect(told).toEqual(['agent-bye', 'Pending']);
    expect(brought).toEqual(['some after 0']);
  });

  it('leaves it to an agent that may still run, when it is forgotten, and to nobody else', async () => {
    const silent = reporting(false);
    silent.links.are = false;
    silent.report('Unknown', true);
    await silent.settled();
    expect(silent.brought).toEqual(['some after 0']);
    const ended = reporting();
    ended.links.are = false;
    ended.report('Unknown', true);
    await ended.settled();
    expect(ended.brought).toEqual(['some after 0', 'all after 0']);
    expect(ended.told).toEqual(['agent-bye', 'Unknown', 'native-forgotten']);
  });
});
