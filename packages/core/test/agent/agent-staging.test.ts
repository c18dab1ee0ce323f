import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentMachineOptions } from '../../src/agent/agent-machine.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import type { Report, UnitCommand } from '../../src/protocol/messages.ts';
import { ATTRIBUTE_ITEMS } from '../../src/protocol/transfer-messages.ts';
import { AgentWorld, LEASE_MS, named, rows, told } from './agent-world.ts';

const inputs = [{ item: 0, name: 'in' }];
const outputs = [{ item: 1, name: 'out' }];
const PROBLEM = { problem: '/home/in: ENOENT: no such file (on here)' };

function worldOf(command: Partial<UnitCommand>, options: Partial<AgentMachineOptions> = {}) {
  return new AgentWorld(options).connect().template().template(2, {}, 1, command);
}

/** What is held, as `unit.attempt phase`. */
function held(world: AgentWorld): string[] {
  return world.machine
    .held()
    .flatMap((columns) => named('', columns).map((row, i) => `${row.trim()} ${columns.phases[i]}`));
}

function reasons(reports: readonly Report[]): string[] {
  return reports.flatMap(({ ended }) =>
    Array.from(ended?.reasons ?? [], (reason) => FAILURE_REASONS[reason] as string),
  );
}

describe('a unit whose inputs travel', () => {
  let world: AgentWorld;
  beforeEach(() => {
    world = worldOf({ inputs });
  });

  it('waits for them without slots, and then for slots', () => {
    world.start([1], { template: 2 }).start([2, 3, 4, 5]);
    expect([...world.staging.values()]).toMatchObject([{ unit: 1, inputs, outputs: [] }]);
    expect(world.running).toEqual([2, 3, 4, 5]);
    expect(held(world)).toContain('1.1 0');
    world.stage(1);
    expect(held(world).filter((row) => row.startsWith('1.'))).toEqual(['1.1 0']);
    expect(world.running).not.toContain(1);
    world.end(2);
    expect(world.running).toContain(1);
    expect(held(world)).toContain('1.1 1');
    world.begin(1).end(1);
    expect(told(world.takeReports())).toContain('ended 1.1');
    expect(held(world)).not.toContain('1.1 0');
  });

  it('keeps its key from then on', () => {
    world.start([1], { template: 2 });
    const [key] = world.staging.keys();
    world.stage(1);
    expect([...world.runs.keys()]).toEqual([key]);
    expect(world.machine.runOf(key as number)?.staged).toMatchObject({ unit: 1, inputs });
  });

  it('has failed when they do not come, without having started', () => {
    world.start([1, 2], { template: 2 });
    world.stage(1, PROBLEM).stage(2, { ...PROBLEM, transient: true });
    const reports = world.takeReports();
    expect(told(reports)).toEqual(['ended 1.1', 'ended 2.1']);
    expect(reasons(reports)).toEqual(['STAGING_FAILED', 'STAGING_INTERRUPTED']);
    expect(reports[0]?.ended?.details).toEqual([[0, PROBLEM.problem, '']]);
    expect(reports[0]?.ended?.exitCodes[0]).toBe(-1);
    expect(world.running).toEqual([]);
    expect(world.machine.withFiles).toBe(0);
  });

  it.each(['cancel', 'recall'] as const)('is given back at once by a %s', (type) => {
    world.start([1, 2, 3], { template: 2 }).start([4, 5, 6, 7]).stage(2);
    world.receive({ type, channel: 1, ...rows([1, 2]) });
    expect(told(world.takeReports())).toEqual(['returned asked 1.1', 'returned asked 2.1']);
    expect(world.unstaged).toEqual([1]);
    expect(held(world).filter((row) => /^[12]\./.test(row))).toEqual(['1.1 2', '2.1 2']);
    world.receive({ type: 'ack', channel: 1, seq: 9 });
    world.start([1], { template: 2, attempt: 2 }).stage(1).end(4);
    expect(world.running).toContain(1);
  });

  it('is not staged again, and only one attempt of it', () => {
    world.start([1], { template: 2 }).start([1], { template: 2 });
    expect(world.staging.size).toBe(1);
    world.start([1], { template: 2, attempt: 2 });
    expect(told(world.takeReports())).toEqual(['returned asked 1.2']);
    // The first is not what the manager wants any more.
    world.stage(1);
    expect(told(world.takeReports())).toEqual(['returned asked 1.1']);
  });

  it('is handed back when the agent ends', () => {
    world.start([1, 2], { template: 2 }).start([3, 4, 5, 6]).stage(2);
    world.machine.end('signal', world.now);
    world.settle();
    const returned = ['returned evicted 2.1', 'returned evicted 1.1'];
    expect(told(world.takeReports())).toEqual(returned);
    expect(world.unstaged).toContain(1);
  });

  it('is held on a new link, and comes on', () => {
    world.start([1], { template: 2 });
    world.machine.disconnected();
    world.connect();
    expect(world.sent.at(-1)).toMatchObject({ type: 'held', phases: Uint8Array.of(0) });
    expect(world.stage(1).running).toEqual([1]);
  });

  it('does not start where the agent stood still and knows no manager', () => {
    world.start([1], { template: 2 });
    world.machine.tick(world.now, LEASE_MS);
    world.stage(1);
    expect(world.running).toEqual([]);
    expect(world.connect().running).toEqual([1]);
  });

  it('is work, as far as idleness goes', () => {
    const idle = worldOf({ inputs, outputs }, { idleTimeoutMs: 100, leaseMs: 1e6 });
    idle.start([1], { template: 2 });
    expect(idle.tick(200).exit).toBeUndefined();
    idle.stage(1).begin(1).end(1);
    expect(idle.tick(200).exit).toBeUndefined();
    idle.collect(1).receive({ type: 'ack', channel: 1, seq: 9 });
    expect(idle.tick(50).exit).toBeUndefined();
    expect(idle.tick(100).exit?.reason).toBe('idle');
  });
});

