import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PilotJobDescription } from '../../src/model/pilot-job-description.ts';
import type { AgentSettings } from '../../src/protocol/agent-settings.ts';
import { PSTAR_VERSION } from '../../src/protocol/version.ts';
import type { PilotJob } from '../../src/service/base/pilot-job.ts';
import { pilotProvider } from '../../src/service/base/work-client.ts';
import { HearingClient, leftOf, pidOf, pilotServices, reaches } from './pilot-services.ts';

const world = pilotServices();

describe('create', () => {
  it('settles once the pilot is accepted; it is Running with its first agent', async () => {
    const service = await world.open();
    const pilot = await service.create('local://', { totalCpuCount: 3 });
    const details = firstValueFrom(pilot.stateDetail$.pipe(toArray()));
    const states = firstValueFrom(pilot.state$.pipe(toArray()));
    expect(pilot.nativeId).toBeDefined();
    expect(pilot).toMatchObject({ type: 'local', description: { totalCpuCount: 3 } });
    expect(service.pilotJobs).toEqual([pilot]);
    await reaches(pilot, 'Running');
    expect(pilot.nodes).toMatchObject([{ cores: 3, pstarVersion: PSTAR_VERSION }]);
    expect(`${pilot.explain()}`).toBe(`Running: local: process ${pidOf(pilot)}`);
    await pilot.cancel();
    expect(await states).toEqual(['Pending', 'Running', 'Canceled']);
    expect((await details).at(-1)).toBe('canceled');
    expect(await lastValueFrom(pilot.state$)).toBe('Canceled');
    expect(leftOf(pilot)).toEqual([]);
  });

  it('keeps the key in a file of its own, for as long as it is of use', async () => {
    const service = await world.open();
    const pilot = await service.create('local://', {});
    await reaches(pilot, 'Running');
    const file = join(world.directoryOf(service, pilot), 'settings.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { key } = JSON.parse(await readFile(file, 'utf8')) as AgentSettings;
    const shown = await readFile(`/proc/${pidOf(pilot)}/environ`, 'latin1');
    expect(shown + (await readFile(`/proc/${pidOf(pilot)}/cmdline`, 'latin1'))).not.toContain(key);
    await pilot.cancel();
    await service.close();
    expect(existsSync(file)).toBe(false);
  });

  describe('without a resource manager', () => {
    beforeEach(() => {
      // Nothing but this machine, whatever this machine has.
      vi.stubEnv('PATH', world.store);
      vi.stubEnv('SGE_ROOT', '');
      vi.stubEnv('PSTAR_DEFAULT_RM', '');
    });
    afterEach(() => {
      vi.unstubAllEnvs();
    });

    it('takes the one that this machine has', async () => {
      const service = await world.open();
      expect((await service.create(undefined, {})).rm.href).toBe('local://');
      const pilot = await service.create({ totalCpuCount: 2 });
      expect([pilot.rm.href, pilot.description]).toEqual(['local://', { totalCpuCount: 2 }]);
    });

    it('takes $PSTAR_DEFAULT_RM before that', async () => {
      vi.stubEnv('SGE_ROOT', world.store);
      vi.stubEnv('PSTAR_DEFAULT_RM', 'local://localhost/');
      const service = await world.open();
      expect((await service.create({})).rm.href).toBe('local://localhost/');
      vi.stubEnv('PSTAR_DEFAULT_RM', 'nobody://');
      await expect(service.create({}, {})).rejects.toMatchObject({ subject: 'nobody://' });
    });

    it('says what to install for what it has found, and the other way out', async () => {
      expect(await refusedElsewhere({ SGE_ROOT: world.store })).toMatchObject({
        code: 'ADAPTOR_NOT_FOUND',
        problem: 'this machine has drmaa://, and its adaptor is not installed',
        subject: `SGE_ROOT is ${world.store}`,
        hint: expect.stringMatching(
          /^install @pstar\/adaptor-drmaa .*, or set PSTAR_DEFAULT_RM=local:\/\/$/,
        ),
      });
    });

    it('looks at the description before it looks at the machine', async () => {
      vi.stubEnv('SGE_ROOT', world.store);
      const service = await world.open();
      await expect(service.create({ nonsense: 1 } as object)).rejects.toMatchObject({
        code: 'DESCRIPTION_INVALID',
      });
    });
  });

  it.each<[string, PilotJobDescription, object]>([
    ['nobody://', {}, { code: 'ADAPTOR_NOT_FOUND' }],
    ['local', {}, { code: 'NOT_FOUND', hint: expect.stringContaining('local://') }],
    ['local://[', {}, { code: 'URL_INVALID' }],
    ['local://u:secret@localhost', {}, { code: 'URL_INVALID' }],
    ['', {}, { code: 'URL_INVALID', problem: "'' is no resource manager" }],
    [42 as never, {}, { code: 'URL_INVALID', problem: '42 is no resource manager' }],
    [null as never, {}, { code: 'URL_INVALID' }],
    ['local://', { queue: 'debug' }, { code: 'ATTRIBUTE_UNSUPPORTED', subject: 'queue' }],
    ['local://', { startTime: 1e9 }, { code: 'ATTRIBUTE_UNSUPPORTED', subject: 'startTime' }],
    ['local://', { totalCpuCnt: 2 } as PilotJobDescription, { code: 'DESCRIPTION_INVALID' }],
  ])('refuses %s %j and leaves nothing behind', async (rm_, description, error) => {
    const service = await world.open();
    await expect(service.create(rm_, description)).rejects.toMatchObject(error);
    expect(service.pilotJobs).toEqual([]);
    expect(existsSync(join(world.store, service.id, 'pilots'))).toBe(false);
  });

  it.each([
    'slurm://jane:hush@/',
    'slurm://jane:h@ush@ho st/',
    'slurm:jane:hush@host',
    'slurm://jane:h/ush@[/',
    'slurm://jane:hush@host/',
  ])('repeats no credentials of %s', async (rm_) => {
    const service = await world.open();
    const error = await service.create(rm_, {}).catch((refused: unknown) => refused);
    expect(error).toMatchObject({ code: 'URL_INVALID' });
    expect(inspect(error)).not.toMatch(/jane|ush@|hush/);
  });

  it('refuses an output that is no regular file before anything is written', async () => {
    const service = await world.open();
    const pipe = join(world.store, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const output of [world.store, pipe]) {
      await expect(service.create('local://', { output })).rejects.toMatchObject({
        code: 'DESCRIPTION_INVALID',
        subject: 'output',
        problem: expect.stringContaining(`'${output}' is `),
        hint: expect.stringContaining('write the path of a file'),
      });
    }
    expect(existsSync(join(world.store, service.id, 'pilots'))).toBe(false);
  });

  it('refuses an output in a directory that is not there', async () => {
    const service = await world.open();
    const output = join(world.store, 'none', 'log');
    await expect(service.create('local://', { output })).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      subject: 'output',
      problem: expect.stringContaining(`${output} cannot be written to`),
    });
    expect(service.pilotJobs).toEqual([]);
  });

  it('takes an output that is to be dropped', async () => {
    const service = await world.open();
    const pilot = await service.create('local://', { output: '/dev/null' });
    await pilot.cancel();
    expect(pilot.state).toBe('Canceled');
  });

  it('outlives an output that has become a directory, and can be opened again', async () => {
    const service = await world.open();
    const output = join(world.store, 'log');
    const pilot = await service.create('local://', { output });
    await rm(output);
    await mkdir(output);
    await pilot.cancel();
    expect(pilot.explain().lastOutput).toBeUndefined();
    await service.close();
    expect((await world.open({ id: service.id })).state).toBe('Open');
  });

  it('is refused on a service that is canceled or closed', async () => {
    const canceled = await world.open();
    await canceled.cancel();
    await canceled.cancel();
    await expect(canceled.create('local://', {})).rejects.toMatchObject({
      code: 'SERVICE_CLOSED',
      problem: 'the service is canceled',
    });
    const closed = await world.open();
    await closed.close();
    await expect(closed.create('local://', {})).rejects.toMatchObject({ code: 'SERVICE_CLOSED' });
    expect(await lastValueFrom(closed.state$)).toBe('Closed');
  });

  it('removes what a pilot leaves when the description says so', async () => {
    const service = await world.open();
    const pilot = await service.create('local://', { cleanup: true });
    await reaches(pilot, 'Running');
    const directory = world.directoryOf(service, pilot);
    expect(existsSync(directory)).toBe(true);
    await service.cancel();
    expect(existsSync(directory)).toBe(false);
  });

  it('removes the key that a crash has left of a pilot that was over', async () => {
    const service = await world.open();
    const pilot = await service.create('local://', {});
    await reaches(pilot, 'Running');
    const directory = world.directoryOf(service, pilot);
    const settings = await readFile(join(directory, 'settings.json'));
    await pilot.cancel();
    await service.close();
    expect(existsSync(directory)).toBe(false);
    await mkdir(directory);
    await writeFile(join(directory, 'settings.json'), settings);
    await (await world.open({ id: service.id })).close();
    expect(existsSync(directory)).toBe(false);
  });
});

