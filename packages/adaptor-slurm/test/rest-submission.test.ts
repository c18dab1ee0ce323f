import { describe, expect, it } from 'vitest';
import { submission } from '../src/rest-submission.ts';
import type { RestVersion } from '../src/rest-version.ts';
import type { SbatchOption } from '../src/transport.ts';

const OPTIONS: RestVersion = { name: 'v0.0.38', dialect: 'options', hasRecords: false };
const FIELDS: RestVersion = { name: 'v0.0.41', dialect: 'fields', hasRecords: false };
const ENVIRONMENT = { PATH: '/bin', LANG: 'C' };

const fieldsOf = (version: RestVersion, ...options: SbatchOption[]) => {
  const body = submission({ name: 'x', script: '#!/bin/sh', options }, version, ENVIRONMENT);
  const { environment: _, current_working_directory: __, ...fields } = body.job;
  return fields;
};

const PILOT: readonly SbatchOption[] = [
  ['job-name', 'p1'],
  ['chdir', '/home/ann'],
  ['output', '/home/ann/p1.log'],
  ['open-mode', 'append'],
  ['nodes', '3'],
  ['ntasks-per-node', '1'],
  ['cpus-per-task', '8'],
  ['mem', '2048M'],
  ['time', '90'],
  ['signal', 'TERM@60'],
  ['gres', 'gpu:2'],
  ['no-kill', true],
  ['begin', 'uts1767225600'],
  ['mail-type', 'END,FAIL'],
];

describe('what v0.0.38 is sent', () => {
  it('is the script, a place and an environment, which it must have', () => {
    const job = { name: 'x', script: '#!/bin/sh\ntrue\n', options: [] };
    expect(submission(job, OPTIONS, ENVIRONMENT)).toEqual({
      script: '#!/bin/sh\ntrue\n',
      job: { environment: ENVIRONMENT, current_working_directory: '/' },
    });
  });

  it('is the options of a pilot by its names', () => {
    const body = submission({ name: 'p1', script: '', options: PILOT }, OPTIONS, {});
    expect(body.job).toEqual({
      environment: {},
      name: 'p1',
      current_working_directory: '/home/ann',
      standard_output: '/home/ann/p1.log',
      open_mode: 'append',
      nodes: '3',
      tasks_per_node: '1',
      tasks: '3',
      cpus_per_task: '8',
      memory_per_node: '2048M',
      time_limit: '90',
      signal: 'TERM@60',
      gres: 'gpu:2',
      no_kill: 'set',
      begin_time: 'uts1767225600',
      mail_type: 'END,FAIL',
    });
  });

  it.each<[SbatchOption, object]>([
    [['no-requeue', true], { no_requeue: true }],
    [['requeue', true], { requeue: true }],
    [['exclusive', true], { exclusive: 'exclusive' }],
    [['exclusive', 'user'], { exclusive: 'user' }],
    [['hold', true], { hold: true }],
    [['kill-on-invalid-dep', 'yes'], { kill_on_invalid_dependency: true }],
    [['export', 'NONE'], {}],
  ])('says %j', (option, fields) => {
    expect(fieldsOf(OPTIONS, option)).toEqual(fields);
  });

  it.each<SbatchOption>([
    ['exclude', 'n1'],
    ['nodelist', 'n1'],
    ['signal', 'B:USR1@60'],
    ['kill-on-invalid-dep', 'no'],
    ['no-kill', 'off'],
    ['comment', true],
    ['contiguous', true],
    ['bogus', 'x'],
  ])('is refused by name for --%s=%s', (name, value) => {
    expect(() => fieldsOf(OPTIONS, [name, value])).toThrow(
      expect.objectContaining({
        code: 'ATTRIBUTE_UNSUPPORTED',
        problem: expect.stringMatching(new RegExp(`v0\\.0\\.38 has no field for --${name}`)),
      }),
    );
  });
});

describe('what v0.0.41 is sent', () => {
  const set = (number: number) => ({ set: true, infinite: false, number });

  it('is a list of variables', () => {
    const body = submission({ name: 'x', script: 's', options: [] }, FIELDS, ENVIRONMENT);
    expect(body.job['environment']).toEqual(['PATH=/bin', 'LANG=C']);
  });

  it('is the options of a pilot as fields with types', () => {
    expect(fieldsOf(FIELDS, ...PILOT)).toEqual({
      name: 'p1',
      standard_output: '/home/ann/p1.log',
      open_mode: ['APPEND'],
      minimum_nodes: 3,
      maximum_nodes: 3,
      tasks_per_node: 1,
      tasks: 3,
      cpus_per_task: 8,
      memory_per_node: set(2048),
      time_limit: set(90),
      kill_warning_signal: 'TERM',
      kill_warning_delay: set(60),
      kill_warning_flags: [],
      tres_per_node: 'gres/gpu:2',
      kill_on_node_fail: false,
      begin_time: set(1767225600),
      mail_type: ['END', 'FAIL'],
    });
  });

  it.each<[SbatchOption, object]>([
    [['time', '1:30:00'], { time_limit: set(90) }],
    [['time', '90:30'], { time_limit: set(91) }],
    [['time', '2-12'], { time_limit: set(3600) }],
    [['time', '2-12:30'], { time_limit: set(3630) }],
    [['time', 'UNLIMITED'], { time_limit: { set: true, infinite: true, number: 0 } }],
    [['mem', '2G'], { memory_per_node: set(2048) }],
    [['mem', '100K'], { memory_per_node: set(1) }],
    [['nodes', '2-4'], { minimum_nodes: 2, maximum_nodes: 4 }],
    [['no-requeue', true], { requeue: false }],
    [['exclusive', true], { shared: ['none'] }],
    [['exclude', 'n1,n2'], { excluded_nodes: ['n1', 'n2'] }],
    [['gpus', 'a100:2'], { tres_per_job: 'gres/gpu:a100:2' }],
    [
      ['signal', 'B:USR1'],
      {
        kill_warning_signal: 'USR1',
        kill_warning_flags: ['BATCH_JOB'],
        kill_warning_delay: set(60),
      },
    ],
  ])('says %j', (option, fields) => {
    expect(fieldsOf(FIELDS, option)).toEqual(fields);
  });

  it.each<SbatchOption>([
    ['time', 'bogus'],
    ['begin', 'teatime'],
    ['nodes', '1-15:4'],
    ['mem', 'much'],
    ['hint', 'nomultithread'],
    ['ntasks', true],
  ])('is refused by name for --%s=%s', (name, value) => {
    expect(() => fieldsOf(FIELDS, [name, value])).toThrow(
      expect.objectContaining({
        code: 'ATTRIBUTE_UNSUPPORTED',
        subject: `nativeOptions.${name}`,
      }),
    );
  });
});
