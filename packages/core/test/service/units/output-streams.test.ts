import { describe, expect, it } from 'vitest';
import { OutputStreams } from '../../../src/service/units/output-streams.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (chunk: Uint8Array) => new TextDecoder().decode(chunk);

/** A source whose units are final and reachable as the test says, and that notes what it is asked. */
function setup() {
  const final = new Set<number>();
  const asked: string[] = [];
  const world = { reachable: true, attempt: 1, hasRun: true };
  const streams = new OutputStreams({
    isFinal: (unit) => final.has(unit),
    attemptOf: () => world.attempt,
    watch: (unit, { stream, on, from }) => {
      asked.push(`${unit} ${stream} ${on}${from === undefined ? '' : ` from ${from}`}`);
      return world.reachable;
    },
    hasRun: () => world.hasRun,
    lost: (unit, stream, why) => new Error(`${unit} ${stream} ${why}`),
  });
  const collect = (unit: number) => {
    const seen: string[] = [];
    const subscription = streams.output$(unit, 'stdout').subscribe({
      next: (chunk) => seen.push(text(chunk)),
      error: (error: Error) => seen.push(error.message),
      complete: () => seen.push('complete'),
    });
    return { seen, subscription };
  };
  const wrote = (
    unit: number,
    chunk?: string,
    attempt?: number,
    { notKept = false, end }: { notKept?: boolean; end?: number } = {},
  ) =>
    streams.wrote({
      type: 'output',
      channel: 1,
      unit,
      ...(attempt !== undefined && { attempt }),
      stream: 'stdout',
      ...(chunk !== undefined && { chunk: bytes(chunk) }),
      ...(notKept && { notKept }),
      ...(end !== undefined && { end }),
    });
  return { streams, final, asked, world, collect, wrote };
}

