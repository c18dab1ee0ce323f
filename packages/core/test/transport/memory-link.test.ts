import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/runtime/clock.ts';
import { memoryLinks } from '../../src/transport/memory-link.ts';
import { describeLinks, watch } from './link-suite.ts';

/** Time that passes only when somebody lets it. */
class ManualClock implements Clock {
  #now = 0;
  #due: { at: number; call: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): { cancel(): void } {
    const entry = { at: this.#now + ms, call };
    this.#due.push(entry);
    return { cancel: () => this.#due.splice(this.#due.indexOf(entry), 1) };
  }

  /** Makes all calls that are due within `ms`, and those that they set. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [first] = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!first) break;
      this.#due.splice(this.#due.indexOf(first), 1);
      this.#now = first.at;
      first.call();
    }
    this.#now = end;
  }
}

/** Chances that come again and again; a message asks for loss, delay and repetition, in this order. */
function repeating(...fractions: number[]): () => number {
  let i = 0;
  return () => fractions[i++ % fractions.length] ?? 0;
}

const numbers = (count: number): { i: number }[] =>
  Array.from({ length: count }, (_, i) => ({ i }));

describeLinks('in memory', async () => memoryLinks());

describe('a misbehaving link', () => {
  it('delays by the clock it was given, and keeps the order', () => {
    const clock = new ManualClock();
    const [near, far] = memoryLinks({
      clock,
      random: repeating(0.5, 0.9, 0.5, 0.5, 0.1, 0.5),
      delay: 100,
    });
    const there = watch(far);
    near.send({ i: 0 });
    near.send({ i: 1 });
    clock.pass(89);
    expect(there.messages).toEqual([]);
    clock.pass(2);
    expect(there.messages).toEqual([{ i: 0 }, { i: 1 }]);
  });

  it('loses by the chance it was given', () => {
    const clock = new ManualClock();
    const [near, far] = memoryLinks({
      clock,
      random: repeating(0.1, 0.1, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7),
      lose: 0.5,
    });
    const there = watch(far);
    for (const message of numbers(4)) near.send(message);
    clock.pass(0);
    expect(there.messages).toEqual([{ i: 2 }, { i: 3 }]);
  });

  it('repeats by the chance it was given, each time a message of its own', () => {
    const clock = new ManualClock();
    const [near, far] = memoryLinks({ clock, random: () => 0.4, repeat: 0.5 });
    const there = watch(far);
    near.send({ i: 0 });
    clock.pass(0);
    expect(there.messages).toEqual([{ i: 0 }, { i: 0 }]);
    expect(there.messages[0]).not.toBe(there.messages[1]);
  });

  it('still closes once, after what is on its way', () => {
    const clock = new ManualClock();
    const [near, far] = memoryLinks({
      clock,
      random: () => 0.9,
      delay: 10,
      lose: 0.5,
      repeat: 0.95,
    });
    const [here, there] = [watch(near), watch(far)];
    near.send({ i: 0 });
    near.close();
    expect(there.closes).toEqual([]);
    clock.pass(20);
    expect(there.messages).toEqual([{ i: 0 }, { i: 0 }]);
    expect([here.closes, there.closes]).toEqual([[undefined], [undefined]]);
  });

  it('delivers nothing that was on its way when it was destroyed', () => {
    const clock = new ManualClock();
    const [near, far] = memoryLinks({ clock, random: () => 1, delay: 10 });
    const there = watch(far);
    near.send({ i: 0 });
    near.destroy();
    clock.pass(20);
    expect([there.messages, there.closes]).toEqual([[], [undefined]]);
  });
});
