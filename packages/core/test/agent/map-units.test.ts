import { beforeEach, describe, expect, it } from 'vitest';
import { MapUnits } from '../../src/agent/map-units.ts';
import { newService, type Run } from '../../src/agent/service-work.ts';
import {
  type AgentCallMessage,
  type ManagerCallMessage,
  partBytes,
} from '../../src/protocol/call-messages.ts';
import type { OnChannel } from '../../src/protocol/transfer-messages.ts';
import type { Batch } from '../../src/workers/call-run.ts';
import { ManualClock } from './manual-clock.ts';

const PART = partBytes({});
const UNIT = { unit: 7, attempt: 2 };
const KEY = 3;
const OVER = { reason: 0, startedAt: 1, finishedAt: 2, userTime: 0, systemTime: 0, maxRss: 0 };

/** A map unit whose worker and manager are the test. */
class World {
  readonly clock = new ManualClock();
  readonly service = newService('work');
  readonly run = { key: KEY, service: this.service, ...UNIT, stop: undefined } as Run;
  readonly said: OnChannel<AgentCallMessage>[] = [];
  /** What the worker was given, and asked. */
  readonly given: Batch[] = [];
  readonly asked: string[] = [];
  /** Batches that the worker has begun. */
  readonly begun = new Set<number>();
  buffered = 0;
  readonly idle: boolean[] = [];
  ended: unknown;
  readonly units: MapUnits;

  constructor() {
    const world = this;
    this.service.channel = 1;
    this.units = new MapUnits({
      clock: this.clock,
      link: {
        get buffered() {
          return world.buffered;
        },
        send: (message) => {
          this.said.push(message);
          if (message.type === 'results') this.buffered += message.data.length;
        },
      },
      workers: {
        call: (_, batch) => this.given.push(batch),
        drop: (_, batches) => batches.filter((batch) => !this.begun.has(batch)),
        fold: (_, batch) => this.asked.push(`fold ${batch}`),
        finish: () => this.asked.push('finish'),
      },
      idle: (_, isIdle) => this.idle.push(isIdle),
      ended: (_, outcome) => {
        this.ended = outcome;
      },
    });
  }

  start(folds = false): this {
    this.units.add(this.run, folds);
    this.units.ready(KEY);
    return this;
  }

  hear(message: Record<string, unknown> & { readonly type: ManagerCallMessage['type'] }): void {
    this.units.receive(1, { ...UNIT, ...message } as never);
  }

  calls(batch: number, more: object = {}): void {
    const what = { kind: 'calls', first: batch * 10, count: 10, round: 1 };
    const data = Uint8Array.of(1, 2, 3);
    this.hear({ type: 'calls', batch, ...what, at: 0, size: 3, data, ...more });
  }

  done(batch: number, size = 1, isLast = true): void {
    const what = { first: batch * 10, count: 10, ms: 5, isLast, problems: [] };
    this.units.done(KEY, { batch, ...what, data: new Uint8Array(size) });
  }

  lose(): void {
    this.buffered = 0;
    this.service.channel = undefined;
    this.units.disconnected();
  }

  find(): void {
    this.service.channel = 2;
    this.units.attached(2);
  }

