import { silentLog, systemClock } from '@pstar/core/testing';
import { describe, expect, it } from 'vitest';
import { connectRest } from '../src/rest.ts';
import { FakeSlurmrestd, type Question, type Saying } from './fake-slurmrestd.ts';
import { recorded, recordedCase } from './recorded.ts';

const PREFIX = '/slurm/v0.0.38';
const TOKEN = 'e30.e30.c2ln';
const JOB = { name: 'p1', script: '#!/bin/sh\n', options: [['job-name', 'p1']] } as const;

/** Says what was recorded of 22.05.8, by method and path without its version. */
function saying(cases: Readonly<Record<string, Saying>>, records = false) {
  return ({ method, path }: Question): Saying => {
    if (path === '/openapi/v3') {
      const { paths } = recorded('slurm-22.05.8', 'openapi') as { paths: object };
      return { body: { paths: { ...paths, ...(records && RECORDS) } } };
    }
    const found = cases[`${method} ${path.replace(PREFIX, '')}`];
    if (found === undefined) throw new Error(`nothing to say to ${method} ${path}`);
    return found;
  };
}

const RECORDS = { '/slurmdb/v0.0.38/job/{job_id}': {}, '/slurmdb/v0.0.38/jobs': {} };

const answer = (name: string): Saying => ({ body: recorded('slurm-22.05.8', name) });
const refusal = (name: string): Saying => recordedCase('slurm-22.05.8', name);

async function connect({ port }: FakeSlurmrestd, user = '') {
  const url = new URL(`slurm+http://${user && `${user}@`}127.0.0.1:${port}`);
  return connectRest(url, { clock: systemClock, log: silentLog, security: { userPass: TOKEN } });
}

