/** Maps without their service: agents are made up, and units are journalled nowhere. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { STATE } from '../../../src/manager/state-numbers.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { schedulerOf } from '../../../src/scheduler/schedulers.ts';
import type { PilotJob } from '../../../src/service/base/pilot-job.ts';
import type { Inputs } from '../../../src/service/maps/map-inputs.ts';
import type { MapOptions } from '../../../src/service/maps/map-options.ts';
import { Maps } from '../../../src/service/maps/maps.ts';
import type { ResultStream } from '../../../src/service/maps/result-stream.ts';
import { Patience } from '../../../src/service/units/patience.ts';
import { WorkCore } from '../../../src/service/units/work-core.ts';
import type { WorkUnit } from '../../../src/service/units/work-unit.ts';
import { FakeAgent } from './fake-agent.ts';
import { double } from './map-tasks.ts';

export const double_ = (value: unknown) => (value as number) * 2;

export class World {
  readonly core: WorkCore;
  readonly maps: Maps;
  /** Those that are known to be there. */
  readonly pilots = new Map<string, Pick<PilotJob, 'state' | 'stateDetail'>>();

  constructor(directory: string) {
    const journal = {
      append: () => {},
      commit: () => Promise.resolve(),
      snapshot: () => Promise.resolve(),
      reserve: () => Promise.resolve(),
      encodeAhead: () => {},
      bytesSinceSnapshot: 0,
      snapshotBytes: 0,
    };
    this.core = new WorkCore({
      ...{ id: 'work', directory, journal, clock: systemClock, log: silentLog },
      scheduler: schedulerOf('backfill'),
    });
    this.maps = new Maps({
      core: this.core,
      journal,
      patience: new Patience(systemClock, () => {}),
      view: (unit) => ({ id: `work/${unit}`, stateDetail: 'it was told to' }) as WorkUnit,
      pilotJob: (id) => this.pilots.get(id),
    });
  }

  agent(name: string, call: (value: unknown) => unknown = double_, cores = 2): FakeAgent {
    const agent = new FakeAgent(this.core, name, { double: call }, cores);
    agent.join();
    return agent;
  }

  double(inputs: Inputs<unknown>, options: MapOptions = {}): ResultStream<unknown> {
    return this.maps.map(double, inputs, options);
  }

  /** Resolves once all units are final; says in how many ways. */
  async ends(): Promise<{ done: number; canceled: number }> {
    await this.core.visible.allFinal(this.core.visible.size);
    const { counts } = this.core.visible;
    return { done: counts[STATE.Done] as number, canceled: counts[STATE.Canceled] as number };
  }
}

export async function openWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'pstar-maps-'));
  const world = new World(directory);
  onTestFinished(() => {
    world.core.release(new Error('the test is over'));
    return rm(directory, { recursive: true, force: true });
  });
  return world;
}

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
export const doubled = (count: number): number[] => numbers(count).map((each) => each * 2);
