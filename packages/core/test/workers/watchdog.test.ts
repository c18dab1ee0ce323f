import { expect, it } from 'vitest';
import type { CallRun } from '../../src/workers/call-run.ts';
import { Watchdog } from '../../src/workers/watchdog.ts';
import { ManualClock } from '../agent/manual-clock.ts';

const RUN: CallRun = {
  ...{ key: 1, module: 'm', export: 'f', isolation: 'process' as const, isMap: true, graceMs: 0 },
  ...{ environment: {}, variables: {}, cores: [], gpus: [], scratch: '' },
};

/** A watchdog over a worker that is where the test says. */
function watched(limits: Pick<CallRun, 'timeLimitMs' | 'initTimeLimitMs' | 'memoryLimit'>) {
  const clock = new ManualClock();
  const found: (string | undefined)[] = [];
  const kill = (): unknown => found.push(watchdog.excess);
  const worker = { mark: { piece: 1, call: 0, span: 1 }, memory: 0, kill };
  const watchdog = new Watchdog({ ...RUN, ...limits }, clock);
  watchdog.watch(worker as never);
  return { clock, watchdog, worker, found };
}

it('limits the time of each call, and not of what calls take together', () => {
  const { clock, worker, found } = watched({ timeLimitMs: 150 });
  for (let call = 0; call < 20; call++) {
    worker.mark = { piece: 1, call, span: 1 };
    clock.advance(100);
  }
  expect(found).toEqual([]);
  clock.advance(100);
  expect(found).toEqual(['time-limit']);
});

it('limits the time of getting ready by itself, and calls after that by their own', () => {
  const { clock, watchdog, worker, found } = watched({ timeLimitMs: 150, initTimeLimitMs: 900 });
  watchdog.rest();
  watchdog.watchInit(worker as never);
  clock.advance(800);
  expect(found).toEqual([]);
  clock.advance(200);
  expect(found).toEqual(['init-time-limit']);
  watchdog.watch(worker as never);
  clock.advance(200);
  expect(found).toEqual(['init-time-limit', 'time-limit']);
});

it('holds a call to blame for memory that was too much twice in it, and not for that of those before', () => {
  const { clock, worker, found } = watched({ memoryLimit: 1000 });
  worker.memory = 1001;
  for (let call = 0; call < 20; call++) {
    worker.mark = { piece: 1, call, span: 1 };
    clock.advance(100);
  }
  expect(found).toEqual([]);
  clock.advance(100);
  expect(found).toEqual(['out-of-memory']);
});
