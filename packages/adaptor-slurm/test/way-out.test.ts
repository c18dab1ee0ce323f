import type { PilotJobDescription } from '@pstar/core/adaptor';
import { describe, expect, it } from 'vitest';
import { planLaunch } from '../src/plan.ts';
import { refusalOf } from '../src/refusals.ts';
import { siteDefaults } from '../src/site.ts';
import { withWayOut } from '../src/way-out.ts';
import { launchOf } from './support/launches.ts';

/** The message of what Slurm says to a description. */
function told(said: string, description: PilotJobDescription, url = {}, siteOptions = ''): string {
  const site = siteDefaults({ PSTAR_SLURM_SBATCH_OPTIONS: siteOptions });
  const planned = planLaunch(launchOf(description), { url, site }, []);
  return withWayOut(refusalOf(said, 'here'), planned, { url, site }, []).message;
}

describe('what is too large', () => {
  const nodes = 'Node count specification invalid';

  it.each<[PilotJobDescription, string]>([
    [{ numberOfProcesses: 10 }, 'ask for less than numberOfProcesses: 10, or'],
    [
      { totalCpuCount: 1000, agent: { gpus: 3 }, wallTimeLimit: '1h' },
      'ask for less than totalCpuCount: 1000, agent.gpus: 3, or',
    ],
    [{ nativeOptions: { gres: 'gpu:9' } }, 'ask for less than nativeOptions: --gres=gpu:9, or'],
    [{ queue: 'short' }, 'ask for less, or'],
  ])('%j is told by what it has', (description, words) => {
    expect(told(nodes, description)).toBe(`${nodes} (here); ${words} name another queue`);
  });
});

describe('a value', () => {
  const invalid = 'Invalid partition name specified';

  it.each<[string, PilotJobDescription, object, string]>([
    ['queue', { queue: 'x' }, { partition: 'y' }, '-p z'],
    ['?partition= in the URL', {}, { partition: 'y' }, '-p z'],
    ['PSTAR_SLURM_SBATCH_OPTIONS', {}, {}, '-p z'],
    ['queue, or SBATCH_PARTITION', {}, {}, ''],
  ])('is told by where it is from: %s', (subject, description, url, site) => {
    expect(told(invalid, description, url, site)).toContain(`${invalid} (${subject});`);
  });

  it('of nativeOptions is one of the description', () => {
    const qos = { nativeOptions: { qos: 'x' } };
    expect(told('Invalid qos specification', qos)).toContain('(nativeOptions.qos)');
    expect(told('Invalid qos specification', {}, { qos: 'x' })).toContain('(?qos= in the URL)');
  });
});
