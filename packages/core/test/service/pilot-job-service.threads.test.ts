import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { PilotError } from '../../src/model/errors.ts';
import { pilotServices } from './pilot-services.ts';

const world = pilotServices();

describe('a worker thread', () => {
  let worker: Worker | undefined;
  afterEach(() => worker?.terminate());

  it('is told once that it hears no signals, and what it holds is told to be its own', async () => {
    const program = new URL('programs/thread.ts', import.meta.url).href;
    // Of Node 20, the threads know nothing of a loader that came by --import.
    const code = `import('tsx/esm/api').then((tsx) => { tsx.register(); return import('${program}'); });`;
    worker = new Worker(code, { eval: true, workerData: world.store });
    const [{ id, warnings }] = await once(worker, 'message');
    expect(warnings).toEqual([expect.stringMatching(/^worker threads hear no signals: /)]);

    const open = () => world.open({ id });
    await expect(open()).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      problem: expect.stringMatching(/: this one, in its thread \d+$/),
    });
    await worker.terminate();
    const error = await open().catch((problem: unknown) => problem);
    const [, file] =
      /if that thread was terminated, delete (.*)$/.exec((error as PilotError).hint ?? '') ?? [];
    await rm(String(file));
    expect((await open()).state).toBe('Open');
  });
});