describe('output streams', () => {
  it('ask the agent only while somebody is subscribed', () => {
    const { asked, collect } = setup();
    const { subscription } = collect(3);
    collect(3).subscription.unsubscribe();
    expect(asked).toEqual(['3 stdout true']);
    subscription.unsubscribe();
    expect(asked).toEqual(['3 stdout true', '3 stdout false']);
  });

  it('complete when the unit is final and all has come, in either order', () => {
    const { streams, final, collect, wrote } = setup();
    const first = collect(1);
    wrote(1, 'a');
    wrote(1);
    final.add(1);
    streams.final(1, true);
    expect(first.seen).toEqual(['a', 'complete']);
    const second = collect(2);
    final.add(2);
    streams.final(2, true);
    wrote(2, 'b');
    wrote(2);
    expect(second.seen).toEqual(['b', 'complete']);
  });

  it('give a second subscriber what has come before', () => {
    const { collect, wrote } = setup();
    collect(1);
    wrote(1, 'early');
    expect(collect(1).seen).toEqual(['early']);
  });

  it('go on with the next attempt, which is asked for when it is bound', () => {
    const { streams, asked, collect, wrote } = setup();
    const { seen } = collect(1);
    wrote(1, 'first');
    wrote(1);
    streams.bound(1);
    wrote(1, 'second');
    expect(seen).toEqual(['first', 'second']);
    expect(asked).toEqual(['1 stdout true', '1 stdout true']);
  });

  it('are asked for again when their agent has come by a new link, but for what has come', () => {
    const { streams, final, asked, world, collect, wrote } = setup();
    const { seen } = collect(1);
    collect(2);
    const over = collect(3);
    wrote(1, 'first', 1, { end: 5 });
    wrote(3, undefined, 1);
    asked.length = 0;
    streams.joined((unit) => unit !== 2);
    expect(asked).toEqual(['1 stdout true from 5']);
    wrote(1, 'second', 1, { end: 11 });
    world.attempt = 2;
    streams.joined((unit) => unit === 1);
    expect(asked.at(-1)).toBe('1 stdout true');
    wrote(1, 'anew', 2, { end: 4 });
    final.add(1);
    streams.joined((unit) => unit === 1);
    expect(asked.at(-1)).toBe('1 stdout true from 4');
    wrote(1, undefined, 2);
    expect(seen).toEqual(['first', 'second', 'anew', 'complete']);
    expect(over.seen).toEqual([]);
  });

  it('end where an agent of an older version would begin anew by a new link', () => {
    const { streams, asked, collect, wrote } = setup();
    const { seen } = collect(1);
    wrote(1, 'first', 1);
    streams.joined(() => true);
    expect(asked).toEqual(['1 stdout true']);
    expect(seen).toEqual(['first', '1 stdout cut']);
  });

  it('are not over with the end of an earlier attempt, however late that comes', () => {
    const { streams, final, world, collect, wrote } = setup();
    const { seen } = collect(1);
    wrote(1, 'first', 1);
    world.attempt = 2;
    streams.bound(1);
    wrote(1, undefined, 1);
    final.add(1);
    streams.final(1, true);
    wrote(1, 'second', 2);
    wrote(1, undefined, 2);
    expect(seen).toEqual(['first', 'second', 'complete']);
  });

  it('say so of a unit that is over and out of reach, unless it never ran', () => {
    const { final, world, collect } = setup();
    final.add(1);
    world.reachable = false;
    expect(collect(1).seen).toEqual(['1 stdout gone']);
    world.hasRun = false;
    expect(collect(1).seen).toEqual(['complete']);
  });

  it('say of what only a lost agent could tell that it is not all', () => {
    const { streams, final, collect, wrote } = setup();
    const [nothing, something, all] = [collect(1), collect(2), collect(3)];
    wrote(2, 'a');
    wrote(3, 'a');
    wrote(3);
    for (const unit of [1, 2, 3]) final.add(unit);
    streams.final(3, false);
    streams.lost((unit) => unit === 1);
    streams.final(2, false);
    expect(nothing.seen).toEqual(['1 stdout gone']);
    expect(something.seen).toEqual(['a', '2 stdout cut']);
    expect(all.seen).toEqual(['a', 'complete']);
  });

  it('say of what the agent has not kept that it is lost, but not before the unit is over', () => {
    const { streams, final, world, collect, wrote } = setup();
    final.add(1);
    const over = collect(1);
    wrote(1, undefined, 1, { notKept: true });
    expect(over.seen).toEqual(['1 stdout dropped']);
    const again = collect(2);
    wrote(2, undefined, 1, { notKept: true });
    expect(again.seen).toEqual([]);
    world.attempt = 2;
    streams.bound(2);
    wrote(2, 'second', 2);
    wrote(2, undefined, 2);
    final.add(2);
    streams.final(2, true);
    expect(again.seen).toEqual(['second', 'complete']);
  });

  it('write out what in the progress of a unit would steer a terminal', () => {
    const { streams } = setup();
    const report = { type: 'progress', channel: 1, unit: 1, attempt: 1, at: 5 } as const;
    streams.progressed({ ...report, message: '\x1b]0;owned\x07 red' });
    const seen: unknown[] = [];
    streams.progress$(1).subscribe({ next: ({ message }) => seen.push(message) });
    expect(seen).toEqual(['\\x1b]0;owned\\x07 red']);
  });

  it('begin progress with the last report, and forget it with the unit', () => {
    const { streams, final } = setup();
    const report = { type: 'progress', channel: 1, unit: 1, attempt: 1, at: 5 } as const;
    streams.progressed({ ...report, fraction: 0.4, message: 'block 12' });
    const seen: unknown[] = [];
    streams
      .progress$(1)
      .subscribe({ next: (p) => seen.push(p), complete: () => seen.push('complete') });
    streams.progressed({ ...report, message: 'closing' });
    final.add(1);
    streams.final(1, true);
    expect(seen).toEqual([
      { fraction: 0.4, message: 'block 12', at: new Date(5) },
      { message: 'closing', at: new Date(5) },
      'complete',
    ]);
    expect(streams.active).toBe(false);
  });

  it('complete with their release, and tell whoever subscribes afterwards why there is nothing', () => {
    const { streams, world, collect } = setup();
    const { seen: before } = collect(1);
    const report = { type: 'progress', channel: 1, unit: 1, attempt: 1, at: 5 } as const;
    streams.progressed({ ...report, message: 'block 12' });
    streams.release(new Error('closed'));
    expect(before).toEqual(['complete']);
    expect(collect(1).seen).toEqual(['closed']);
    world.hasRun = false;
    expect(collect(1).seen).toEqual(['complete']);
    const seen: unknown[] = [];
    streams
      .progress$(1)
      .subscribe({ next: (p) => seen.push(p.message), complete: () => seen.push('complete') });
    expect(seen).toEqual(['block 12', 'complete']);
  });
});
