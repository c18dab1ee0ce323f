import { beforeEach, describe, expect, it } from 'vitest';
import { AgentWorld, rows, SUCCESS, told } from './agent-world.ts';

const FAILURE = { exitCode: 1, reason: 1 };

describe('a unit that is to start after another', () => {
  let world: AgentWorld;
  beforeEach(() => {
    world = new AgentWorld().connect().template().start([1]).start([2], { after: 1 });
  });

  it('starts when that has ended well, and is reported behind it', () => {
    expect(world.running).toEqual([1]);
    world.begin(1).settle().takeReports();
    world.machine.ended([...world.runs.keys()][0] as number, SUCCESS);
    expect(world.settle().running).toEqual([1, 2]);
    world.begin(2).settle();
    expect(told(world.takeReports())).toEqual(['ended 1.1', 'started 2.1']);
  });

  it.each([
    ['fails', (w: AgentWorld) => w.end(1, false, FAILURE), ['ended 1.1']],
    [
      'is canceled',
      (w: AgentWorld) =>
        w.receive({ type: 'cancel', channel: 1, ...rows([1]) }).end(1, true, { exitCode: 0 }),
      ['ended 1.1'],
    ],
  ])('is handed back when that %s', (_, act, before) => {
    act(world.begin(1).settle());
    expect(told(world.takeReports())).toEqual(['started 1.1', ...before, 'returned asked 2.1']);
    expect(world.running).toEqual([]);
  });

  it('is handed back when that is taken back', () => {
    world.start([3, 4, 5, 6]).start([7], { after: 6 });
    world.receive({ type: 'recall', channel: 1, ...rows([6]) });
    expect(told(world.takeReports())).toEqual(['returned asked 6.1', 'returned asked 7.1']);
  });

  it('starts at once when that has ended well already', () => {
    world.end(1).start([3], { after: 1 });
    expect(world.running).toEqual([2, 3]);
  });

  it.each([
    ['has failed already', 1],
    ['is not known here', 9],
  ])('is handed back at once when that %s', (_, after) => {
    world.end(1, false, FAILURE).takeReports();
    world.start([3], { after });
    expect(told(world.takeReports())).toEqual(['returned asked 3.1']);
  });

  it.each(['cancel', 'recall'] as const)('is handed back on %s', (type) => {
    world.receive({ type, channel: 1, ...rows([2]) });
    expect(told(world.takeReports())).toEqual(['returned asked 2.1']);
    world.end(1);
    expect(world.running).toEqual([]);
  });

  it('is held while it waits, and handed back when the agent ends', () => {
    const [held] = world.machine.held();
    expect(held).toMatchObject({ ...rows([2, 1]), phases: Uint8Array.of(0, 1) });
    world.machine.end('signal', 0);
    expect(told(world.settle().takeReports())).toEqual(['returned evicted 2.1']);
    world.start([3], { after: 1 });
    expect(told(world.takeReports())).toEqual(['returned evicted 3.1']);
  });

  it('waits for slots like any other, by its priority', () => {
    world.start([3, 4, 5, 6]).start([7], { after: 1, priority: 1 });
    world.end(1);
    expect(world.running).toEqual([3, 4, 5, 7]);
    world.end(3).end(4);
    expect(world.running).toEqual([5, 7, 6, 2]);
  });

  it('is handed back when its files travel, or nothing is known of it', () => {
    world.template(2, {}, 1, { inputs: [{ item: 0, name: 'in' }] });
    world.start([3], { after: 1, template: 2 }).start([4], { after: 1, template: 8 });
    expect(told(world.takeReports())).toEqual(['returned asked 3.1', 'returned asked 4.1']);
  });

  it('starts when the outputs of that are home', () => {
    world.template(2, {}, 1, { outputs: [{ item: 0, name: 'out' }] });
    world.start([3], { template: 2 }).start([4], { after: 3 });
    world.begin(3).end(3);
    expect(world.running).toEqual([1]);
    world.collect(3);
    expect(world.running).toEqual([1, 4]);
  });

  it('may be watched before it runs', () => {
    world.receive({ type: 'watch', channel: 1, unit: 2, stream: 'stdout', on: true });
    expect(world.watched).toEqual([]);
    world.end(1);
    expect(world.watched).toEqual(['2 stdout true there']);
  });

  it('is reported with nothing but what is new of it', () => {
    world.start([1, 2, 3], { after: 1 });
    world.end(1);
    expect(world.running).toEqual([2, 3]);
  });
});
