import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdaptorError } from '../../src/model/errors.ts';
import type { SealedReport } from '../../src/protocol/messages.ts';
import type { PilotJob } from '../../src/service/base/pilot-job.ts';
import type { PilotJobService } from '../../src/service/pilot-job-service.ts';
import { WorkUnitService } from '../../src/service/work-unit-service.ts';
import { readKept } from '../../src/transport/kept-file.ts';
import { FarMachine } from './far-machine.ts';
import { pilotServices, reaches } from './pilot-services.ts';

let far: FarMachine;
beforeEach(async () => {
  far = await FarMachine.make();
});
// After the services that these will have ended first: hooks of ends run from the last to the first.
afterEach(() => far.remove());
const world = pilotServices();

const RM = 'crate+far://login.example/';
const open = (more: object = {}) => world.open({ adaptors: far.adaptors, ...more });
const lost = () => new AdaptorError('CONNECTION_LOST', 'the connection is lost');

/** Settles with the first of a service's pilots. */
async function first(service: PilotJobService): Promise<PilotJob> {
  const [pilot] = await firstValueFrom(service.pilotJobs$.pipe(filter(({ length }) => length > 0)));
  return pilot as PilotJob;
}

const detailWith = (pilot: PilotJob, text: string) =>
  firstValueFrom(pilot.stateDetail$.pipe(filter((detail) => detail.includes(text))));

