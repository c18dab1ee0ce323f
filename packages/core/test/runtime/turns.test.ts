import { expect, it } from 'vitest';
import { inTurns } from '../../src/runtime/turns.ts';

/** Goes through ten steps of so many milliseconds each; how many turns others had. */
async function turnsOfOthers(stepMs: number): Promise<number> {
  let now = 0;
  let turns = 0;
  let isOver = false;
  const others = (): void => {
    if (isOver) return;
    turns++;
    setImmediate(others);
  };
  setImmediate(others);
  const steps = (function* () {
    for (let i = 0; i < 10; i++) {
      now += stepMs;
      yield;
    }
    return 'all';
  })();
  const result = inTurns(steps, { monotonic: () => now });
  expect(await result).toBe('all');
  isOver = true;
  return turns;
}

it('lets others have their turn after steps that took long', async () => {
  expect(await turnsOfOthers(20)).toBe(10);
  // Eight milliseconds are one slice.
  expect(await turnsOfOthers(4)).toBe(5);
});

it('goes through short steps in one turn', async () => {
  expect(await turnsOfOthers(0.1)).toBe(0);
});

it('rejects with what a step throws', async () => {
  const steps = (function* () {
    yield;
    throw new Error('broken');
  })();
  await expect(inTurns(steps)).rejects.toThrow('broken');
});
