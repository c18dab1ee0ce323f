import { describe, expect, it } from 'vitest';
import { DRMAA1_ATTRIBUTES, readValue, writtenValue } from '../../src/drmaa1/attributes.ts';

describe('attributes of job templates', () => {
  // The standard's names, the mandatory ones first.
  it('has every one of the standard', () => {
    expect(Object.values(DRMAA1_ATTRIBUTES).map(([name]) => name)).toEqual(
      expect.arrayContaining(
        `drmaa_remote_command drmaa_v_argv drmaa_js_state drmaa_v_env drmaa_wd drmaa_job_category
        drmaa_native_specification drmaa_v_email drmaa_block_email drmaa_start_time drmaa_job_name
        drmaa_input_path drmaa_output_path drmaa_error_path drmaa_join_files drmaa_transfer_files
        drmaa_deadline_time drmaa_wct_hlimit drmaa_wct_slimit drmaa_run_duration_hlimit
        drmaa_run_duration_slimit`.split(/\s+/),
      ),
    );
    expect(Object.keys(DRMAA1_ATTRIBUTES)).toHaveLength(21);
  });

  it.each([
    ['args', ['a', ''], ['a', '']],
    ['jobSubmissionState', 'HOLD', 'drmaa_hold'],
    ['jobSubmissionState', 'ACTIVE', 'drmaa_active'],
    ['jobEnvironment', { A: '1', B: 'x=y' }, ['A=1', 'B=x=y']],
    ['blockEmail', true, '1'],
    ['blockEmail', false, '0'],
    ['joinFiles', true, 'y'],
    ['joinFiles', false, 'n'],
    ['hardWallclockTimeLimit', 90, '90'],
    ['outputPath', 'host:/tmp/x', 'host:/tmp/x'],
    ['startTime', '11:55', '11:55'],
    ['drmaa_own', 'x', 'x'],
    ['drmaa_v_own', ['x', 'y'], ['x', 'y']],
  ])('%s is written, and read again: %j', (name, value, native) => {
    expect(writtenValue(name, value)[1]).toEqual(native);
    expect(readValue(name, native)).toEqual(value);
  });

  it('writes paths with the colon that the standard wants', () => {
    expect(writtenValue('outputPath', '/tmp/x')).toEqual(['drmaa_output_path', ':/tmp/x']);
    expect(writtenValue('errorPath', '$drmaa_hd_ph$/x')[1]).toBe(':$drmaa_hd_ph$/x');
  });

  it('reads limits as libraries may write them', () => {
    expect(readValue('hardRunDurationLimit', '1:02:03')).toBe(3723);
  });

  it('writes a point in time', () => {
    const value = new Date(Date.UTC(2027, 0, 2, 3, 4, 5));
    expect(writtenValue('startTime', value)[1]).toBe('2027/01/02 03:04:05 +00:00');
  });

  it.each([
    ['remoteCommand', 7],
    ['args', 'a b'],
    ['args', [1]],
    ['jobSubmissionState', 'hold'],
    ['jobEnvironment', { A: 1 }],
    ['jobEnvironment', { 'A=B': 'x' }],
    ['startTime', new Date(Number.NaN)],
    ['hardWallclockTimeLimit', -1],
    ['hardWallclockTimeLimit', 1.5],
    ['joinFiles', 'y'],
    ['jobName', 'a\0b'],
    ['args', ['fine', 'a\0b']],
  ])('refuses %s of %j by name', (name, value) => {
    expect(() => writtenValue(name, value)).toThrow(
      expect.objectContaining({ code: 'DESCRIPTION_INVALID', subject: name }),
    );
  });

  it.each(['queue', 'toString', 'remote_command'])('does not know %s', (name) => {
    expect(() => writtenValue(name, 'x')).toThrow(
      expect.objectContaining({ code: 'ATTRIBUTE_UNSUPPORTED', subject: name }),
    );
  });
});