/** What services have on disk, where a text is in it. */
async function filesWith(directory: string, text: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((each) => each.isFile()).map((e) => join(e.parentPath, e.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
  return files.filter((_, i) => texts[i]?.includes(text));
}

/** Of how many units an agent has kept the end there. */
async function endsIn(kept: string): Promise<number> {
  const names = await readdir(kept).catch(() => []);
  const reports = await Promise.all(names.map((name) => readKept(join(kept, name))));
  return (reports.flat() as SealedReport[]).reduce(
    (n, { ended }) => n + (ended?.units.length ?? 0),
    0,
  );
}

describe('a pilot behind a gateway', () => {
  it('runs over there, and what it leaves is here before it is over', async () => {
    const service = await open();
    const pilot = await service.create(RM, {
      environment: { WHERE: 'far' },
      initCommands: ['echo "hello from $HOME"'],
    });
    await reaches(pilot, 'Running');
    const there = far.directoryOf(pilot.id);
    expect(await readdir(there)).toEqual(expect.arrayContaining(['settings.json', 'agent.log']));
    const settings = JSON.parse(await readFile(join(there, 'settings.json'), 'utf8'));
    expect(settings).toMatchObject({ root: there, sharesFiles: false });
    const script = await pilot.render();
    expect(script).toContain(`${there}/settings.json`);
    expect(script).not.toContain(world.store);
    await pilot.cancel();
    expect(pilot.state).toBe('Canceled');
    expect(await far.launches()).toEqual([]);
    const { id } = pilot;
    expect(far.asked).toEqual([`place ${id}`, `submit ${id}`, `collect ${id}`]);
    const log = join(world.directoryOf(service, pilot), 'agent.log');
    expect(await readFile(log, 'utf8')).toBe(`hello from ${far.home}\n`);
  });

  it('has its log where its description says, and leaves nothing of that over there', async () => {
    const service = await open();
    const output = join(world.store, 'mine.log');
    const pilot = await service.create(RM, { output, initCommands: ['echo first; exit 7'] });
    await pilot.finished();
    expect(pilot).toMatchObject({ state: 'Failed' });
    expect(pilot.stateDetail).toContain('ENDED 7');
    expect(await readFile(output, 'utf8')).toBe('first\n');
    expect(pilot.explain().lastOutput).toBe('first\n');
  });

  it('is refused, and nothing of it is left over there', async () => {
    const service = await open();
    far.refusals = [new AdaptorError('PERMISSION_DENIED', 'no such account')];
    await expect(service.create(RM, {})).rejects.toThrow('no such account');
    expect(await far.launches()).toEqual([]);
    expect(service.pilotJobs).toEqual([]);
    expect(far.asked.map((what) => what.split(' ')[0])).toEqual(['place', 'submit', 'release']);
  });

  it('stays where it is while nobody knows whether it was accepted', async () => {
    const service = await open();
    far.isLostAfterwards = true;
    const created = service.create(RM, {});
    // Once for what was to be submitted, and for each time that it was looked for.
    await far.until('unreachable', 3);
    far.isDown = false;
    const pilot = await created;
    await reaches(pilot, 'Running');
    expect(await far.launches()).toEqual([pilot.id]);
    const { id } = pilot;
    expect(far.asked.filter((what) => what.endsWith(id))).toEqual([`place ${id}`, `submit ${id}`]);
  });

  it('is not over before what its agents have left could be fetched', async () => {
    const service = await open();
    const pilot = await service.create(RM, { initCommands: ['echo last words; exit 1'] });
    far.collecting = [lost(), lost()];
    await pilot.finished();
    expect(far.asked.filter((what) => what.startsWith('collect'))).toHaveLength(3);
    expect(pilot.explain().lastOutput).toBe('last words\n');
    expect(await far.launches()).toEqual([]);
  });

  it('tells what its agent wrote down of its end while nobody listened', async () => {
    const id = 'pilots-away';
    const before = await open({ id });
    const pilot = await before.create(RM, {});
    await reaches(pilot, 'Running');
    await before.close();
    await far.evict(pilot.id);
    await far.ended(pilot.id);
    const service = await open({ id });
    const again = await first(service);
    await again.finished();
    const { state, stateDetail } = again;
    expect({ state, stateDetail }).toEqual({
      state: 'Done',
      stateDetail: 'told by a signal to end, it handed back what it held',
    });
    expect(await far.launches()).toEqual([]);
  });

  it('has its results brought back, which nobody was there to hear of', async () => {
    const { store } = world;
    const before = { pilots: await open(), work: await WorkUnitService.open({ store }) };
    before.work.add(before.pilots);
    const pilot = await before.pilots.create(RM, { agent: { heartbeat: '100ms' } });
    const gate = join(store, 'gate');
    const script = `until [ -e ${gate} ]; do sleep 0.02; done; echo ran >>${store}/ledger`;
    const executable = '/bin/sh';
    const unit = await before.work.submit({ executable, arguments: ['-c', script] });
    await firstValueFrom(unit.state$.pipe(filter((state) => state === 'Running')));
    await before.work.close();
    await before.pilots.close();
    await writeFile(gate, '');
    const kept = join(far.directoryOf(pilot.id), 'kept');
    await expect.poll(() => endsIn(kept)).toBe(1);
    await far.evict(pilot.id);
    await far.ended(pilot.id);
    const pilots = await open({ id: before.pilots.id });
    const work = await WorkUnitService.open({ store, id: before.work.id, services: [pilots] });
    await work.wait();
    expect([...work.workUnits].map(({ state, exit }) => [state, exit?.attempt])).toEqual([
      ['Done', 1],
    ]);
    expect(await readFile(join(store, 'ledger'), 'utf8')).toBe('ran\n');
    await (await first(pilots)).finished();
    await work.close();
    await pilots.close();
    expect(await readdir(world.directoryOf(pilots, pilot))).toEqual(['agent.log']);
    expect(await far.launches()).toEqual([]);
  });

  it('is submitted once more by the next process, when a crash came after it was placed', async () => {
    const id = 'pilots-crashed';
    const before = await open({ id });
    let goOn = () => {};
    far.submitting = new Promise((resolve) => {
      goOn = resolve;
    });
    const created = before.create(RM, {});
    await far.until('submit');
    // The store as a crash would leave it, in the hands of another process.
    const store = join(world.store, 'after-the-crash');
    const isLive = (path: string) => /\/(lock\.\d+|agents\.sock)$/.test(path);
    await cp(join(world.store, id), join(store, id), {
      recursive: true,
      filter: (path) => !isLive(path),
    });
    far.submitting = Promise.resolve();
    const service = await open({ id, store });
    const pilot = await first(service);
    await reaches(pilot, 'Running');
    expect(far.asked.filter((what) => what.startsWith('place'))).toHaveLength(2);
    expect(await far.launches()).toEqual([pilot.id]);
    // What has crashed starts nothing more.
    far.refusals = [new AdaptorError('ABORTED', 'it has crashed')];
    goOn();
    await created;
  });

  it('finds the service that was opened again, at another address', async () => {
    const id = 'pilots-moved';
    const before = await open({ id });
    const pilot = await before.create(RM, { agent: { heartbeat: '100ms' } });
    await reaches(pilot, 'Running');
    await before.close();
    const service = await open({ id, listen: { host: '127.0.0.2' } });
    const again = await first(service);
    await reaches(again, 'Running');
    expect(await far.managerOf(pilot.id)).toMatchObject({ host: '127.0.0.2' });
    await again.cancel();
    expect(await far.launches()).toEqual([]);
  });

  it('waits for a machine that is down when its service is opened, and says so', async () => {
    const id = 'pilots-patient';
    const before = await open({ id });
    const pilot = await before.create(RM, {});
    await reaches(pilot, 'Running');
    await before.close();
    far.isDown = true;
    const service = await open({ id });
    const again = await first(service);
    await detailWith(again, 'no route to host');
    expect(again.explain().waitsFor[0]).toContain('no route to host');
    far.isDown = false;
    await reaches(again, 'Running');
    await again.cancel();
    expect(again.state).toBe('Canceled');
  });
});

describe('what a gateway and an adaptor are given', () => {
  it('is each its own options of a URL', async () => {
    const service = await open();
    await service.create('crate+far://me@login.example:22/?lane=fast&identity=key', {});
    expect(far.urls.map((url) => new URL(url).search)).toEqual(['?identity=key', '?lane=fast']);
    await expect(service.create(`${RM}?line=slow`, {})).rejects.toThrow(/crate.*far.*line/);
    await expect(service.create(`${RM}?lane=odd`, {})).rejects.toMatchObject({
      code: 'URL_INVALID',
    });
  });

  it('is what answers questions, which is written down nowhere', async () => {
    const id = 'pilots-secret';
    const logged: string[] = [];
    const keep = (entry: object) => void logged.push(JSON.stringify(entry));
    const log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log } as never;
    const service = await open({ id, log, prompt: async () => 'sesame' });
    const context = { userId: 'me', userPass: 'rosebud' };
    const pilot = await service.create(RM, {}, { context });
    const own = { userId: 'you', prompt: () => 'open up' };
    await service.create(RM, {}, { context: own });
    expect(far.asked).toEqual(expect.arrayContaining(['answer sesame', 'answer open up']));
    expect(far.contexts.map(({ security }) => security)).toMatchObject([
      context,
      { userId: 'you' },
    ]);
    expect(pilot.context).toEqual(context);
    // One connection for the same credentials, whoever is asked.
    await service.create(RM, {}, { context: { ...context, prompt: () => 'not asked' } });
    await service.close();
    await open({ id, log, prompt: () => 'once more' });
    await far.until('answer once more');
    for (const text of ['prompt', 'sesame', 'open up', 'not asked', 'once more']) {
      expect(await filesWith(world.store, text)).toEqual([]);
    }
    const secret = await filesWith(world.store, 'rosebud');
    expect(new Set(secret.map((file) => basename(file)))).toEqual(new Set(['context.json']));
    expect(logged.join('\n')).not.toMatch(/prompt|sesame|open up|not asked|once more|rosebud/);
  });

  it('is no Node.js to send where the machine is the same', async () => {
    const service = await open();
    const description = { agent: { sendNode: true } };
    for (const rm of ['local://', 'crate://']) {
      await expect(service.create(rm, description)).rejects.toMatchObject({
        code: 'ATTRIBUTE_UNSUPPORTED',
        subject: 'agent.sendNode',
      });
    }
  });

  it('is refused when it is no set of credentials', async () => {
    const service = await open();
    const contexts = [{ userPas: 'sesame' }, { userPass: 7 }, { prompt: 'sesame' }, 'sesame', null];
    for (const context of contexts) {
      const refused = await service.create(RM, {}, { context: context as never }).catch((e) => e);
      expect(refused).toMatchObject({ code: 'DESCRIPTION_INVALID' });
      expect(refused.message).not.toContain('sesame');
    }
  });
});
