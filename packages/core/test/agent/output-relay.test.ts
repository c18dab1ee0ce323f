import { beforeEach, describe, expect, it } from 'vitest';
import { OutputRelay } from '../../src/agent/output-relay.ts';

const MIB = 1024 * 1024;

describe('OutputRelay', () => {
  let buffered: number;
  let sent: string[];
  let watched: string[];
  let relay: OutputRelay;
  const source = (unit: number) => ({ service: { channel: 1 }, unit, attempt: 1 });
  beforeEach(() => {
    buffered = 0;
    sent = [];
    watched = [];
    relay = new OutputRelay((key, stream, on) => watched.push(`${key} ${stream} ${on}`), {
      get buffered() {
        return buffered;
      },
      send: ({ unit }, stream, chunk) => {
        const what =
          chunk === undefined
            ? 'end'
            : chunk.length < 100
              ? Buffer.from(chunk).toString().trim()
              : chunk.length;
        sent.push(`${unit} ${stream} ${what}`);
        buffered += chunk?.length ?? 0;
      },
    });
  });

  it('passes on what is watched, to its end, and nothing else', () => {
    relay.watch(7, source(3), 'stdout', true);
    relay.put(7, 'stdout', Buffer.from('one'));
    relay.put(7, 'stderr', Buffer.from('other'));
    relay.put(7, 'stdout', undefined);
    relay.put(7, 'stdout', Buffer.from('late'));
    expect(sent).toEqual(['3 stdout one', '3 stdout end']);
    expect(watched).toEqual(['7 stdout true']);
  });

  it('ends at once a stream that is no more', () => {
    relay.watch(undefined, source(3), 'stdout', true);
    expect(sent).toEqual(['3 stdout end']);
  });

  it('stops when nobody watches any more', () => {
    relay.watch(7, source(3), 'stdout', true);
    relay.watch(8, source(4), 'stdout', true);
    relay.watch(7, source(3), 'stdout', false);
    relay.clear();
    relay.put(8, 'stdout', Buffer.from('x'));
    expect(sent).toEqual([]);
    expect(watched.slice(2)).toEqual(['7 stdout false', '8 stdout false']);
  });

  it('passes on what is wanted of a stream that has come in part by an earlier link', () => {
    const ends: unknown[] = [];
    const relay = new OutputRelay(() => {}, {
      buffered: 0,
      send: (_, __, part, end) => ends.push([part && Buffer.from(part).toString().trim(), end]),
    });
    const begin = (from?: number) => {
      relay.clear();
      relay.watch(7, { ...source(3), ...(from !== undefined && { from }) }, 'stdout', true);
      relay.put(7, 'stdout', { missed: 10 });
      relay.put(7, 'stdout', Buffer.from('abcdef'));
      relay.put(7, 'stdout', Buffer.from('ghi'));
      relay.put(7, 'stdout', undefined);
      return ends.splice(0);
    };
    const notice = (bytes: number) => `[pstar: ${bytes} bytes of output were not kept]`;
    expect(begin()).toEqual([
      [notice(10), 10],
      ['abcdef', 16],
      ['ghi', 19],
      [undefined, 19],
    ]);
    expect(begin(4)).toEqual([
      [notice(6), 10],
      ['abcdef', 16],
      ['ghi', 19],
      [undefined, 19],
    ]);
    expect(begin(10)).toEqual([
      ['abcdef', 16],
      ['ghi', 19],
      [undefined, 19],
    ]);
    expect(begin(13)).toEqual([
      ['def', 16],
      ['ghi', 19],
      [undefined, 19],
    ]);
    expect(begin(16)).toEqual([
      ['ghi', 19],
      [undefined, 19],
    ]);
    expect(begin(19)).toEqual([[undefined, 19]]);
  });

  it('holds back what a slow link does not take, in order', () => {
    relay.watch(7, source(3), 'stdout', true);
    relay.put(7, 'stdout', Buffer.alloc(MIB));
    relay.put(7, 'stdout', Buffer.from('b'));
    relay.put(7, 'stdout', undefined);
    expect(sent).toEqual([`3 stdout ${MIB}`]);
    buffered = 0;
    relay.drain();
    expect(sent.slice(1)).toEqual(['3 stdout b', '3 stdout end']);
  });

  it('cuts what was printed at once into pieces that a message holds', () => {
    relay.watch(7, source(3), 'stdout', true);
    relay.put(7, 'stdout', Buffer.alloc(17 * MIB + 5, 'a'));
    relay.put(7, 'stdout', undefined);
    while (buffered > 0) {
      buffered = 0;
      relay.drain();
    }
    expect(sent).toEqual([
      ...Array.from({ length: 17 }, () => `3 stdout ${MIB}`),
      '3 stdout aaaaa',
      '3 stdout end',
    ]);
  });

  it('says how much it had to pass over, at its place', () => {
    buffered = MIB;
    relay.watch(7, source(3), 'stdout', true);
    for (let i = 0; i < 34; i++) relay.put(7, 'stdout', Buffer.alloc(MIB));
    buffered = 0;
    relay.drain();
    relay.put(7, 'stdout', Buffer.from('again'));
    while (buffered > 0) {
      buffered = 0;
      relay.drain();
    }
    expect(sent.filter((line) => line === `3 stdout ${MIB}`)).toHaveLength(32);
    expect(sent.slice(-2)).toEqual([
      `3 stdout [pstar: ${2 * MIB} bytes of output were passed over: the way to the manager is slow]`,
      '3 stdout again',
    ]);
  });
});
