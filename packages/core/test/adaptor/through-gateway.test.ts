import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentLaunch, Gateway, ResourceManager } from '../../src/adaptor/adaptor.ts';
import { PlacedLaunches } from '../../src/adaptor/placed-launches.ts';
import { FarLaunches, throughGateway } from '../../src/adaptor/through-gateway.ts';
import { AdaptorError } from '../../src/model/errors.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { ManualClock } from '../agent/manual-clock.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-through-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const lost = () => new AdaptorError('CONNECTION_LOST', 'the connection is lost');
const broken = () => new AdaptorError('ADAPTOR_FAILED', 'the disk is full');

/** A gateway that fails as often as it is told to, before a resource manager that remembers. */
function far() {
  const clock = new ManualClock();
  const asked: string[] = [];
  const failures: Error[] = [];
  const ask = async (what: string) => {
    asked.push(what);
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
  };
  const gateway = {
    runner: { host: 'faraway' },
    place: async (launch: AgentLaunch) => {
      await ask(`place ${launch.name}`);
      return { ...launch, directory: `/far/${launch.name}` };
    },
    collect: (name: string) => ask(`collect ${name}`),
    release: (name: string) => ask(`release ${name}`),
    close: () => ask('close'),
  } as Partial<Gateway> as Gateway;
  const launches = new FarLaunches({
    gateway,
    placed: new PlacedLaunches(join(directory, 'placed')),
    clock,
    log: silentLog,
  });
  return { clock, asked, failures, gateway, launches };
}

/** A launch whose pilot is not over. */
async function launchOf(name: string): Promise<AgentLaunch> {
  const settingsFile = join(directory, `${name}.settings`);
  await writeFile(settingsFile, '{}');
  return { name, settingsFile, directory: `/here/${name}` } as AgentLaunch;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Lets time pass until something has settled. */
async function inTime<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const done = () => {
    isSettled = true;
  };
  promise.then(done, done);
  while (!isSettled) {
    await settled();
    clock.advance(60_000);
  }
  return promise;
}

describe('what is left on the other side of a gateway', () => {
  it('is fetched as soon as the gateway answers again, however long that takes', async () => {
    const { clock, asked, failures, launches } = far();
    failures.push(...Array.from({ length: 30 }, lost));
    const collected = launches.collect('p');
    await settled();
    expect(launches.trouble).toBe('the connection is lost');
    expect(await inTime(clock, collected)).toBe(true);
    expect(asked).toEqual(Array.from({ length: 31 }, () => 'collect p'));
    expect(launches.trouble).toBeUndefined();
  });

  it('is given up when it is not the connection that is in the way', async () => {
    const { clock, asked, failures, launches } = far();
    failures.push(...Array.from({ length: 30 }, broken));
    expect(await inTime(clock, launches.collect('p'))).toBe(true);
    expect(asked).toHaveLength(10);
    expect(launches.trouble).toBeUndefined();
  });

  it('is fetched once for all who wait for it', async () => {
    const { asked, launches } = far();
    await Promise.all([launches.collect('p'), launches.collect('p'), launches.collect('q')]);
    expect(asked).toEqual(['collect p', 'collect q']);
  });

  it('is left to a later process when the connection is closed meanwhile', async () => {
    const { failures, launches } = far();
    failures.push(lost());
    const collected = launches.collect('p');
    await settled();
    launches.close();
    expect(await collected).toBe(false);
    expect(await launches.collect('q')).toBe(false);
  });

  it('is removed when it came to nothing, later if that cannot be now', async () => {
    const { clock, asked, failures, launches } = far();
    await launches.place(await launchOf('p'));
    failures.push(lost(), lost());
    await launches.discard('p');
    expect(asked).toEqual(['place p', 'release p']);
    while (asked.length < 4) {
      clock.advance(60_000);
      await settled();
    }
    expect(asked).toEqual(['place p', 'release p', 'release p', 'release p']);
  });

  it('is removed by a later process, where its pilot is over and no other', async () => {
    const before = far();
    const launch = await launchOf('over');
    await before.launches.place(launch);
    await before.launches.place(await launchOf('alive'));
    before.launches.close();
    await rm(launch.settingsFile);
    await writeFile(join(directory, 'placed', '.alive.json.c0ffee'), '{"na');
    const after = far();
    await after.launches.tidy();
    while ((await after.launches.there(launch)) !== launch) await settled();
    expect(after.asked).toEqual(['release over']);
  });
});

describe('launches of one moment', () => {
  it('are handed on together, whichever of them was brought first, and one that fails holds up none', async () => {
    const { gateway, launches } = far();
    const settle = new Map<string, (failure?: Error) => void>();
    gateway.place = (launch) =>
      new Promise((resolve, reject) => {
        settle.set(launch.name, (failure) => (failure ? reject(failure) : resolve(launch)));
      });
    const over: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      const done = () => over.push(name);
      launches.place(await launchOf(name)).then(done, done);
    }
    await expect.poll(() => settle.size).toBe(3);
    settle.get('second')?.();
    settle.get('third')?.(broken());
    await settled();
    expect(over).toEqual([]);
    settle.get('first')?.();
    await expect.poll(() => over.toSorted()).toEqual(['first', 'second', 'third']);
  });
});

describe('a resource manager behind a gateway', () => {
  const launched: AgentLaunch[] = [];
  const manager: ResourceManager = {
    submit: async (launch) => {
      launched.push(launch);
      return '17';
    },
    cancel: async () => {},
    render: async (launch) => `cd ${launch.directory}`,
    info: async () => ({ name: 'queue 1.0', version: '1.0' }),
    close: async () => {},
  };

  it('is what its adaptor can do, with launches that are over there', async () => {
    const { asked, gateway, launches } = far();
    const through = throughGateway(manager, gateway, launches);
    const launch = await launchOf('p');
    expect(await through.submit(launch)).toBe('17');
    expect(launched.at(-1)?.directory).toBe('/far/p');
    expect(asked).toEqual(['place p']);
    expect(through.sharesFiles).toBe(false);
    expect(through.find).toBeUndefined();
    expect(through.states).toBeUndefined();
    expect(await through.info()).toEqual({ name: 'queue 1.0 through faraway', version: '1.0' });
  });

  it('renders what was submitted, also for a later process', async () => {
    const first = far();
    const launch = await launchOf('p');
    await throughGateway(manager, first.gateway, first.launches).submit(launch);
    const { gateway, launches } = far();
    expect(await throughGateway(manager, gateway, launches).render(launch)).toBe('cd /far/p');
  });

  it('is closed with its gateway', async () => {
    const { asked, gateway, launches } = far();
    await throughGateway(manager, gateway, launches).close();
    expect(asked).toEqual(['close']);
  });
});