describe('a service', () => {
  it('cancels all of its pilots, and tells of every move in order', async () => {
    const service = await world.open();
    const moves = firstValueFrom(service.events$.pipe(toArray()));
    const counts = firstValueFrom(service.pilotJobs$.pipe(toArray()));
    const pilots = [await service.create('local://', {}), await service.create('local://', {})];
    await Promise.all(pilots.map((pilot) => reaches(pilot, 'Running')));
    await service.cancel();
    expect(service.state).toBe('Canceled');
    expect((await counts).map(({ length }) => length)).toEqual([0, 1, 2]);
    for (const { id } of pilots) {
      const own = (await moves).filter(({ pilotId }) => pilotId === id);
      expect(own.map(({ from, state }) => `${from} ${state}`)).toEqual([
        'New Pending',
        'Pending Running',
        'Running Canceled',
      ]);
    }
    expect(pilots.flatMap(leftOf)).toEqual([]);
  });

  it('starts a pilot anew under its id', async () => {
    const service = await world.open();
    const pilot = await service.create('local://', { totalCpuCount: 1 });
    await reaches(pilot, 'Running');
    const before = pilot.nativeId;
    await pilot.reinitialize({ totalCpuCount: 2 });
    expect(pilot.nativeId).not.toBe(before);
    await reaches(pilot, 'Running');
    expect(pilot).toMatchObject({ description: { totalCpuCount: 2 }, nodes: [{ cores: 2 }] });
    await pilot.cancel();
    await expect(pilot.reinitialize({})).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  it('says so to whoever waits for a pilot when it is closed, and shows the last of it', async () => {
    const service = await world.open();
    const pilot = await service.create('local://', {});
    const waited = pilot.finished();
    waited.catch(() => {});
    await service.close();
    const closed = { code: 'SERVICE_CLOSED' };
    await expect(waited).rejects.toMatchObject(closed);
    await expect(pilot.finished()).rejects.toMatchObject(closed);
    await expect(pilot.cancel()).rejects.toMatchObject(closed);
    expect(await firstValueFrom(pilot.state$.pipe(toArray()))).toEqual([pilot.state]);
    expect(await firstValueFrom(pilot.stateDetail$.pipe(toArray()))).toEqual([pilot.stateDetail]);
    const again = await world.open({ id: service.id });
    const [same] = again.pilotJobs;
    await same?.cancel();
    expect(same?.state).toBe('Canceled');
  });

  it('can be closed and opened again: its agents call by themselves', async () => {
    const first = await world.open();
    const client = new HearingClient();
    first[pilotProvider].attachWork(client);
    const { id } = await first.create('local://', {});
    await client.until('joined');
    await first.close();
    expect(client.heard.at(-1)).toBe('silent: its pilot service is closed');
    const again = await world.open({ id: first.id });
    const [pilot] = again.pilotJobs as [PilotJob];
    expect(pilot.id).toBe(id);
    await reaches(pilot, 'Running');
    await again.cancel();
    expect(leftOf(pilot)).toEqual([]);
    const last = await world.open({ id: first.id });
    expect(last.pilotJobs).toMatchObject([{ id, state: 'Canceled' }]);
    expect((await last.create('local://', {})).id).not.toBe(id);
    await last.cancel();
  });

  it.each(['', '{"host":', 'null', '{"host":"127.0.0.1","port":"x"}'])(
    'is opened where the file with its address is damaged: %j',
    async (content) => {
      const first = await world.open();
      await first.close();
      await writeFile(join(world.store, first.id, 'address.json'), content);
      const again = await world.open({ id: first.id });
      expect(again.state).toBe('Open');
    },
  );

  it('finds its agents at a new address when the old one is taken', async () => {
    const first = await world.open();
    const { id } = await first.create('local://', {});
    await reaches(first.pilotJobs[0] as PilotJob, 'Running');
    await first.close();
    const again = await world.open({ id: first.id, listen: { host: '127.0.0.2' } });
    const pilot = again.pilotJobs.find((each) => each.id === id) as PilotJob;
    await reaches(pilot, 'Running');
  });
});

/** What `create({})` says to a program that has no package but the core: beside this one all are installed. */
async function refusedElsewhere(environment: Record<string, string>): Promise<unknown> {
  const program = `
    import { PilotJobService } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url))};
    const service = await PilotJobService.open();
    await service.create({}).catch((error) => process.stdout.write(JSON.stringify(error)));
    await service.cancel();`;
  const node = ['--conditions=@pstar/source', '--import', import.meta.resolve('tsx')];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...node, '--input-type=module', '--eval', program],
    {
      cwd: world.store,
      env: { ...process.env, ...environment, PSTAR_HOME: world.store, NODE_PATH: '' },
    },
  );
  return JSON.parse(stdout);
}
