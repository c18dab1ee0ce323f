import { describe, expect, it } from 'vitest';
import type { DrmaaJobAttributes } from '../../src/drmaa1/attributes.ts';
import { nativeOf } from '../../src/drmaa1/job-template.ts';

const told = (attributes: DrmaaJobAttributes, drmSystem: string, timeZone?: string) =>
  Object.fromEntries(nativeOf(attributes, { drmSystem, timeZone }));

describe('what Grid Engine is told', () => {
  const grid = (attributes: DrmaaJobAttributes) => told(attributes, 'SGE 8.1.9');

  it('is what was said, where nothing is wrong with it', () => {
    const jobEnvironment = { A: 'x,y "z"', B: '' };
    expect(grid({ remoteCommand: 'sh', args: ["a'b"], jobEnvironment })).toEqual({
      drmaa_remote_command: 'sh',
      drmaa_v_argv: ["a'b"],
      drmaa_v_env: ['A=x,y "z"', 'B='],
    });
  });

  it('has values with an equals sign in its own option', () => {
    const jobEnvironment = { A: '1', B: 'x=y z', C: "it's=1" };
    expect(grid({ nativeSpecification: '-q all.q', jobEnvironment })).toEqual({
      drmaa_v_env: ['A=1'],
      drmaa_native_specification: `-q all.q -v B='x=y z',C="it's=1"`,
    });
  });

  it('has values that the option cannot hold before the command', () => {
    const jobEnvironment = { A: '1', B: 'x=y,z', C: `it's="1"` };
    expect(grid({ remoteCommand: '/opt/run', args: ['a'], jobEnvironment })).toEqual({
      drmaa_remote_command: '/usr/bin/env',
      drmaa_v_argv: ['B=x=y,z', `C=it's="1"`, '/opt/run', 'a'],
      drmaa_v_env: ['A=1'],
      drmaa_job_name: 'run',
    });
    const named = grid({ remoteCommand: 'run', jobName: 'mine', jobEnvironment: { B: 'x=y,z' } });
    expect(named['drmaa_job_name']).toBe('mine');
  });

  it('has what is too long for a variable before the command', () => {
    const jobEnvironment = { A: 'é'.repeat(4999), B: 'é'.repeat(4998) };
    expect(grid({ remoteCommand: 'run', jobEnvironment })).toMatchObject({
      drmaa_v_argv: [`A=${jobEnvironment.A}`, 'run'],
      drmaa_v_env: [`B=${jobEnvironment.B}`],
    });
  });

  it.each(['A,E', 'A"H', 'A D', '-A'])(
    'has %s, which is no name for an option, there too',
    (name) => {
      const told = grid({ remoteCommand: 'run', jobEnvironment: { [name]: '1=2' } });
      expect(told['drmaa_native_specification']).toBeUndefined();
      expect(told['drmaa_v_argv']).toEqual([
        ...(name === '-A' ? ['--'] : []),
        `${name}=1=2`,
        'run',
      ]);
    },
  );

  it.each([
    ['America/New_York', '2027/07/01 23:04:05'],
    ['UTC', '2027/07/02 03:04:05'],
    [':Europe/Berlin', '2027/07/02 05:04:05'],
  ])('has times as a clock in %s shows them', (zone, clock) => {
    const time = { startTime: new Date(Date.UTC(2027, 6, 2, 3, 4, 5)) };
    expect(told(time, 'SGE 8.1.9', zone)['drmaa_start_time']).toBe(clock);
    const text = { deadlineTime: '2027/07/02 01:34:05 -01:30', startTime: '11:55' };
    expect(told(text, 'SGE 8.1.9', zone)).toEqual({
      drmaa_deadline_time: clock,
      drmaa_start_time: '11:55',
    });
  });

  it('has times of this program where the library lives in its zone', () => {
    const startTime = new Date(2027, 6, 2, 3, 4, 5);
    expect(grid({ startTime })['drmaa_start_time']).toBe('2027/07/02 03:04:05');
  });

  it.each<[DrmaaJobAttributes, string]>([
    [{ remoteCommand: 'sh', args: ['é'.repeat(50_000)] }, 'args'],
    [{ remoteCommand: 'sh', jobEnvironment: { A: 'y'.repeat(99_980) } }, 'jobEnvironment'],
    [{ remoteCommand: 'sh', jobEnvironment: { B: `\n${'y'.repeat(9_999)}` } }, 'jobEnvironment'],
    [{ startTime: '11:55 +01:00' }, 'startTime'],
    [{ deadlineTime: '2027/13/02 11:55 +01:00' }, 'deadlineTime'],
    [{ remoteCommand: 'sh', jobEnvironment: { B: 'x=y,z\n' } }, 'jobEnvironment'],
    [{ remoteCommand: 'a=b', jobEnvironment: { B: 'x=y,z' } }, 'jobEnvironment'],
    [{ remoteCommand: 'sh', args: ['-c', 'one\ntwo'] }, 'args'],
  ])('is not what it would cut off: %#', (attributes, subject) => {
    expect(() => grid(attributes)).toThrow(
      expect.objectContaining({ code: 'DESCRIPTION_INVALID', subject }),
    );
  });

  it.each(['SGE 8.1.9', 'UGE 8.6.0', 'OGE 1', 'Univa Grid Engine', 'GE 6.2u5'])(
    'is told by any of its names: %s',
    (name) => {
      const attributes = told({ jobEnvironment: { B: 'x=y' } }, name);
      expect(attributes['drmaa_native_specification']).toBe("-v B='x=y'");
    },
  );
});

describe('what slurm-drmaa is told', () => {
  it('survives the shell script that it is written to', () => {
    const attributes = { remoteCommand: '/opt/my prog', args: ["a'b", 'c d'] };
    expect(told(attributes, 'SLURM 22.05.8')).toEqual({
      drmaa_remote_command: "'/opt/my prog'",
      drmaa_v_argv: ["a'\\''b", 'c d'],
    });
    expect(told({ remoteCommand: '/bin/sh' }, 'SLURM 22.05.8')).toEqual({
      drmaa_remote_command: '/bin/sh',
    });
  });
});

it('tells others what was said', () => {
  const attributes = { remoteCommand: 'a b', args: ["'\n"], jobEnvironment: { B: 'x=y' } };
  expect(told(attributes, 'LSF 10')).toEqual({
    drmaa_remote_command: 'a b',
    drmaa_v_argv: ["'\n"],
    drmaa_v_env: ['B=x=y'],
  });
});