  /** What was said since the last call, in words. */
  take(): string[] {
    return this.said.splice(0).map((message) => {
      if (message.type === 'calls-ready') return `ready ${[...message.held]}`;
      if (message.type === 'results') {
        const { batch, at, data, isFolded, isFoldLost } = message;
        const words = `${isFolded ? ' folded' : ''}${isFoldLost ? ' anew' : ''}`;
        return `results ${batch} ${at}+${data.length}${words}`;
      }
      return message.type === 'calls-dropped' ? `dropped ${[...message.batches]}` : message.type;
    });
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe('a map unit', () => {
  it('takes batches once it has its worker, and ends when it is told so and all is acknowledged', () => {
    world.units.add(world.run, false);
    world.calls(1);
    world.units.attached(1);
    expect(world.take()).toEqual(['dropped 1']);
    world.units.ready(KEY);
    world.calls(1);
    world.calls(2);
    world.calls(2);
    expect(world.given.map(({ batch }) => batch)).toEqual([1, 2]);
    world.done(1);
    world.hear({ type: 'calls-over' });
    world.hear({ type: 'calls-ack', batches: [1] });
    world.done(2);
    expect(world.asked).toEqual([]);
    world.hear({ type: 'calls-ack', batches: [2] });
    world.hear({ type: 'calls-ack', batches: [2] });
    expect(world.asked).toEqual(['finish']);
    world.units.ended(KEY, { ...OVER, terminated: false });
    expect(world.ended).toMatchObject(OVER);
    expect(world.take()).toEqual(['ready ', 'results 1 0+1', 'results 2 0+1']);
  });

  it('repeats what was not acknowledged on a new link, and forgets what had come in part', () => {
    world.start();
    world.calls(1);
    world.calls(2);
    world.hear({ type: 'calls', batch: 3, at: 0, size: 9, data: new Uint8Array(4) });
    world.done(1, 1, false);
    world.lose();
    world.done(1);
    world.take();
    world.find();
    expect(world.take()).toEqual(['ready 1,2', 'results 1 0+1', 'results 1 0+1']);
    world.units.receive(2, { type: 'calls-resume', ...UNIT });
    expect(world.take()).toEqual(['ready 1,2', 'results 1 0+1', 'results 1 0+1']);
    // By the number of the old link.
    world.hear({ type: 'calls-ack', batches: [1] });
    world.units.receive(2, { type: 'calls-resume', ...UNIT });
    expect(world.take()[0]).toBe('ready 1,2');
  });

  it('sends large results in parts, only so many ahead, and each from its beginning on a new link', () => {
    world.start();
    for (const batch of [1, 2]) world.calls(batch);
    world.done(1, 10 * PART);
    world.done(2, 10);
    const first = world.take();
    expect(first).toHaveLength(3);
    expect(first[2]).toBe(`results 1 ${PART}+${PART}`);
    world.units.drained();
    expect(world.take()).toEqual([]);
    world.buffered = 0;
    world.units.drained();
    expect(world.take()).toHaveLength(2);
    world.lose();
    world.find();
    expect(world.take().slice(0, 2)).toEqual(['ready 1,2', `results 1 0+${PART}`]);
    world.buffered = 0;
    world.units.receive(2, { type: 'calls-resume', ...UNIT });
    expect(world.take().slice(0, 2)).toEqual(['ready 1,2', `results 1 0+${PART}`]);
    for (let i = 0; i < 6; i++) {
      world.buffered = 0;
      world.units.drained();
    }
    expect(world.take().at(-1)).toBe('results 2 0+10');
  });

  it('gives back what it is asked for and has not begun', () => {
    world.start();
    for (const batch of [1, 2]) world.calls(batch);
    world.begun.add(1);
    world.hear({ type: 'calls', batch: 3, at: 0, size: 9, data: new Uint8Array(4) });
    world.hear({ type: 'calls-drop', batches: [1, 2, 3] });
    world.hear({ type: 'calls-drop', batches: [1] });
    expect(world.take()).toEqual(['ready ', 'dropped 3,2', 'dropped ']);
    world.done(1);
    expect(world.take()).toEqual(['results 1 0+1']);
  });

  it('gives way at the end of its batch, with what it has not begun', () => {
    world.start();
    for (const batch of [1, 2]) world.calls(batch);
    world.begun.add(1);
    world.units.yield(KEY);
    world.units.yield(KEY);
    world.calls(3);
    world.hear({ type: 'calls-drop', batches: [3] });
    world.calls(4);
    expect(world.take()).toEqual(['ready ', 'dropped 3']);
    expect(world.given.map(({ batch }) => batch)).toEqual([1, 2]);
    world.done(1);
    world.calls(5);
    const told = ['results 1 0+1', 'dropped 2,4', 'calls-yield', 'dropped 5'];
    expect(world.take()).toEqual(told);
    world.lose();
    world.find();
    expect(world.take()).toEqual(['ready 1', 'results 1 0+1', 'calls-yield']);
    world.units.receive(2, { type: 'calls-ack', batches: Uint32Array.of(1), ...UNIT });
    expect(world.asked).toEqual(['finish']);
  });

  it('that was to give way before it had a worker does so after its first results, with the rest', () => {
    world.units.add(world.run, false);
    world.units.yield(KEY);
    world.units.ready(KEY);
    for (const batch of [1, 2]) world.calls(batch);
    world.begun.add(1);
    expect(world.take()).toEqual(['ready ']);
    world.done(1, 1, false);
    expect(world.take()).toEqual(['results 1 0+1']);
    world.calls(3);
    world.done(1);
    expect(world.take()).toEqual(['results 1 0+1', 'dropped 2,3', 'calls-yield']);
    expect(world.given.map(({ batch }) => batch)).toEqual([1, 2]);
  });

  it('that was to give way before it had a worker does so too when it has nothing to do', () => {
    world.units.add(world.run, false);
    world.units.yield(KEY);
    world.units.ready(KEY);
    world.clock.advance(100);
    expect(world.take()).toEqual(['ready ', 'calls-yield']);
    expect(world.asked).toEqual(['finish']);
  });

  it('that is to give way has in a new link what it will not do, until it says so', () => {
    world.start();
    for (const batch of [1, 2]) world.calls(batch);
    world.begun.add(1);
    world.units.yield(KEY);
    world.lose();
    world.find();
    expect(world.take()).toEqual(['ready ', 'ready 1,2']);
    world.lose();
    world.done(1);
    world.find();
    expect(world.take()).toEqual(['ready 1', 'results 1 0+1', 'calls-yield']);
  });

  it('that folds sends no values but what was folded when it is wanted, and gives way only after that', () => {
    world.start(true);
    world.calls(1);
    world.done(1, 0);
    world.units.yield(KEY);
    world.hear({ type: 'calls-ack', batches: [1] });
    expect(world.asked).toEqual([]);
    world.hear({ type: 'fold-wanted', batch: 9 });
    world.hear({ type: 'fold-wanted', batch: 9 });
    world.done(9, 4);
    expect(world.take().slice(1)).toEqual(['results 1 0+0 folded', 'calls-yield', 'results 9 0+4']);
    world.hear({ type: 'calls-over' });
    world.hear({ type: 'calls-ack', batches: [9] });
    expect(world.asked).toEqual(['fold 9', 'finish']);
  });

  it('that folds says when what was folded before is lost, also to who hears of it later', () => {
    world.start(true);
    world.calls(1);
    const what = { first: 10, count: 10, ms: 5, isLast: true, problems: [], isFoldLost: true };
    world.units.done(KEY, { batch: 1, ...what, data: new Uint8Array() });
    expect(world.take()[1]).toBe('results 1 0+0 folded anew');
    world.lose();
    world.find();
    expect(world.take()[1]).toBe('results 1 0+0 folded anew');
  });

  it('counts as idle when nothing has come for a moment', () => {
    world.start();
    world.clock.advance(99);
    expect(world.idle).toEqual([]);
    world.clock.advance(1);
    expect(world.idle).toEqual([true]);
    world.calls(1);
    expect(world.idle).toEqual([true, false]);
    world.done(1);
    world.calls(2);
    world.clock.advance(1_000);
    expect(world.idle).toEqual([true, false, false]);
    world.done(2);
    world.hear({ type: 'calls', batch: 3, at: 0, size: 9, data: new Uint8Array(4) });
    world.lose();
    world.clock.advance(100);
    expect(world.idle.at(-1)).toBe(true);
  });
});

describe('a map unit whose agent ends', () => {
  const TERMINATED = { ...OVER, terminated: true };

  /** One batch is done, one under way. */
  function evicted(): void {
    world.start();
    for (const batch of [1, 2]) world.calls(batch);
    world.done(1);
    world.run.stop = 'evict';
    world.units.evict(KEY, 500);
    world.begun.add(2);
    world.units.ended(KEY, TERMINATED);
  }

  it('is over when its results are safe', () => {
    evicted();
    expect(world.ended).toBeUndefined();
    world.hear({ type: 'calls-ack', batches: [1] });
    expect(world.ended).toBe(TERMINATED);
  });

  it('is over when the time is, or the link: there may be no other', () => {
    evicted();
    world.clock.advance(500);
    expect(world.ended).toBe(TERMINATED);
    world = new World();
    evicted();
    world.lose();
    expect(world.ended).toBe(TERMINATED);
  });

  it('is over at once without a link, and when it is canceled', () => {
    world.service.channel = undefined;
    evicted();
    expect(world.ended).toBe(TERMINATED);
    world = new World().start();
    world.calls(1);
    world.done(1);
    world.calls(2);
    world.units.forget(KEY);
    world.done(2);
    world.units.ended(KEY, TERMINATED);
    expect(world.ended).toBe(TERMINATED);
    expect(world.take()).toEqual(['ready ', 'results 1 0+1']);
  });
});
