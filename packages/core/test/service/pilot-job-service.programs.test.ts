import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listServices } from '../../src/service/base/list-services.ts';
import type { PilotJob } from '../../src/service/base/pilot-job.ts';
import { leftOf, pilotServices, reaches } from './pilot-services.ts';

const NODE_OPTIONS = ['--import', 'tsx', '--conditions=@pstar/source'];

const world = pilotServices();

interface Started {
  readonly child: ChildProcess;
  readonly service: string;
  readonly id: string;
}

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
  async function start(...more: string[]): Promise<Started> {
    return startBeside('', ...more);
  }

  /** Runs it beside others that listen for signals, until its pilot runs. */
  async function startBeside(listeners: string, ...more: string[]): Promise<Started> {
    const beside = fileURLToPath(new URL('programs/listeners.ts', import.meta.url));
    const options = [...NODE_OPTIONS, '--import', beside];
    const child = spawn(process.execPath, [...options, program, world.store, ...more], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LISTENERS: listeners },
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

  it.each([
    ['signal-exit 3', 1],
    ['signal-exit 4', 1],
    ['signal-exit 3, signal-exit 4', 2],
  ])('that uses %s leaves no process, and is cleaned up after', async (listeners, cleanings) => {
    const { child, id } = await startBeside(listeners);
    const said = saidBy(child);
    child.kill('SIGINT');
    const [, by] = await once(child, 'close');
    expect(by).toBe('SIGINT');
    expect(leftOf({ id })).toEqual([]);
    expect(await said).toBe('cleaned\n'.repeat(cleanings));
  });

  it('in which a library emits the signal itself ends by it, too', async () => {
    const { child, id } = await startBeside('an emitter');
    child.kill('SIGUSR2');
    const [, by] = await once(child, 'exit');
    expect(by).toBe('SIGINT');
    expect(leftOf({ id })).toEqual([]);
  });

  describe('that ends by what its own cancellation rejects', () => {
    const forgets = fileURLToPath(new URL('programs/forgets.ts', import.meta.url));

    async function ended(how: string): Promise<Started> {
      const options = ['--import', 'tsx', '--conditions=@pstar/source', forgets, world.store, how];
      const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'ignore'] });
      children.push(child);
      const said = saidBy(child);
      expect(await once(child, 'close')).toEqual([1, null]);
      const [service = '', id = ''] = (await said).trim().split(' ');
      return { child, service, id };
    }

    it('leaves no process of the pilots that it was about to end', async () => {
      const { id } = await ended('ends');
      await expect.poll(() => leftOf({ id })).toEqual([]);
    });

    it('leaves pilots that it has not said it would end', async () => {
      const { id } = await ended('keeps');
      expect(leftOf({ id })).not.toEqual([]);
      // The agent first: it must not start others.
      for (const { pid } of leftOf({ id })) process.kill(pid, 'SIGKILL');
      await expect.poll(() => leftOf({ id })).toEqual([]);
    });
  });

  it('that handles a signal decides for itself, every time, whatever else there is', async () => {
    const { child, id } = await startBeside('a handler, signal-exit 3, signal-exit 4');
    for (let times = 0; times < 2; times++) {
      child.kill('SIGINT');
      const [said] = await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
      expect(String(said)).toBe('handled\n');
    }
    expect(leftOf({ id })).not.toEqual([]);
    child.kill('SIGTERM');
    const [, by] = await once(child, 'exit');
    expect(by).toBe('SIGTERM');
    expect(leftOf({ id })).toEqual([]);
  });

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

  it('that is interrupted, and waits long for the end, hears what a second signal does', async () => {
    const endless = fileURLToPath(new URL('programs/never-ended.ts', import.meta.url));
    const child = spawn(process.execPath, [...NODE_OPTIONS, endless]);
    children.push(child);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    const [told] = await once(child.stderr, 'data');
    expect(String(told)).toContain(
      'SIGINT: ending pilots and what runs in them; a second signal kills at once',
    );
    const saying = saidBy(child);
    child.kill('SIGINT');
    const [, by] = await once(child, 'exit');
    expect(by).toBe('SIGINT');
    expect(await saying).toBe('gave up\n');
  });

  /** What it writes until its end. */
  async function saidBy({ stdout }: ChildProcess): Promise<string> {
    const pieces: unknown[] = [];
    for await (const piece of stdout as NonNullable<typeof stdout>) pieces.push(piece);
    return pieces.join('');
  }

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
