import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentMachineOptions } from '../../src/agent/agent-machine.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import { AgentWorld, LEASE_MS, rows, SUCCESS, told } from './agent-world.ts';

describe('an agent machine', () => {
  let world: AgentWorld;
  beforeEach(() => {
    world = new AgentWorld().connect().template();
  });

  it('runs what fits and reports it in columns', () => {
    world.start([1, 2, 3, 4, 5]);
    expect(world.running).toEqual([1, 2, 3, 4]);
    world.begin(1).begin(2).settle();
    world.end(1);
    expect(world.running).toEqual([2, 3, 4, 5]);
    const [started, ended] = world.takeReports();
    expect(started).toEqual({
      type: 'report',
      channel: 1,
      seq: 1,
      started: { ...rows([1, 2]), at: Float64Array.of(1500, 1500) },
    });
    expect(ended).toEqual({
      type: 'report',
      channel: 1,
      seq: 2,
      ended: {
        ...rows([1]),
        exitCodes: Int16Array.of(0),
        signals: Uint8Array.of(0),
        reasons: Uint8Array.of(0),
        terminated: Uint8Array.of(0),
        startedAt: Float64Array.of(1500),
        finishedAt: Float64Array.of(2500),
        userTime: Float32Array.of(0.5),
        systemTime: Float32Array.of(0.25),
        maxRss: Uint32Array.of(2048),
      },
    });
  });

  it('reports a start and an end of one tick as an end', () => {
    world.start([1]).begin(1).end(1);
    expect(told(world.takeReports())).toEqual(['ended 1.1']);
  });

  it('ignores what it has or had, and older attempts', () => {
    world.start([1, 2]).start([1, 3]);
    expect(world.running).toEqual([1, 2, 3]);
    world.end(1).start([1]);
    expect(world.running).toEqual([2, 3]);
    world.start([1], { attempt: 2 }).end(1).start([1], { attempt: 1 });
    expect(world.running).toEqual([2, 3]);
    expect(told(world.takeReports())).toEqual(['ended 1.1', 'ended 1.2']);
  });

  it('never runs two attempts of a unit at once', () => {
    world.start([1]).start([1], { attempt: 2 });
    expect(world.running).toEqual([1]);
    expect(told(world.takeReports())).toEqual(['returned asked 1.2']);
  });

  it('hands back waiting units that are recalled, and lets running ones run', () => {
    world.start([1, 2, 3, 4, 5, 6]).receive({ type: 'recall', channel: 1, ...rows([1, 6]) });
    expect(told(world.takeReports())).toEqual(['returned asked 6.1']);
    expect(world.terminated.size).toBe(0);
    world.end(1).end(2);
    expect(world.running).toEqual([3, 4, 5]);
  });

  it('terminates running units that are canceled, once, and says so with their end', () => {
    world.start([1, 2, 3, 4, 5]);
    world.receive({ type: 'cancel', channel: 1, ...rows([1, 5]) });
    expect(told(world.takeReports())).toEqual(['returned asked 5.1']);
    expect([...world.terminated]).toEqual([[1, undefined]]);
    world.terminated.clear();
    world.receive({ type: 'cancel', channel: 1, ...rows([1, 5]) });
    expect(world.terminated.size).toBe(0);
    world.end(1, true);
    const [report] = world.takeReports();
    expect(report?.ended).toMatchObject({ units: Uint32Array.of(1), terminated: Uint8Array.of(1) });
  });

  it('answers for units that it has never heard of, and does not start them later', () => {
    world.receive({ type: 'cancel', channel: 1, ...rows([7]) }).start([7]);
    expect(told(world.takeReports())).toEqual(['returned asked 7.1']);
    expect(world.running).toEqual([]);
  });

  it('lets services take turns, whatever each of them has had before', () => {
    world.connect({ work: 1, other: 2 }).template(1, {}, 2).start([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const unit of [1, 2, 3, 4]) world.end(unit);
    world.start([11, 12, 13], { channel: 2 });
    world.end(5).end(6).end(7);
    expect(world.running).toEqual([8, 11, 12, 13]);
    world.start([9, 10]).start([14], { channel: 2 }).end(11);
    expect(world.running).toEqual([8, 12, 13, 9]);
  });

  it('tells what was asked for apart from what is evicted', () => {
    world.start([1, 2, 3, 4, 5, 6]);
    world.machine.receive({ type: 'recall', channel: 1, ...rows([5]) }, 0, 0);
    world.machine.end('signal', 0);
    expect(told(world.settle().takeReports())).toEqual([
      'returned asked 5.1',
      'returned evicted 6.1',
    ]);
  });

  it('hands back what its node cannot start, lets others end, and then ends itself', () => {
    world.template(2, { cores: 2 }).start([1, 2]).start([3, 4, 5], { template: 2 }).begin(1);
    expect(world.running).toEqual([1, 2, 3]);
    const outcome = { reason: FAILURE_REASONS.indexOf('SPAWN_FAILED'), isOfNode: true as const };
    world.end(2, false, { ...outcome, problem: 'no disk' }).tick(1000);
    expect(told(world.takeReports())).toEqual([
      'started 1.1',
      'returned evicted 4.1',
      'returned evicted 5.1',
      'returned evicted 2.1',
    ]);
    expect(world.terminated.size).toBe(0);
    world.start([6]).end(3, false, { ...outcome, problem: 'still none' });
    expect(told(world.takeReports())).toEqual(['returned evicted 6.1', 'returned evicted 3.1']);
    world.tick(1000);
    expect(world.exit).toBeUndefined();
    world.end(1).tick(1000);
    expect(told(world.takeReports())).toEqual(['ended 1.1']);
    world.receive({ type: 'ack', channel: 1, seq: 100 });
    expect(world.exit).toMatchObject({
      reason: 'failed',
      problem: 'nothing can be started here: no disk',
    });
  });

  it('says what is wrong with a unit that can never run here', () => {
    world.template(2, { cores: 64 }).start([1], { template: 2 }).start([2], { template: 9 });
    const [wide, unknown] = world.takeReports();
    expect(wide?.ended?.reasons[0]).toBe(FAILURE_REASONS.indexOf('SPAWN_FAILED'));
    expect(wide?.ended?.details).toEqual([[0, 'wants 64 cores; has 4', '']]);
    expect(unknown?.ended?.details?.[0]?.[1]).toMatch('template 9');
  });

  it('tells of problems and the end of the standard error in a sparse column', () => {
    world.start([1, 2]);
    const [first, second] = [...world.runs.keys()] as [number, number];
    world.machine.ended(first, SUCCESS);
    const { exitCode: _, ...failure } = { ...SUCCESS, signal: 9, reason: 2, stderrTail: 'ouch' };
    world.machine.ended(second, failure);
    const [report] = world.settle().takeReports();
    expect(report?.ended?.details).toEqual([[1, '', 'ouch']]);
    expect(report?.ended?.exitCodes).toEqual(Int16Array.of(0, -1));
    expect(report?.ended?.signals).toEqual(Uint8Array.of(0, 9));
  });

  it('keeps reports until they are acknowledged, and repeats them on a new link', () => {
    world.start([1, 2]).end(1);
    world.end(2);
    const first = world.takeReports();
    world.receive({ type: 'ack', channel: 1, seq: 1 });
    world.machine.disconnected();
    world.settle();
    expect(world.machine.held()).toEqual([
      { service: 'work', ...rows([2]), phases: Uint8Array.of(2) },
    ]);
    world.connect({ other: 1, work: 7 });
    expect(world.takeReports()).toEqual([{ ...first[1], channel: 7 }]);
    world.receive({ type: 'ack', channel: 7, seq: 2 });
    expect(world.machine.held()[0]?.units).toHaveLength(0);
  });

  it('answers each attach with what it holds, before anything else', () => {
    world.start([1, 2]).end(1);
    world.settle();
    const before = world.sent.length;
    world.connect({ work: 3 });
    world.settle();
    expect(world.sent.slice(before).map((message) => message.type)).toEqual(['held', 'report']);
    expect(world.sent[before]).toEqual({
      type: 'held',
      channel: 3,
      ...rows([2, 1]),
      phases: Uint8Array.of(1, 2),
    });
  });

  it('goes on without a manager and reports afterwards', () => {
    world.start([1, 2, 3, 4, 5, 6]);
    world.machine.disconnected();
    world.begin(1).begin(2).end(1);
    expect(world.running).toEqual([2, 3, 4, 5]);
    expect(world.takeReports()).toEqual([]);
    expect(world.machine.held()).toEqual([
      { service: 'work', ...rows([6, 2, 3, 4, 5, 1]), phases: Uint8Array.of(0, 1, 1, 1, 1, 2) },
    ]);
    world.connect();
    expect(told(world.takeReports())).toEqual(['started 2.1', 'ended 1.1']);
  });

  it('keeps what nobody can be told, until it is acknowledged on a new link', () => {
    world.start([1, 2]).begin(1).settle();
    world.receive({ type: 'ack', channel: 1, seq: 1 });
    world.end(1);
    expect(world.kept).toEqual([]);
    world.machine.disconnected();
    // Sent before the link was lost, and perhaps never read.
    expect(toldOf(world.settle().kept)).toEqual(['ended 1.1']);
    world.begin(2).settle().end(2);
    expect(toldOf(world.kept)).toEqual(['ended 1.1', 'started 2.1', 'ended 2.1']);
    world.connect();
    expect(world.kept).toHaveLength(3);
    world.receive({ type: 'ack', channel: 1, seq: 3 });
    expect(world.kept).toHaveLength(3);
    world.receive({ type: 'ack', channel: 1, seq: 4 });
    expect(world.kept).toEqual([]);
  });

  it('keeps what is not acknowledged for long on a link that seems well', () => {
    const world = new AgentWorld().connect({ work: 1, other: 2 });
    world.template();
    world.template(1, {}, 2).start([1]).start([5], { channel: 2 });
    world.end(1).end(5);
    world.receive({ type: 'ack', channel: 2, seq: 1 });
    world.tick(2000);
    expect(world.kept).toEqual([]);
    world.tick(2000);
    expect(world.kept.map(({ service }) => service)).toEqual(['work']);
    world.tick(2000);
    expect(world.kept).toHaveLength(1);
  });

  it('keeps not much more than what is unacknowledged, though never all of it is heard', () => {
    world.start([1]).end(1).start([2]).end(2);
    for (let i = 3; i < 3_000; i++) {
      world.tick(2000).tick(2000);
      expect(world.kept.slice(-2).map(({ report }) => report.seq)).toEqual([i - 2, i - 1]);
      // The manager is always two reports behind.
      world
        .start([i])
        .end(i)
        .receive({ type: 'ack', channel: 1, seq: i - 2 });
    }
    expect(world.kept.length).toBeLessThan(600);
    world.receive({ type: 'ack', channel: 1, seq: 2_999 });
    expect(world.kept).toEqual([]);
  });

  it('cuts what it has to say into reports of a bearable size', () => {
    world.receive({
      type: 'recall',
      channel: 1,
      ...rows(Array.from({ length: 5000 }, (_, i) => i)),
    });
    const sizes = world.takeReports().map(({ returned }) => returned?.units.length);
    expect(sizes).toEqual([2000, 2000, 1000]);
  });

  it('says at once what fills a report, within a long tick', () => {
    const { machine } = world.start(Array.from({ length: 2001 }, (_, i) => i));
    const reports = [];
    for (let ended = 0; ended < 2000; ended++) {
      for (const effect of machine.takeEffects()) if (effect.type === 'send') reports.push(effect);
      expect(reports).toEqual([]);
      machine.ended(ended + 1, SUCCESS);
    }
    const [report] = machine.takeEffects().filter(({ type }) => type === 'send');
    expect(report).toMatchObject({ message: { seq: 1, ended: { units: { length: 2000 } } } });
  });

  it('has plenty to do while eight units wait for each core', () => {
    world.start(Array.from({ length: 4 + 33 }, (_, i) => i));
    expect(world.machine.hasPlenty).toBe(true);
    expect(world.end(0).machine.hasPlenty).toBe(true);
    expect(world.end(1).machine.hasPlenty).toBe(false);
  });
});

describe('the end of an agent', () => {
  const ended = (options?: Partial<AgentMachineOptions>): AgentWorld =>
    new AgentWorld(options).connect().template().start([1, 2, 3, 4, 5]).begin(1).settle();

  it('hands everything back, waits for the acknowledgement and exits', () => {
    const world = ended();
    world.takeReports();
    world.receive({ type: 'end', graceMs: 77, why: 'scaled in' });
    expect([...world.terminated.values()]).toEqual([77, 77, 77, 77]);
    world.end(1, true).end(2, true).end(3, false).end(4, true).start([6]);
    const reports = world.takeReports();
    expect(told(reports).sort()).toEqual([
      'ended 3.1',
      'returned evicted 1.1',
      'returned evicted 2.1',
      'returned evicted 4.1',
      'returned evicted 5.1',
      'returned evicted 6.1',
    ]);
    expect(reports.find(({ returned }) => returned?.units[0] === 1)?.returned?.started[0]).toBe(1);
    expect(world.exit).toBeUndefined();
    world.receive({ type: 'ack', channel: 1, seq: reports.at(-1)?.seq ?? 0 });
    expect(world.exit).toMatchObject({ reason: 'ordered', problem: 'scaled in' });
  });

  it('waits for an acknowledgement only so long', () => {
    const world = ended();
    world.machine.end('signal', world.now);
    for (const unit of [1, 2, 3, 4]) world.end(unit, true);
    world.tick(1);
    expect(world.exit).toBeUndefined();
    world.tick(60_000);
    expect(world.exit?.reason).toBe('signal');
  });

  it('waits for a process that cannot be killed only so long', () => {
    const world = ended();
    world.machine.end('signal', world.now);
    world.tick(5_000);
    expect(world.exit).toBeUndefined();
    world.tick(60_000);
    expect(world.exit?.reason).toBe('signal');
  });

  it('comes when the lease is over, with its units dead by then', () => {
    const world = ended();
    world.machine.disconnected();
    world.tick(LEASE_MS - 1001);
    expect(world.terminated.size).toBe(0);
    world.tick(1);
    expect([...world.terminated.values()]).toEqual([1000, 1000, 1000, 1000]);
    for (const unit of [1, 2, 3, 4]) world.end(unit, true);
    expect(world.exit).toMatchObject({ reason: 'lease', problem: 'no manager for 10s' });
    expect(world.exit?.isUnheard).toBe(true);
    const back = [1, 2, 3, 4].map((unit) => `returned evicted ${unit}.1`);
    expect(toldOf(world.kept)).toEqual(expect.arrayContaining(back));
  });

  it('counts the lease from the last word of the manager, not from the loss of the link', () => {
    const world = ended();
    world.tick(LEASE_MS / 2);
    world.receive({ type: 'pulse', at: 0 });
    world.tick(LEASE_MS / 2);
    world.machine.disconnected();
    expect(world.terminated.size).toBe(0);
    world.tick(LEASE_MS / 2 - 1000);
    expect(world.terminated.size).toBe(4);
  });

  it('comes soon after a standstill as long as the lease, unless a new link proves better', () => {
    const world = ended();
    world.start([7]);
    world.machine.tick(world.now, LEASE_MS);
    world.settle();
    expect(world.redials).toBe(1);
    expect(world.machine.isInDoubt).toBe(true);
    world.machine.disconnected();
    // Whether it may still run is not known: others may run it by now.
    world.end(1);
    expect(world.running).toEqual([2, 3, 4]);
    world.tick(4999);
    expect(world.terminated.size).toBe(0);
    world.tick(1);
    expect([...world.terminated.values()]).toEqual([0, 0, 0]);
    for (const unit of [2, 3, 4]) world.end(unit, true);
    expect(world.exit).toMatchObject({ reason: 'lease' });
  });

  it('does not come after a standstill of both sides', () => {
    const world = ended();
    world.start([7]);
    world.machine.tick(world.now, LEASE_MS);
    world.settle().machine.disconnected();
    world.end(1).connect();
    expect(world.running).toEqual([2, 3, 4, 5]);
    world.tick(LEASE_MS / 2);
    expect(world.terminated.size).toBe(0);
    world.machine.tick(world.now, LEASE_MS / 4);
    expect(world.settle().redials).toBe(1);
  });

  it('comes when there was no unit for too long', () => {
    const world = ended({ idleTimeoutMs: 500, leaseMs: 1e9 });
    world.tick(400).receive({ type: 'cancel', channel: 1, ...rows([5]) });
    for (const unit of [1, 2, 3]) world.end(unit);
    world
      .tick(10_000 - 2000)
      .end(4)
      .tick(499);
    expect(world.exit).toBeUndefined();
    world.receive({ type: 'ack', channel: 1, seq: 100 }).tick(1);
    expect(world.exit?.reason).toBe('idle');
  });
});

/** What was kept, in words. */
function toldOf(kept: AgentWorld['kept']): string[] {
  return told(kept.map(({ report }) => ({ type: 'report', channel: 0, ...report })));
}
