import { describe, expect, it } from 'vitest';
import { endedRows } from '../support/rows.ts';
import { WorkWorld } from '../support/work-world.ts';

const GIB = 2 ** 30;

describe('a round of binding', () => {
  it('sees the cores that units short of memory leave, whatever was there before', () => {
    const world = new WorkWorld();
    world.join('a', { cores: 2, memory: GIB });
    // One of each runs, and another that wants all of the memory waits there.
    world.submit({ priority: 1 }, { totalPhysicalMemory: '1 GiB' });
    world.submit({ totalPhysicalMemory: '1 GiB' });
    expect(world.stateOf(1)).toBe('Scheduled');
    world.report('a', {
      ended: endedRows([{ unit: 0, attempt: 1, exitCode: 0, finishedAt: 100_000 }]),
    });
    const { effects } = world.submit({ priority: 1 });
    const started = effects.flatMap((effect) =>
      effect.type === 'start' ? effect.runs.flatMap(({ units }) => [...units]) : [],
    );
    expect(started).toEqual([3]);
  });
});
