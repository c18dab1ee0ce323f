import { describe, expect, it } from 'vitest';
import { slurmAdaptor } from '../src/adaptor.ts';
import { readOptions, refuseHost, refusePath } from '../src/url.ts';

describe('slurm:// URLs', () => {
  it.each([
    ['slurm://', {}],
    [
      'slurm:///?partition=short&account=p1&qos=high',
      { partition: 'short', account: 'p1', qos: 'high' },
    ],
    [
      'slurm://localhost/?bin=/opt/slurm/bin&conf=/etc/slurm.conf',
      { bin: '/opt/slurm/bin', conf: '/etc/slurm.conf' },
    ],
    ['slurm:///?poll=30&arrays=no&cluster=big', { poll: 30, arrays: 'no', cluster: 'big' }],
  ])('%s', (rm, options) => {
    expect(readOptions(new URL(rm))).toEqual(options);
    expect(() => refuseHost(new URL(rm))).not.toThrow();
    expect(() => refusePath(new URL(rm))).not.toThrow();
  });

  it.each([
    ['slurm:///?queue=short', 'there is no option queue', 'there are partition, account'],
    ['slurm:///?partition=a&partition=b', 'partition stands there twice', 'slurm:'],
    ['slurm:///?poll=0', 'poll: ', 'slurm:'],
    ['slurm:///?partition=', 'partition: ', 'slurm:'],
  ])('%s is refused', (rm, problem, hint) => {
    expect(() => readOptions(new URL(rm))).toThrow(problem);
    expect(() => readOptions(new URL(rm))).toThrow(hint);
  });

  it('name no host: commands run here', () => {
    expect(() => refuseHost(new URL('slurm://login.example/'))).toThrow(
      'write slurm:///?cluster=login.example for one of several clusters, or slurm+ssh://login.example/',
    );
  });

  it.each(['slurm:///short', 'slurm://localhost/short'])(
    '%s has a path for nothing',
    async (rm) => {
      const connected = slurmAdaptor.connect(new URL(rm), {} as never);
      await expect(connected).rejects.toMatchObject({
        code: 'URL_INVALID',
        problem: 'slurm:// takes no path, and this has /short',
      });
    },
  );
});
