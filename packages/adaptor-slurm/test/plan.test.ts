import type { PilotJobDescription } from '@pstar/core/adaptor';
import { describe, expect, it } from 'vitest';
import { arrayJob, bundleKey, mayBeOfArray, planLaunch, singleJob } from '../src/plan.ts';
import { siteDefaults } from '../src/site.ts';
import { launchOf } from './support/launches.ts';

const plan = (
  description: PilotJobDescription,
  { url = {}, site = '', parts = {} }: { url?: object; site?: string; parts?: object } = {},
) => {
  const defaults = { url, site: siteDefaults({ PSTAR_SLURM_SBATCH_OPTIONS: site }) };
  return planLaunch(launchOf(description, parts), defaults, []);
};
const optionsOf = (...args: Parameters<typeof plan>) => Object.fromEntries(plan(...args).options);

describe('the options of a launch', () => {
  it("are the site's, then the URL's, then the description's", () => {
    const site = '--partition=site --account=site --qos=site --constraint=site';
    const url = { partition: 'url', account: 'url' };
    expect(optionsOf({ queue: 'mine' }, { url, site })).toMatchObject({
      partition: 'mine',
      account: 'url',
      qos: 'site',
      constraint: 'site',
    });
  });

  it("have no count of the site's beside those of the description", () => {
    expect(optionsOf({}, { site: '--nodes=1 --ntasks=4' })).toMatchObject({
      nodes: '1',
      ntasks: '4',
    });
    const own = optionsOf({ totalCpuCount: 24 }, { site: '--nodes=1 -c2' });
    expect(own).toMatchObject({ ntasks: '24' });
    expect(own).not.toHaveProperty('nodes');
    expect(own).not.toHaveProperty('cpus-per-task');
  });

  it('have a pilot of several nodes outlive the loss of one', () => {
    expect(optionsOf({ totalCpuCount: 2 })).toHaveProperty('no-kill', true);
    expect(optionsOf({ totalCpuCount: 1 })).not.toHaveProperty('no-kill');
  });
});

describe('the job of one launch', () => {
  it('has its own name and files, and never cuts a log off', () => {
    const { name, options } = singleJob(plan({ name: 'w', error: 'e%1.log' }));
    expect(name).toBe('w.pilot-1');
    expect(Object.fromEntries(options)).toMatchObject({
      'job-name': 'w.pilot-1',
      chdir: '/home/me/.pstar/pilots/pilot-1',
      output: '/home/me/.pstar/pilots/pilot-1/agent.log',
      error: '/home/me/.pstar/pilots/pilot-1/e%%1.log',
      'open-mode': 'append',
    });
  });

  it('has the paths that it says, whatever Slurm would read in them', () => {
    const logFile = '/home/me/a\\b/%x.log';
    const planned = plan({ error: 'c\\d%' }, { parts: { logFile } });
    const { options, script } = singleJob(planned);
    expect(Object.fromEntries(options)).toMatchObject({
      output: '/home/me/a\\\\b/%x.log',
      error: '/home/me/.pstar/pilots/pilot-1/c\\\\d%',
    });
    expect(script).toContain('#SBATCH --output="/home/me/a\\\\\\\\b/%x.log"');
  });

  it('says in its script what it says in its options', () => {
    const { script, options } = singleJob(plan({ totalCpuCount: 4, workingDirectory: '/w' }));
    const lines = script.split('\n').filter((line) => line.startsWith('#SBATCH'));
    expect(lines).toHaveLength(options.length);
    expect(lines).toContain('#SBATCH --chdir=/w');
  });
});

describe('the array of several', () => {
  const two = ['pilot-1', 'pilot-2'].map((name) => plan({ totalCpuCount: 1 }, { parts: { name } }));

  it('is one job with an element each', () => {
    const { name, options } = arrayJob(two, '/home/me/50%/x');
    expect(name).toBe('pilot-1+1');
    expect(Object.fromEntries(options)).toMatchObject({
      'job-name': 'pilot-1+1',
      array: '0-1',
      chdir: '/home/me/50%/x',
      output: '/home/me/50%%/x/%a.log',
    });
  });

  it('has none whose outputs could not be named by their index', () => {
    const inDirectory = (directory: string) => plan({}, { parts: { directory } });
    expect(mayBeOfArray(inDirectory('/home/me/50%'))).toBe(true);
    expect(mayBeOfArray(inDirectory('/home/me/a\\b'))).toBe(false);
    expect(mayBeOfArray(plan({ error: 'e' }))).toBe(false);
  });

  it('is of launches that differ in their own files only', () => {
    const key = (...args: Parameters<typeof plan>) => bundleKey(plan(...args));
    const parts = { name: 'pilot-2', environment: { PSTAR_PILOT_ID: 'pilot-2' } };
    expect(key({}, { parts })).toBe(key({}));
    expect(key({ totalCpuCount: 1 })).not.toBe(key({}));
    expect(key({ name: 'x' })).not.toBe(key({}));
    expect(key({ initCommands: [':'] })).not.toBe(key({}));
    expect(key({}, { parts: { environment: { A: 'b' } } })).not.toBe(key({}));
    expect(key({}, { parts: { command: ['other'] } })).not.toBe(key({}));
  });
});
