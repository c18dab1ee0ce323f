import { describe, expect, it } from 'vitest';
import {
  exitOfStatus,
  parseConfig,
  parseNodes,
  parsePartitions,
  parseQueue,
  parseRecords,
  parseSubmitted,
} from '../src/outputs.ts';
import { recorded } from './support/fixtures.ts';

describe('Slurm 22.05.8', () => {
  it('lists a queue', () => {
    const rows = new Map(parseQueue(recorded('squeue.txt')).map((row) => [row.id, row]));
    expect(rows.get('12')).toEqual({
      id: '12',
      name: 'fails',
      state: 'FAILED',
      reason: 'NonZeroExitCode',
      nodes: 'n1',
      batchHost: 'n1',
      submittedAt: 1795262104,
      exitCode: 3,
    });
    expect(rows.get('13')).toMatchObject({ signal: 'SIGKILL' });
    expect(rows.get('11')).toMatchObject({ state: 'COMPLETED', reason: '', exitCode: 0 });
    expect(rows.get('16')).toEqual({
      id: '16',
      name: 'a|b',
      state: 'PENDING',
      reason: 'BeginTime',
      nodes: '',
      batchHost: '',
      submittedAt: 1795262104,
    });
    expect(rows.get('14')).toMatchObject({ state: 'RUNNING', nodes: 'n[1-2]' });
    expect(rows.get('18_1')).toMatchObject({ state: 'RUNNING', name: 'arr' });
  });

  it('keeps records', () => {
    const jobs = new Map(parseRecords(recorded('sacct-c.txt')).map((job) => [job.id, job]));
    expect(jobs.get('12')).toEqual({ id: '12', name: 'fails', state: 'FAILED', exitCode: 3 });
    expect(jobs.get('13')).toEqual({
      id: '13',
      name: 'killed',
      state: 'FAILED',
      signal: 'SIGKILL',
    });
    // Twice in the log: the last one counts.
    expect(jobs.get('4')?.state).toBe('CANCELLED');
    // Its name has a space: sacct cannot read its state.
    expect(jobs.get('1')?.state).toBe('UNKNOWN');
  });

  it('keeps the records of all jobs that have had an id', () => {
    const jobs = parseRecords('7|FAILED|3:0|a\n7|RESIZING|0:0|b\n7|CANCELLED|0:0|b\n');
    expect(jobs.map(({ name, state }) => `${name} ${state}`)).toEqual(['a FAILED', 'b CANCELLED']);
  });

  it('shows its configuration', () => {
    const config = parseConfig(recorded('scontrol-config.txt'));
    expect(config.get('SLURM_VERSION')).toBe('22.05.8');
    expect(config.get('JobCompType')).toBe('jobcomp/filetxt');
    expect(config.get('MinJobAge')).toBe('300 sec');
  });

  it('shows its nodes', () => {
    const nodes = parseNodes(recorded('scontrol-nodes.txt'));
    expect(nodes.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3']);
    expect(nodes[0]).toMatchObject({ address: '127.0.0.1', architecture: 'x86_64' });
    expect(nodes[0]?.system).toMatch(/^Linux \S+ #1 SMP/);
  });

  it('shows its partitions', () => {
    expect(parsePartitions(recorded('scontrol-partitions.txt'))).toEqual([
      { name: 'debug', isDefault: true, state: 'UP', timeLimit: '01:00:00', nodes: 3, cpus: 24 },
      { name: 'short', isDefault: false, state: 'UP', timeLimit: '00:05:00', nodes: 3, cpus: 24 },
    ]);
  });
});

describe('accounting of Slurm 22.05.8', () => {
  it('names elements, those that never ran together, and who canceled', () => {
    const jobs = new Map(parseRecords(recorded('sacct.txt')).map((job) => [job.id, job]));
    expect([...jobs.keys()]).toEqual([
      '1',
      '2',
      '3',
      '5',
      '6',
      '4_0',
      '4_1',
      '4_2',
      '4_3',
      '10_0',
      '10_2',
    ]);
    expect(jobs.get('2')).toEqual({ id: '2', name: 'fails', state: 'FAILED', exitCode: 3 });
    expect(jobs.get('4_1')).toEqual({ id: '4_1', name: 'arr', state: 'CANCELLED' });
    expect(jobs.get('10_2')).toEqual({ id: '10_2', name: 'harr', state: 'CANCELLED' });
  });

  it('has records of other things', () => {
    const said =
      '36_4|CANCELLED by 1000|0:15|a|b\n36_[5-7%2]|CANCELLED|0:0|x\n7.batch|FAILED|1:0|y\n48+0|FAILED|1:0|z\n';
    expect(parseRecords(said).map(({ id, name }) => `${id} ${name}`)).toEqual([
      '36_4 a|b',
      '36_5 x',
      '36_6 x',
      '36_7 x',
    ]);
  });
});

describe('several clusters', () => {
  it('are named in a line of their own', () => {
    expect(parseSubmitted('17;lab\n')).toBe(17);
    expect(parseQueue('CLUSTER: lab\n7|RUNNING|None|0|n1|n1|1795262104|x\n')).toHaveLength(1);
    expect(parseQueue('\n')).toEqual([]);
  });
});

describe('what makes no sense', () => {
  it.each<[string, (output: string) => unknown, string]>([
    ['sbatch', parseSubmitted, ''],
    ['sbatch', parseSubmitted, 'Submitted batch job x'],
    ['squeue', parseQueue, 'slurm is down for maintenance'],
    ['squeue', parseQueue, '7|RUNNING|None|zero|n1|n1|1795262104|x'],
    ['squeue', parseQueue, 'seven|RUNNING|None|0|n1|n1|1795262104|x'],
    ['squeue', parseQueue, '7|RUNNING|None|0|n1|n1'],
    ['sacct', parseRecords, '7|FAILED|x'],
    ['sacct', parseRecords, '7|FAILED|one|x'],
    ['scontrol show config', parseConfig, 'lorem ipsum'],
    ['scontrol show node', parseNodes, 'No nodes in the system'],
    ['scontrol show partition', parsePartitions, 'No partitions in the system'],
  ])('is said of %s', (command, parse, output) => {
    expect(() => parse(output)).toThrow(`${command}: an answer that makes no sense: '`);
  });

  it('is shown in part', () => {
    expect(() => parseQueue('x'.repeat(5000))).toThrow(`${'x'.repeat(200)}…'`);
  });
});

describe('exitOfStatus', () => {
  it.each([
    [768, 'FAILED', { exitCode: 3 }],
    [15, 'CANCELLED', { signal: 'SIGTERM' }],
    [137, 'FAILED', { signal: 'SIGKILL' }],
    [0, 'COMPLETED', { exitCode: 0 }],
    [0, 'TIMEOUT', {}],
    [0, 'PENDING', {}],
    [100, 'FAILED', { signal: 'signal 100' }],
  ])('%i of %s is %j', (status, state, exit) => {
    expect(exitOfStatus(status, state)).toEqual(exit);
  });
});
