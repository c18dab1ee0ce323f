import { describe, expect, it } from 'vitest';
import type { WorkManager } from '../../../src/manager/work-manager.ts';
import { STEP } from '../../../src/runtime/turns.ts';
import { restoreUnits } from '../../../src/service/units/restore.ts';
import { ManualClock } from '../../agent/manual-clock.ts';

/** A core whose every step takes so long, and what was done to it; `turn` where others had theirs. */
function slowCore(stepMs: number) {
  const clock = new ManualClock();
  let now = 0;
  clock.monotonic = () => now;
  const done: unknown[] = [];
  const take = (what: unknown): void => {
    now += stepMs;
    done.push(what);
  };
  const manager = {
    *restoreInTurn(parts: Iterable<unknown>) {
      for (const part of parts) {
        take(part);
        yield;
      }
    },
    replay: take,
  } as unknown as WorkManager;
  const others = (): void => {
    if (done.includes('restored')) return;
    done.push('turn');
    setImmediate(others);
  };
  setImmediate(others);
  return { core: { manager, clock, restored: () => void done.push('restored') }, done };
}

describe('taking in an earlier life', () => {
  const life = { snapshot: ['part 1', 'part 2'], inSteps: ['record 1', STEP, 'record 2'] };
  const inOrder = ['part 1', 'part 2', 'record 1', 'record 2', 'restored'];

  it('lets others have their turn after each part and each record that took long', async () => {
    const { core, done } = slowCore(20);
    await restoreUnits(core, life);
    expect(done).toEqual(inOrder.flatMap((each) => (each === 'restored' ? each : [each, 'turn'])));
  });

  it('is over in one turn where there is little', async () => {
    const { core, done } = slowCore(0.1);
    await restoreUnits(core, life);
    expect(done).toEqual(inOrder);
  });
});