describe('a connection to slurmrestd', () => {
  it('submits, and gives the id', async () => {
    await using fake = await FakeSlurmrestd.listen(
      saying({ 'POST /job/submit': answer('submit-held') }),
    );
    const transport = await connect(fake);
    expect(await transport.submit(JOB)).toBe(4);
    const { body } = fake.questions.at(-1) as Question;
    expect(JSON.parse(body)).toMatchObject({ script: '#!/bin/sh\n', job: { name: 'p1' } });
  });

  it('hands on what shells of this user have, and of that only the path to another user', async () => {
    await using fake = await FakeSlurmrestd.listen(
      saying({ 'POST /job/submit': answer('submit') }),
    );
    for (const user of ['', 'somebody']) await (await connect(fake, user)).submit(JOB);
    const [own = {}, others] = fake.questions
      .filter(({ method }) => method === 'POST')
      .map(({ body }) => JSON.parse(body).job.environment);
    expect(Object.keys(own)).toEqual(expect.arrayContaining(['PATH', 'HOME']));
    expect(Object.keys(own)).not.toContain('VITEST');
    expect(others).toEqual({ PATH: own.PATH });
  });

  it('says that a submission without an id may have been accepted', async () => {
    await using fake = await FakeSlurmrestd.listen(saying({ 'POST /job/submit': { body: {} } }));
    await expect((await connect(fake)).submit(JOB)).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
    });
  });

  it('asks for few jobs one by one, for many at once, and leaves out the others', async () => {
    await using fake = await FakeSlurmrestd.listen(
      saying({
        'GET /job/1': answer('jobs'),
        'GET /job/99': refusal('no such job'),
        'GET /jobs': answer('jobs'),
      }),
    );
    const transport = await connect(fake);
    expect(await transport.list([])).toEqual([]);
    expect((await transport.list(['1', '99'])).map(({ id }) => id)).toEqual(['1']);
    const before = fake.questions.length;
    const many = ['1', '3', '8_1', '8_7', '99', '100'];
    expect((await transport.list(many)).map(({ id }) => id).sort()).toEqual(['1', '3', '8_1']);
    expect(fake.questions.length - before).toBe(1);
    expect((await transport.named('runs')).map(({ id }) => id)).toEqual(['3']);
  });

  it('has records where slurmdbd is offered', async () => {
    const cases = {
      'GET /slurmdb/v0.0.38/job/1': answer('records'),
      'GET /slurmdb/v0.0.38/job/99': {
        body: { jobs: [], errors: [{ error_number: 9003, error: 'Nothing found with query' }] },
      },
      'GET /slurmdb/v0.0.38/job/2': {
        body: {
          jobs: [],
          errors: [{ error_number: 7000, error: 'Unable to connect to database' }],
        },
      },
      'GET /slurmdb/v0.0.38/jobs?job_name=a%20b': answer('records'),
    };
    await using fake = await FakeSlurmrestd.listen(saying(cases, true));
    const transport = await connect(fake);
    const { source, jobs } = await transport.past({ ids: ['1', '99'] });
    expect(source).toBe('accounting');
    expect(jobs[0]).toMatchObject({ id: '1', state: 'FAILED' });
    expect((await transport.past({ name: 'a b' })).jobs).not.toEqual([]);
    // That the database is away is no word on the job.
    await expect(transport.past({ ids: ['2'] })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('cancels all that it can, whatever happens to one, and none too many', async () => {
    await using fake = await FakeSlurmrestd.listen(
      saying({
        'DELETE /job/1': refusal('cancel one that is over'),
        'DELETE /job/99': refusal('cancel no such job'),
        'DELETE /job/3': refusal('no such field'),
        'DELETE /job/8_1': { body: { errors: [] } },
      }),
    );
    const transport = await connect(fake);
    await transport.cancel(['1', '99', '8_1']);
    await expect(transport.cancel(['3', '1', '99', '8_1'])).rejects.toBeDefined();
    expect(fake.questions.filter(({ method }) => method === 'DELETE')).toHaveLength(7);
    await expect(transport.cancel(['../jobs'])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('sends signals by the names that slurmrestd knows', async () => {
    await using fake = await FakeSlurmrestd.listen(
      saying({
        'DELETE /job/3?signal=USR1': { body: { errors: [] } },
        'DELETE /job/4?signal=USR1': refusal('signal one that waits'),
      }),
    );
    const transport = await connect(fake);
    await transport.signal('3', 'SIGUSR1');
    await expect(transport.signal('4', 'SIGUSR1')).rejects.toMatchObject({
      problem: 'Job can not be altered now, try again later',
    });
  });

  it.each([
    ['bad token', 'AUTHENTICATION_FAILED', 'slurmctld does not take this token'],
    ['slurmctld hangs', 'TIMEOUT', 'Socket timed out on send/recv operation'],
    [
      'slurmctld is gone',
      'RESOURCE_MANAGER_UNREACHABLE',
      'Unable to contact slurm controller (connect failure)',
    ],
  ])('finds out what `Unspecified error` is: %s', async (name, code, problem) => {
    await using fake = await FakeSlurmrestd.listen(
      saying({
        'GET /partitions': refusal('slurmctld hangs, partitions'),
        'DELETE /job/0?signal=CONT': refusal(`${name}, probe`),
      }),
    );
    await expect((await connect(fake)).info()).rejects.toMatchObject({ code, problem });
  });

  it('takes it for a moment’s trouble when all is well afterwards', async () => {
    await using fake = await FakeSlurmrestd.listen(
      saying({
        'GET /jobs': refusal('slurmctld hangs, list'),
        'POST /job/submit': refusal('bad token, probe'),
        'DELETE /job/0?signal=CONT': refusal('probe'),
      }),
    );
    const transport = await connect(fake);
    await expect(transport.named('x')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    // It may have been accepted: that is what the code says.
    await expect(transport.submit(JOB)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('tells what it is connected to', async () => {
    await using fake = await FakeSlurmrestd.listen(
      saying({ 'GET /partitions': answer('partitions'), 'GET /nodes': answer('nodes') }),
    );
    const transport = await connect(fake);
    expect(await transport.info()).toMatchObject({ version: '22.05.8' });
    expect((await transport.nodes()).map(({ name }) => name)).toEqual(['n1', 'n2']);
    expect(await transport.limits()).toEqual({ arrayMax: 0, shownMs: 0 });
    await transport.close();
    await expect(transport.info()).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('is not made with what speaks another version', async () => {
    const paths = { '/slurm/v0.0.35/job/submit': {} };
    await using fake = await FakeSlurmrestd.listen(() => ({ body: { paths } }));
    await expect(connect(fake)).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' });
  });
});
