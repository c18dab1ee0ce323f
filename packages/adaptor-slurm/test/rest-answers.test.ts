import { describe, expect, it } from 'vitest';
import {
  readJobs,
  readMeta,
  readNodes,
  readPartitions,
  readRecords,
  readSubmitted,
} from '../src/rest-answers.ts';
import { recorded } from './recorded.ts';

describe('the answers of slurmrestd 22.05.8, v0.0.38', () => {
  const answer = (name: string) => recorded('slurm-22.05.8', name);

  it('say what was accepted, also when it is held', () => {
    expect(readSubmitted(answer('submit'))).toBe(1);
    expect(readSubmitted(answer('submit-held'))).toBe(4);
  });

  it('show the queue', () => {
    const rows = readJobs(answer('jobs'), 's');
    const row = (name: string) => rows.find((each) => each.name === name);
    expect(row('exits')).toEqual({
      id: '1',
      name: 'exits',
      state: 'FAILED',
      reason: 'NonZeroExitCode',
      nodes: 'n1',
      batchHost: 'n1',
      submittedAt: 1795262104,
      exitCode: 3,
    });
    expect(row('killed')).toMatchObject({ state: 'FAILED', signal: 'SIGKILL' });
    expect(row('runs')).toEqual({
      id: '3',
      name: 'runs',
      state: 'RUNNING',
      reason: '',
      nodes: 'n[1-2]',
      batchHost: 'n1',
      submittedAt: 1795262104,
    });
    expect(row('held')).toMatchObject({ state: 'PENDING', reason: 'JobHeldUser', nodes: '' });
    expect(row('done')).toMatchObject({ state: 'COMPLETED', exitCode: 0 });
    expect(row('stopped')).toMatchObject({ state: 'CANCELLED', signal: 'SIGTERM' });
    expect(row('suspended')).toMatchObject({ state: 'SUSPENDED' });
    const array = rows.filter(({ name }) => name === 'array');
    expect(array.map(({ id }) => id).sort()).toEqual(['8_0', '8_1']);
  });

  it('say of what has never run neither an exit code nor a signal', () => {
    const rows = readJobs(answer('jobs'), 's');
    for (const name of ['unfit', 'canceled']) {
      const row = rows.find((each) => each.name === name);
      expect(row).not.toHaveProperty('exitCode');
      expect(row).not.toHaveProperty('signal');
    }
  });

  it('show records without the exit code 0 that they give to whatever has failed', () => {
    const records = readRecords(answer('records'), 's');
    expect(records).toContainEqual({ id: '1', name: 'exits', state: 'FAILED' });
    expect(records).toContainEqual({ id: '2', name: 'done', state: 'COMPLETED', exitCode: 0 });
    expect(records).toContainEqual({ id: '3', name: 'canceled', state: 'CANCELLED' });
    expect(records).toContainEqual({
      id: '4',
      name: 'killed',
      state: 'FAILED',
      signal: 'SIGKILL',
    });
    const elements = records.filter(({ name }) => name === 'array').map(({ id }) => id);
    expect(elements.sort()).toEqual(['5_0', '5_1']);
  });

  it('show nodes, partitions and the release', () => {
    expect(readNodes(answer('nodes'), 's')[0]).toMatchObject({
      name: 'n1',
      address: '127.0.0.1',
      architecture: 'x86_64',
      system: expect.stringMatching(/^Linux /),
    });
    expect(readPartitions(answer('partitions'), 's')).toEqual([
      { name: 'debug', isDefault: true, state: 'UP', timeLimit: '01:00:00', nodes: 2, cpus: 16 },
      { name: 'short', isDefault: false, state: 'UP', timeLimit: '00:05:00', nodes: 2, cpus: 16 },
    ]);
    expect(readMeta(answer('partitions'), 's')).toEqual({ version: '22.05.8', cluster: '' });
  });
});

describe('the answers of v0.0.41, as specified', () => {
  const answer = (name: string) => recorded('slurm-24.05-as-specified', name);

  it('say what was accepted', () => {
    expect(readSubmitted(answer('submit'))).toBe(7);
  });

  it('show the queue, each job in the one state that squeue shows', () => {
    const rows = readJobs(answer('jobs'), 's');
    expect(rows.map(({ id, state }) => `${id} ${state}`)).toEqual([
      '1 FAILED',
      '2 FAILED',
      '3 RUNNING',
      '4 PENDING',
      '5 COMPLETING',
      '6 COMPLETED',
      '8 CONFIGURING',
      '8_1 RUNNING',
    ]);
    expect(rows[0]).toMatchObject({ exitCode: 3 });
    expect(rows[1]).toMatchObject({ signal: 'SIGKILL' });
    expect(rows[5]).toMatchObject({ exitCode: 0 });
  });

  it('show records', () => {
    expect(readRecords(answer('records'), 's')).toEqual([
      { id: '1', name: 'exits', state: 'FAILED', exitCode: 5 },
      { id: '2', name: 'done', state: 'COMPLETED', exitCode: 0 },
      { id: '4', name: 'killed', state: 'FAILED', signal: 'SIGKILL' },
      { id: '5_0', name: 'array', state: 'COMPLETED', exitCode: 0 },
    ]);
  });

  it('show nodes, partitions, the release and the cluster', () => {
    expect(readNodes(answer('nodes'), 's').map(({ address }) => address)).toEqual([
      '10.0.0.1',
      'n2',
    ]);
    expect(readPartitions(answer('partitions'), 's')).toMatchObject([
      { name: 'debug', state: 'UP', timeLimit: '1-01:30:00', nodes: 2, cpus: 16 },
      { name: 'long', timeLimit: 'UNLIMITED' },
    ]);
    expect(readMeta(answer('partitions'), 's')).toEqual({ version: '24.05.1', cluster: 'lab' });
  });
});

describe('an answer that makes no sense', () => {
  const job = { job_id: 1, name: 'x', job_state: 'RUNNING', nodes: 'n1' };
  const readers = { readJobs, readRecords, readNodes, readPartitions, readMeta };

  it.each([
    ['readJobs', 'hello'],
    ['readJobs', null],
    ['readJobs', { jobs: 'none' }],
    ['readJobs', { jobs: [{ ...job, job_id: '1' }] }],
    ['readJobs', { jobs: [{ ...job, job_state: [] }] }],
    ['readJobs', { jobs: [{ ...job, job_state: undefined }] }],
    ['readJobs', { jobs: [{ ...job, exit_code: 'none' }] }],
    ['readRecords', { jobs: [{ job_id: 1, name: 'x', state: 'COMPLETED' }] }],
    ['readNodes', { nodes: [{}] }],
    ['readPartitions', { partitions: [{ name: '' }] }],
    ['readMeta', {}],
  ] as const)('is an error: %s of %j', (reader, body) => {
    expect(() => readers[reader](body, 'here')).toThrow(
      expect.objectContaining({ code: 'ADAPTOR_FAILED', subject: 'here' }),
    );
  });

  it('is no submission', () => {
    for (const body of [null, {}, { job_id: 0 }, { job_id: '7' }, { job_id: -1 }]) {
      expect(readSubmitted(body)).toBeUndefined();
    }
  });
});
