import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  localCommandRunner,
  type NativeState,
  type ParsedPilotJobDescription,
  PilotError,
  type RemoteFiles,
} from '@pstar/core/adaptor';
import { systemClock } from '@pstar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FarHost } from '../../src/adaptor/far-hosts.ts';
import type { NativeJob, NativeJobs } from '../../src/adaptor/native-jobs.ts';
import { DrmaaResourceManager } from '../../src/adaptor/resource-manager.ts';
import { DrmaaError } from '../../src/errors.ts';
import { launch, parsed } from './support/launches.ts';

/** A session that does what it is told to, and remembers what it was asked. */
class ToyJobs implements NativeJobs {
  readonly submitted: NativeJob[] = [];
  readonly asked: string[][] = [];
  planned: ParsedPilotJobDescription | undefined;
  ownId: string | undefined;
  problem: Error | undefined;
  names = new Map<string, string>();
  told: NativeState[] = [];
  closedWith: number | undefined;

  async plan(name: string, description: ParsedPilotJobDescription) {
    this.planned = description;
    const header = [`# ${name}`];
    return { header, nodeLines: '', several: false, ownId: this.ownId };
  }

  async submit(job: NativeJob) {
    this.submitted.push(job);
    if (this.problem !== undefined) throw this.problem;
    return '17';
  }

  async states(ids: readonly string[]) {
    this.asked.push([...ids]);
    return this.told;
  }

  async find(name: string) {
    return this.names.get(name);
  }

  async cancel() {}

  async info() {
    return { name: 'toy' };
  }

  async hosts() {
    return [];
  }

  async close(pilots: number) {
    this.closedWith = pilots;
  }
}

let directory: string;
let jobs: ToyJobs;
let far: FarHost[];
let files: RemoteFiles;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-drmaa-'));
  jobs = new ToyJobs();
  far = [];
  files = localCommandRunner().files;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** One of several connections to the same place. */
const connect = () =>
  new DrmaaResourceManager({
    jobs,
    farHosts: { ask: async () => far },
    clock: systemClock,
    files,
    directory: join(directory, 'own'),
    pollIntervalMs: 1000,
    initCommands: [],
  });

async function launched() {
  const made = launch({ name: 'shown' }, directory);
  await writeFile(made.settingsFile, '{}');
  return made;
}

const inDoubt = new DrmaaError('ADAPTOR_FAILED', 'it died', { inDoubt: true });

