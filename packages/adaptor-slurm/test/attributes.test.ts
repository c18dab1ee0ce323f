import { readFileSync } from 'node:fs';
import { CORE_PILOT_ATTRIBUTES, PilotJobDescription } from '@pstar/core/adaptor';
import { describe, expect, it } from 'vitest';
import { ATTRIBUTE_RULES, descriptionOptions, HONOURED } from '../src/attributes.ts';
import { parsed } from './support/launches.ts';

const words = (description: PilotJobDescription) =>
  descriptionOptions(parsed(description))
    .filter(([name]) => name !== 'signal')
    .map(([name, value]) => `--${name}${value === true ? '' : `=${value}`}`)
    .join(' ');

describe('attributes', () => {
  it('are what the guide says', () => {
    const guide = readFileSync(new URL('../../../docs/slurm.md', import.meta.url), 'utf8');
    const [, table = ''] = guide.split(/<!-- \/?attributes -->/);
    const rows = Object.entries(ATTRIBUTE_RULES).map(
      ([name, rule]) => `| \`${name}\` | ${rule.becomes} |`,
    );
    expect(table.trim().split('\n').slice(2)).toEqual(rows);
  });

  it('have a rule each', () => {
    expect(Object.keys(ATTRIBUTE_RULES).sort()).toEqual(
      Object.keys(PilotJobDescription.shape).sort(),
    );
  });

  it('are honoured unless they are refused', () => {
    for (const [name, { refused }] of Object.entries(ATTRIBUTE_RULES)) {
      const known = [...CORE_PILOT_ATTRIBUTES, ...HONOURED].includes(name as never);
      expect([name, known]).toEqual([name, refused !== true]);
    }
    // Only so do agents end a little before the limit.
    expect(HONOURED).toContain('wallTimeLimit');
  });

  it.each<[PilotJobDescription, string]>([
    [{ totalPhysicalMemory: '64GiB' }, '--mem=65536M'],
    [{ totalPhysicalMemory: 1 }, '--mem=1M'],
    [{ wallTimeLimit: 61 }, '--time=2'],
    [{ wallTimeLimit: '2h' }, '--time=120'],
    [{ startTime: new Date(1_795_300_000_500) }, '--begin=uts1795300001'],
    [{ queue: 'short' }, '--partition=short'],
    [{ project: 'p1' }, '--account=p1'],
    [{ contact: ['a@b.org', 'c@d.org'] }, '--mail-user=a@b.org,c@d.org --mail-type=ALL'],
    [{ agent: { gpus: 2 } }, '--gres=gpu:2'],
    [{ agent: { gpus: 0 } }, ''],
    [{ nativeOptions: { qos: 'high' } }, '--qos=high'],
    [{ idleTimeout: 5, cleanup: true, environment: { A: 'b' }, initCommands: [':'] }, ''],
  ])('%j is %s', (description, options) => {
    expect(words(description)).toBe(options);
  });

  it.each<[PilotJobDescription, string | undefined]>([
    [{}, 'TERM@60'],
    [{ wallTimeLimit: '10m' }, 'TERM@60'],
    // Slurm may send it a minute too early: a short pilot would hear it at its beginning.
    [{ wallTimeLimit: '9m' }, undefined],
  ])('%j has agents told of the end by %s', (description, signal) => {
    expect(new Map(descriptionOptions(parsed(description))).get('signal')).toBe(signal);
  });

  it('have no time limit that Slurm would take for another', () => {
    expect(words({ wallTimeLimit: 60 * 35_791_393 })).toBe('--time=35791393');
    expect(() => words({ wallTimeLimit: 60 * 35_791_393 + 1 })).toThrow(
      'Slurm has no time limits over 24855 days (wallTimeLimit); give it a shorter one',
    );
  });

  it.each<[PilotJobDescription, string]>([
    [{ agent: { gpus: 1 }, nativeOptions: { gres: 'gpu:2' } }, '--gres and agent.gpus'],
    [{ agent: { gpus: 1 }, nativeOptions: ['-G', '2'] }, '--gpus and agent.gpus'],
    [
      { totalPhysicalMemory: '1GiB', nativeOptions: { 'mem-per-cpu': '2G' } },
      '--mem-per-cpu and totalPhysicalMemory',
    ],
    [{ candidateHosts: ['n1'], nativeOptions: ['-x', 'n2'] }, '--exclude and candidateHosts'],
  ])('%j says something twice', (description, problem) => {
    expect(() => words(description)).toThrow(`${problem} say the same thing`);
  });
});