describe('a unit whose outputs travel', () => {
  let world: AgentWorld;
  beforeEach(() => {
    world = worldOf({ outputs });
    world.start([1], { template: 2 }).start([2, 3, 4, 5]);
    world.begin(1).settle().takeReports();
  });

  it('gives up its slots, and is over when they are home', () => {
    world.end(1);
    expect(world.running).toEqual([2, 3, 4, 5]);
    expect([...world.collecting.values()]).toMatchObject([{ unit: 1, outputs, phase: 'leaving' }]);
    expect(told(world.takeReports())).toEqual([]);
    expect(held(world)).toContain('1.1 1');
    world.collect(1);
    const reports = world.takeReports();
    expect(told(reports)).toEqual(['ended 1.1']);
    expect(reports[0]?.ended).toMatchObject({
      exitCodes: Int16Array.of(0),
      finishedAt: Float64Array.of(2500),
    });
  });

  it('is reported as started before, where that was not said', () => {
    world.end(2).begin(5).end(1).settle();
    expect(told(world.takeReports())).toContain('started 5.1');
    const other = worldOf({ outputs });
    other.start([1], { template: 2 }).begin(1).end(1);
    expect(told(other.takeReports())).toEqual(['started 1.1']);
    expect(told(other.collect(1).takeReports())).toEqual(['ended 1.1']);
  });

  it('has failed when they cannot be fetched, unless it has failed by itself', () => {
    world.end(1).collect(1, PROBLEM);
    const [report] = world.takeReports();
    expect(reasons([report as Report])).toEqual(['STAGING_FAILED']);
    expect(report?.ended).toMatchObject({
      exitCodes: Int16Array.of(0),
      details: [[0, PROBLEM.problem, '']],
    });
    const other = worldOf({ outputs });
    const reason = FAILURE_REASONS.indexOf('EXIT_CODE');
    other.start([1], { template: 2 }).begin(1).end(1, false, { exitCode: 3, reason });
    other.collect(1, { ...PROBLEM, transient: true });
    const reports = other.takeReports();
    expect(reasons(reports)).toEqual(['EXIT_CODE']);
    expect(reports.at(-1)?.ended?.details).toBeUndefined();
  });

  it('has none to fetch when it never started', () => {
    const other = worldOf({ outputs });
    const reason = FAILURE_REASONS.indexOf('EXECUTABLE_NOT_FOUND');
    other.start([1], { template: 2 }).end(1, false, { reason });
    expect(other.collecting.size).toBe(0);
    expect(reasons(other.takeReports())).toEqual(['EXECUTABLE_NOT_FOUND']);
    expect(other.machine.withFiles).toBe(0);
  });

  it('is canceled while it runs, and while they travel', () => {
    world.start([6], { template: 2 }).end(2).end(3).begin(6).settle();
    world.receive({ type: 'cancel', channel: 1, ...rows([1]) }).end(1, true);
    expect(world.collecting.size).toBe(0);
    world.end(6);
    world.takeReports();
    world.receive({ type: 'recall', channel: 1, ...rows([6]) });
    expect(world.collecting.size).toBe(1);
    world.receive({ type: 'cancel', channel: 1, ...rows([6]) });
    expect(world.unstaged).toEqual([6]);
    const [report] = world.takeReports();
    expect(told([report as Report])).toEqual(['ended 6.1']);
    expect(report?.ended?.terminated).toEqual(Uint8Array.of(1));
  });

  it('is canceled, though it had just ended by itself, for its outputs will not be there', () => {
    world.receive({ type: 'cancel', channel: 1, ...rows([1]) }).end(1, false);
    expect(world.collecting.size).toBe(0);
    expect(world.takeReports()[0]?.ended?.terminated).toEqual(Uint8Array.of(1));
  });

  it('may bring them home while the agent ends, as long as the grace lasts', () => {
    world.start([6, 7], { template: 2 }).end(2).end(3).end(4).begin(6).begin(7).end(1).end(6);
    world.machine.end('signal', world.now, { graceMs: 1000 });
    world.settle();
    world.end(5, true).end(7, false);
    expect(world.takeReports().flatMap((each) => told([each]))).not.toContain('ended 6.1');
    world.tick(500).collect(6);
    expect(told(world.takeReports())).toEqual(['ended 6.1']);
    expect(world.exit).toBeUndefined();
    world.tick(600);
    expect(told(world.takeReports())).toEqual(['returned evicted 1.1', 'returned evicted 7.1']);
    expect(world.unstaged).toEqual([1, 7]);
    world.receive({ type: 'ack', channel: 1, seq: 99 });
    expect(world.exit?.reason).toBe('signal');
  });

  it('is handed back where it ends after that', () => {
    world.machine.end('signal', world.now, { graceMs: 1000 });
    world.tick(1001).end(1, false);
    expect(told(world.takeReports())).toContain('returned evicted 1.1');
    expect(world.collecting.size).toBe(0);
  });

  it('is handed back at once where there is no manager to bring them to', () => {
    world.end(1);
    world.machine.disconnected();
    world.tick(LEASE_MS);
    expect(world.unstaged).toEqual([1]);
    for (const unit of [2, 3, 4, 5]) world.end(unit, true);
    expect(world.exit?.reason).toBe('lease');
    const kept = world.kept.flatMap(({ report }) =>
      told([{ type: 'report', channel: 1, ...report }]),
    );
    expect(kept).toContain('returned evicted 1.1');
  });
});

