import { describe, expect, it } from 'vitest';
import { chooseVersion } from '../src/rest-version.ts';
import { recorded } from './recorded.ts';

const offering = (...names: string[]) => ({
  paths: Object.fromEntries(names.map((name) => [`/slurm/${name}/job/submit`, {}])),
});

describe('the version that is spoken', () => {
  it('is v0.0.38 with what 22.05 offers by default', () => {
    expect(chooseVersion(recorded('slurm-22.05.8', 'openapi'), 's')).toEqual({
      name: 'v0.0.38',
      dialect: 'options',
      hasRecords: false,
    });
  });

  it('is the one that is tested where there are several, else one that is specified', () => {
    const chosen = (...names: string[]) => chooseVersion(offering(...names), 's').name;
    expect(chosen('v0.0.40', 'v0.0.39', 'v0.0.38')).toBe('v0.0.38');
    expect(chosen('v0.0.39', 'v0.0.40', 'v0.0.41')).toBe('v0.0.41');
    expect(chosen('v0.0.44', 'v0.0.45')).toBe('v0.0.44');
  });

  it('has records where slurmdbd is offered in that version', () => {
    const both = offering('v0.0.38');
    const paths = (path: string) => ({ paths: { ...both.paths, [path]: {} } });
    expect(chooseVersion(paths('/slurmdb/v0.0.38/job/{job_id}'), 's').hasRecords).toBe(true);
    expect(chooseVersion(paths('/slurmdb/v0.0.37/job/{job_id}'), 's').hasRecords).toBe(false);
  });

  it.each([
    [offering('v0.0.37', 'v0.0.39'), 'slurmrestd offers v0.0.37, v0.0.39'],
    [{ paths: {} }, 'slurmrestd offers no version that takes jobs'],
    ['hello', 'slurmrestd offers no version that takes jobs'],
  ])('is refused by name when it is not spoken here', (specification, problem) => {
    expect(() => chooseVersion(specification, 'here')).toThrow(
      expect.objectContaining({
        code: 'PROTOCOL_MISMATCH',
        problem,
        subject: 'here',
        hint: expect.stringContaining('v0.0.38, v0.0.40, v0.0.41'),
      }),
    );
  });
});
