import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listServices } from '../../src/service/list-services.ts';
import type { PilotJob } from '../../src/service/pilot-job.ts';
import { leftOf, pilotServices, reaches } from './pilot-services.ts';

const world = pilotServices();

describe('a program', () => {
  const program = fileURLToPath(new URL('programs/pilots.ts', import.meta.url));

  let children: ChildProcess[];
  beforeEach(() => {
    children = [];
  });
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  /** Runs it until its pilot runs. */
  async function start(
    ...more: string[]
  ): Promise<{ child: ChildProcess; service: string; id: string }> {
    const options = ['--import', 'tsx', '--conditions=@pstar/source'];
    const child = spawn(process.execPath, [...options, program, world.store, ...more], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    const [service = '', id = ''] = String(line).trim().split(' ');
    return { child, service, id };
  }

  it('that is killed loses nothing: its service is opened again by its id', async () => {
    const { child, service: id, id: pilotId } = await start();
    await expect(world.open({ id })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringContaining(`process ${child.pid}`),
    });
    expect(await listServices(world.store)).toMatchObject([
      { id, kind: 'pilots', state: 'Open', holder: { pid: child.pid } },
    ]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await listServices(world.store))[0]).not.toHaveProperty('holder');
    const service = await world.open({ id });
    const [pilot] = service.pilotJobs as [PilotJob];
    expect(pilot.id).toBe(pilotId);
    await reaches(pilot, 'Running');
    expect(pilot.nodes).toMatchObject([{ cores: 2 }]);
    await service.cancel();
    expect(leftOf(pilot)).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'that gets %s leaves no process',
    async (signal) => {
      const { child, id } = await start('setsid sleep 1000 &');
      expect(leftOf({ id }).length).toBeGreaterThan(1);
      child.kill(signal);
      const [, by] = await once(child, 'exit');
      expect(by).toBe(signal);
      expect(leftOf({ id })).toEqual([]);
    },
  );

  it('whose store was deleted leaves no process either', async () => {
    const { child, id } = await start();
    await rm(world.store, { recursive: true });
    child.kill('SIGTERM');
    const [, by] = await once(child, 'exit');
    expect(by).toBe('SIGTERM');
    expect(leftOf({ id })).toEqual([]);
  });

  it('that is interrupted twice does not wait', async () => {
    const { child, id } = await start('setsid sleep 1000 &');
    // An agent that is stopped answers nobody.
    const [agent] = leftOf({ id });
    process.kill(agent?.pid as number, 'SIGSTOP');
    child.kill('SIGINT');
    // The first signal is at work once the service is no more to be had.
    const journal = join(
      world.store,
      (await readdir(world.store)).find((name) => name.startsWith('pilots')) ?? '',
    );
    await contains(join(journal, 'journal'), 'pilot-ending');
    child.kill('SIGINT');
    const [, by] = await once(child, 'exit');
    expect(by).toBe('SIGINT');
    await vanish({ id });
  });

  async function contains(directory: string, word: string): Promise<void> {
    for (;;) {
      const names = await readdir(directory);
      const texts = await Promise.all(
        names.map((name) => readFile(join(directory, name), 'latin1')),
      );
      if (texts.some((text) => text.includes(word))) return;
    }
  }
  /** Killed processes are gone a moment after the signal. */
  async function vanish(pilot: { id: string }): Promise<void> {
    while (leftOf(pilot).length > 0) await new Promise((resolve) => setImmediate(resolve));
  }
});