describe('files that a node does not share', () => {
  const command = { input: '/home/in', output: '/home/out', error: '/home/err' };
  const [input, output, error] = [
    { item: ATTRIBUTE_ITEMS.input, name: '/home/in' },
    { item: ATTRIBUTE_ITEMS.output, name: '/home/out' },
    { item: ATTRIBUTE_ITEMS.error, name: '/home/err' },
  ];

  it('travel for a unit that names them by absolute names', () => {
    const world = worldOf(command, { sharesFiles: false }).start([1], { template: 2 });
    expect([...world.staging.values()]).toMatchObject([
      { inputs: [input], outputs: [output, error] },
    ]);
  });

  it('travel once where both streams go to one', () => {
    const both = { output: '/home/out', error: '/home/out' };
    const world = worldOf(both, { sharesFiles: false }).start([1], { template: 2 });
    world.begin(1).end(1);
    expect([...world.collecting.values()]).toMatchObject([{ inputs: [], outputs: [output] }]);
  });

  it('stay where they are where the node sees them, or they are in its own directory', () => {
    for (const options of [{}, { sharesFiles: true }]) {
      const world = worldOf(command, options).start([1], { template: 2 });
      expect(world.running).toEqual([1]);
      expect(world.machine.stagedOf([...world.runs.keys()][0] as number)).toBeUndefined();
    }
    const relative = worldOf({ input: 'in', output: 'out' }, { sharesFiles: false });
    expect(relative.start([1], { template: 2 }).machine.withFiles).toBe(0);
  });

  it('may be what a unit has of its own, and no other of its template', () => {
    const world = worldOf({}, { sharesFiles: false });
    const own = [
      null,
      JSON.stringify({ name: 'n', input: '/home/in' }),
      JSON.stringify({ input: 'x' }),
    ];
    world.start([1, 2, 3], { template: 2, own });
    expect(world.running).toEqual([1, 3]);
    expect([...world.runs.values()].map((run) => run.own)).toEqual([null, own[2]]);
    expect([...world.staging.values()]).toMatchObject([{ unit: 2, own: own[1], inputs: [input] }]);
  });
});

it('what a unit has of its own says which files travel', () => {
  const world = worldOf({ inputs, outputs });
  const own = [
    JSON.stringify({ inputs: null, outputs: null }),
    null,
    JSON.stringify({ inputs: [{ item: 0, name: 'other' }], outputs: null, name: 'n' }),
    JSON.stringify({ arguments: ['"inputs":'] }),
  ];
  world.start([1, 2, 3, 4], { template: 2, own });
  expect(world.running).toEqual([1]);
  expect([...world.staging.values()]).toMatchObject([
    { unit: 2, inputs, outputs },
    { unit: 3, inputs: [{ item: 0, name: 'other' }], outputs: [] },
    { unit: 4, inputs, outputs },
  ]);
});
