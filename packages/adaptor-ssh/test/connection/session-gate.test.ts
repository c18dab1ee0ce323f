import { describe, expect, it } from 'vitest';
import { SessionGate } from '../../src/connection/session-gate.ts';

/** Lets so many in, and says how many are in and how many wait. */
function crowd(gate: SessionGate, count: number): { inside: number; given: unknown[] } {
  const state = { inside: 0, given: [] as unknown[] };
  for (let i = 0; i < count; i += 1) {
    gate.enter().then(
      () => {
        state.inside += 1;
      },
      (error) => state.given.push(error),
    );
  }
  return state;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a gate of sessions', () => {
  it('lets some in and the others wait, in turn, and says that it is crowded', async () => {
    let crowded = 0;
    const gate = new SessionGate(() => {
      crowded += 1;
    });
    const state = crowd(gate, 10);
    await settled();
    expect(state.inside).toBe(8);
    expect(crowded).toBe(2);
    gate.leave();
    await settled();
    expect(state.inside).toBe(9);
  });

  it('learns from a refusal how many there may be', async () => {
    const gate = new SessionGate(() => {});
    const state = crowd(gate, 3);
    await settled();
    expect(gate.refused()).toBe(true);
    gate.leave();
    const more = crowd(gate, 2);
    await settled();
    expect([state.inside, more.inside]).toEqual([3, 0]);
    gate.leave();
    await settled();
    expect(more.inside).toBe(1);
  });

  it('does not go on where the server refuses even one', async () => {
    const gate = new SessionGate(() => {});
    await gate.enter();
    expect(gate.refused()).toBe(false);
    gate.leave();
    await gate.enter();
  });

  it('lets go of those that wait, when they give up or it closes', async () => {
    const gate = new SessionGate(() => {});
    crowd(gate, 8);
    const over = new AbortController();
    const waiting = gate.enter(over.signal);
    over.abort('given up');
    await expect(waiting).rejects.toBe('given up');
    const state = crowd(gate, 2);
    gate.close('closed');
    await settled();
    expect(state.given).toEqual(['closed', 'closed']);
    gate.leave();
    await gate.enter();
  });
});