describe('a submission', () => {
  it('is a script, with a name that finds it again, from anywhere', async () => {
    const made = await launched();
    expect(await connect().submit(made)).toBe('17');
    const [job] = jobs.submitted;
    expect(job).toMatchObject({ name: 'shown.pilot-1', workingDirectory: directory });
    expect(await readFile(job?.script ?? '', 'utf8')).toBe(await connect().render(made));
    expect(await connect().find('pilot-1')).toBe('17');
    expect(await connect().find('pilot')).toBeUndefined();
  });

  it('does not ask for a start in the past', async () => {
    const made = { ...(await launched()), description: parsed({ startTime: new Date(1000) }) };
    await connect().submit(made);
    expect([jobs.planned, jobs.submitted[0]?.description]).toEqual([{}, {}]);
  });

  it('leaves nothing behind when it was refused', async () => {
    const refused = new DrmaaError('DESCRIPTION_INVALID', 'no');
    jobs.problem = refused;
    jobs.names.set('shown.pilot-1', '18');
    await expect(connect().submit(await launched())).rejects.toBe(refused);
    expect(await connect().find('pilot-1')).toBeUndefined();
  });

  it('is looked for when nobody knows whether it was accepted', async () => {
    jobs.problem = inDoubt;
    await expect(connect().submit(await launched())).rejects.toBe(inDoubt);
    expect(await connect().find('pilot-1')).toBeUndefined();
    jobs.names.set('shown.pilot-1', '18');
    expect(await connect().find('pilot-1')).toBe('18');
    // Written down by now.
    jobs.names.clear();
    expect(await connect().find('pilot-1')).toBe('18');
    expect(jobs.submitted).toHaveLength(1);
  });

  it.each(['TIMEOUT', 'CONNECTION_LOST', 'ABORTED'] as const)(
    'is looked for after %s, also by who has seen it before others found it',
    async (code) => {
      const here = connect();
      jobs.problem = new PilotError(code, 'no answer');
      await expect(here.submit(await launched())).rejects.toBe(jobs.problem);
      jobs.names.set('shown.pilot-1', '18');
      expect(await connect().find('pilot-1')).toBe('18');
      jobs.names.clear();
      expect(await here.find('pilot-1')).toBe('18');
    },
  );

  it('is known by what its script has said where there are no names', async () => {
    jobs.ownId = '$PBS_JOBID';
    jobs.problem = inDoubt;
    await expect(connect().submit(await launched())).rejects.toBe(inDoubt);
    await writeFile(join(directory, 'native-id'), '19.server\n');
    expect(await connect().find('pilot-1')).toBe('19.server');
  });

  it('is none for a caller who has given up', async () => {
    const signal = AbortSignal.abort();
    const submission = connect().submit(await launched(), { signal });
    await expect(submission).rejects.toMatchObject({ code: 'ABORTED' });
    expect(jobs.submitted).toEqual([]);
  });

  it('is refused where agents would not reach a manager on loopback', async () => {
    far = [{ name: 'n1', address: '10.0.0.2' }];
    const made = await launched();
    await expect(connect().submit(made)).rejects.toMatchObject({
      code: 'WRONG_STATE',
      hint: expect.stringContaining('listen: { host:'),
    });
    expect(jobs.submitted).toEqual([]);
    const manager = { host: '10.0.0.1', port: 9 };
    expect(await connect().submit({ ...made, manager })).toBe('17');
  });

  it('says what is wrong with a log that cannot be made', async () => {
    const made = { ...(await launched()), logFile: '/proc/none/agent.log' };
    await expect(connect().submit(made)).rejects.toSatisfy(
      (error) => error instanceof PilotError && error.subject === 'output',
    );
    expect(jobs.submitted).toEqual([]);
  });
});

describe('an agent', () => {
  it('is told of the memory that the pilot has asked for', () => {
    expect(connect().offer(parsed({ totalPhysicalMemory: 1024 }))).toEqual({ memory: 1024 });
    expect(connect().offer(parsed({}))).toEqual({});
  });
});

describe('states', () => {
  it('are asked for until the end is known, which other connections know then too', async () => {
    const here = connect();
    const id = await here.submit(await launched());
    const end: NativeState = { id, state: 'Failed', detail: 'exit code 3', exitCode: 3 };
    jobs.told = [{ id, state: 'Running', detail: 'r' }];
    expect(await here.states([id, '18'])).toMatchObject([
      { state: 'Running' },
      { state: 'Unknown' },
    ]);
    jobs.told = [end];
    expect(await here.states([id])).toEqual([end]);
    jobs.told = [];
    expect(await connect().states([id])).toEqual([end]);
    expect(jobs.asked).toEqual([['17', '18'], ['17']]);
  });
});

describe('closing', () => {
  it('counts a pilot of which nobody can say whether it is over', async () => {
    await connect().submit(await launched());
    files = { ...files, stat: () => Promise.reject(new Error('no')) };
    await connect().close();
    expect(jobs.closedWith).toBe(1);
  });

  it('says how many pilots are left, and forgets those that are over', async () => {
    const made = await launched();
    await connect().submit(made);
    await connect().close();
    expect(jobs.closedWith).toBe(1);
    await rm(made.settingsFile);
    const last = connect();
    await last.close();
    await last.close();
    expect(jobs.closedWith).toBe(0);
    expect(existsSync(join(directory, 'own', 'launches', 'pilot-1.json'))).toBe(false);
  });
});
