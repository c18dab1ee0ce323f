import { readFileSync } from 'node:fs';
import { CORE_PILOT_ATTRIBUTES, PilotJobDescription } from '@pstar/core/adaptor';
import { describe, expect, it } from 'vitest';
import type { AttributeRules } from '../../src/adaptor/dialects/dialect.ts';
import { honouredBy } from '../../src/adaptor/dialects/dialect.ts';
import { gridEngine } from '../../src/adaptor/dialects/gridengine.ts';
import { OTHER_DIALECTS } from '../../src/adaptor/dialects/others.ts';
import { DRMAA2_RULES, templateOf } from '../../src/adaptor/drmaa2-rules.ts';
import {
  type Defaults,
  headerLines,
  nativeSpecification,
  optionsOf,
} from '../../src/adaptor/plan.ts';
import { parsed } from './support/launches.ts';

const GRID_ENGINE = gridEngine({});
const { slurm, pbs, lsf, condor, plain } = OTHER_DIALECTS;
const DEFAULTS = { nativeSpecification: '' };
const SHAPE = { words: [], several: false };

const words = (
  description: PilotJobDescription,
  dialect = GRID_ENGINE,
  defaults: Defaults = DEFAULTS,
) =>
  nativeSpecification(optionsOf(parsed(description), dialect, defaults, SHAPE), dialect, defaults);

const guide = readFileSync(new URL('../../../../docs/drmaa.md', import.meta.url), 'utf8');

function table(name: string): string[] {
  const [, text = ''] = guide.split(new RegExp(`<!-- /?${name} -->`));
  return text.trim().split('\n').slice(2);
}

function rowsOf(...columns: AttributeRules[]): string[] {
  return Object.keys(GRID_ENGINE.rules).map((name) => {
    const cells = columns.map((rules) => rules[name as keyof AttributeRules].becomes);
    return `| \`${name}\` | ${cells.join(' | ')} |`;
  });
}

describe('attributes', () => {
  it('are what the guide says', () => {
    expect(table('attributes')).toEqual(rowsOf(GRID_ENGINE.rules, DRMAA2_RULES));
  });

  it('are what the guide says of other resource managers', () => {
    const all = Object.values(OTHER_DIALECTS).map(({ rules }) => rules);
    const differ = rowsOf(...all).filter((row) => {
      const [, , ...cells] = row.split(' | ');
      return new Set(cells.map((cell) => cell.replace(/ \|$/, ''))).size > 1;
    });
    expect(table('other attributes')).toEqual(differ);
  });

  it.each([
    GRID_ENGINE.rules,
    DRMAA2_RULES,
    ...Object.values(OTHER_DIALECTS).map(({ rules }) => rules),
  ])('have a rule each', (rules) => {
    const names = Object.keys(PilotJobDescription.shape).sort();
    expect(Object.keys(rules).sort()).toEqual(names);
  });

  it.each([GRID_ENGINE.rules, DRMAA2_RULES])('are honoured unless they are refused', (rules) => {
    for (const [name, { refused }] of Object.entries(rules)) {
      const known = [...CORE_PILOT_ATTRIBUTES, ...honouredBy(rules)].includes(name as never);
      expect([name, known]).toEqual([name, refused !== true]);
    }
    // Only so do agents end a little before the limit.
    expect(honouredBy(rules)).toContain('wallTimeLimit');
  });
});

describe('for Grid Engine', () => {
  it.each<[PilotJobDescription, string]>([
    [{}, ''],
    [{ totalPhysicalMemory: '64GiB' }, '-l mem_free=68719476736 -w n'],
    [{ wallTimeLimit: 61 }, '-l h_rt=120'],
    [{ queue: 'short.q', project: 'p1' }, '-q short.q -P p1'],
    [{ contact: ['a@b.org', 'c@d.org'] }, '-M a@b.org,c@d.org -m abes'],
    [{ candidateHosts: ['n1', 'n2'] }, "-l 'hostname=n1|n2'"],
    [{ cpuArchitecture: 'x86_64' }, "-l 'arch=*-amd64'"],
    [{ cpuArchitecture: 'x86_64', operatingSystemType: 'Linux' }, "-l 'arch=lx*-amd64'"],
    [{ operatingSystemType: 'Linux' }, "-l 'arch=lx*-*'"],
    [{ agent: { gpus: 2 } }, '-l gpu=2'],
    [{ agent: { gpus: 0 }, idleTimeout: 5, cleanup: true, initCommands: [':'] }, ''],
    [
      { nativeOptions: { l: 'scratch=1', p: -5, r: 'y', hard: true, soft: false } },
      '-l scratch=1 -p -5 -r y -hard',
    ],
    [{ nativeOptions: ['-ac', 'X=a b', '-R y'] }, "-ac 'X=a b' -R y"],
    // Its parser knows no backslash: within quotes of the other kind a quote stands for itself.
    [{ nativeOptions: { ac: "X=it's $(id)" } }, `-ac "X=it's $(id)"`],
    [{ nativeOptions: { ac: 'X="a"' } }, `-ac 'X="a"'`],
  ])('%j is %s', (description, specification) => {
    expect(words(description)).toBe(specification);
  });

  it('says when it is to start in the time of this machine', () => {
    const startTime = new Date(2027, 0, 2, 3, 4, 5, 1);
    expect(words({ startTime })).toBe('-a 202701020304.06');
  });

  it('takes what the URL and the site say, the description first', () => {
    const defaults = { queue: 'a.q', project: 'p', nativeSpecification: "-ac SITE='x y'" };
    expect(words({ queue: 'b.q' }, GRID_ENGINE, defaults)).toBe("-ac SITE='x y' -q b.q -P p");
    const options = optionsOf(parsed({ wallTimeLimit: 60 }), GRID_ENGINE, defaults, SHAPE);
    expect(headerLines(options, GRID_ENGINE, defaults)).toEqual([
      "#$ -ac SITE='x y'",
      '#$ -l h_rt=60',
      '#$ -q a.q',
      '#$ -P p',
    ]);
  });

  it.each<[PilotJobDescription, RegExp]>([
    [
      { nativeOptions: { q: 'x' } },
      /-q has an attribute of its own \(nativeOptions\); write queue/,
    ],
    [{ nativeOptions: ['-t', '1-3'] }, /-t is what the adaptor decides/],
    [{ nativeOptions: ['-w', 'v'] }, /with -w v nothing is submitted \(nativeOptions\)/],
    [{ nativeOptions: { w: 'p' } }, /with -w p nothing is submitted/],
    [{ nativeOptions: ['-pe mpi 3'] }, /write \{ pe: 'its name' \}/],
    [{ nativeOptions: { 'a b': 1 } }, /'a b' is no name of an option/],
    [{ nativeOptions: { ac: `X=it's "a"` } }, /nativeOptions.*one of two kinds of quotes/],
    [{ candidateHosts: ['n1', 'n2,gpu=8'] }, /"n2,gpu=8" is not one name \(candidateHosts\)/],
    [{ totalCpuTime: 60 }, /totalCpuTime.*write `wallTimeLimit`/],
  ])('%j is refused', (description, message) => {
    expect(() => words(description)).toThrow(message);
  });
});

describe('a line break', () => {
  it.each([GRID_ENGINE, slurm, pbs, lsf, condor, plain])('ends no option', (dialect) => {
    const nativeOptions = { x: 'a\ntouch /tmp/mine' };
    expect(() => words({ nativeOptions }, dialect)).toThrow(/\(nativeOptions\); take line breaks/);
    if (dialect.rules.project.refused) return;
    const project = 'a\ntouch /tmp/mine';
    expect(() => words({ project }, dialect)).toThrow(/\(project\); take line breaks/);
  });

  it('of the site is of its options, and not of the script', () => {
    const defaults = { nativeSpecification: '-a\n\n  -b\n' };
    expect(headerLines([], GRID_ENGINE, defaults)).toEqual(['#$ -a', '#$ -b']);
  });
});

describe('for others', () => {
  const some = {
    totalCpuCount: 4,
    totalPhysicalMemory: '1GiB',
    wallTimeLimit: '90m',
    queue: 'q',
    project: 'p',
  } as const;

  it('is in their own words', () => {
    expect(words(some, slurm)).toBe(
      '--nodes=1 --ntasks=1 --cpus-per-task=4 --mem=1024 --time=90 --partition=q --account=p',
    );
    expect(words(some, pbs)).toBe(
      '-l nodes=1:ppn=4 -l mem=1073741824b -l walltime=01:30:00 -q q -A p',
    );
    const { totalPhysicalMemory: _, ...noMemory } = some;
    expect(words(noMemory, lsf)).toBe("-n 4 -R 'span[hosts=1]' -W 90 -q q -P p");
    const { queue: __, ...noQueue } = some;
    expect(
      words(noQueue, condor)
        .trim()
        .split(/\s*\n\s*/),
    ).toEqual(['request_cpus=4', 'request_memory=1024', 'accounting_group=p']);
    expect(words({ nativeOptions: ['-x', 'y'] }, plain)).toBe('-x y');
    expect(words({ nativeOptions: { C: 'haswell', exclusive: true } }, slurm)).toBe(
      '--C=haswell --exclusive',
    );
  });

  it.each([slurm, pbs, lsf, condor])('is one node', (dialect) => {
    expect(() => words({ numberOfProcesses: 2, totalCpuCount: 8 }, dialect)).toThrow(
      /on one node.*create 2 pilots of 4 cores each/,
    );
  });

  it('is refused by name where there is no word for it', () => {
    expect(() => words({ totalCpuCount: 2 }, plain)).toThrow(/totalCpuCount/);
    expect(() => words({ candidateHosts: ['n1'] }, slurm)).toThrow(/candidateHosts.*nativeOptions/);
    expect(() => words({ nativeOptions: { p: 'x' } }, slurm)).toThrow(/write queue/);
  });
});

describe('for DRMAA 2', () => {
  it('is a template', () => {
    const template = templateOf(
      parsed({
        totalCpuCount: 4,
        totalPhysicalMemory: '1GiB',
        wallTimeLimit: 61,
        queue: 'q',
        project: 'p',
        contact: 'a@b.org',
        candidateHosts: ['n1'],
        cpuArchitecture: 'x86_64',
        operatingSystemType: 'Linux',
        nativeOptions: { jobCategory: 'c', priority: 3, rerunnable: true, uge_jt_pe: 'mpi' },
      }),
    );
    expect(template).toEqual({
      minSlots: 4,
      maxSlots: 4,
      minPhysMemory: 1_048_576,
      resourceLimits: { WALLCLOCK_TIME: 120 },
      queueName: 'q',
      accountingId: 'p',
      email: ['a@b.org'],
      emailOnStarted: true,
      emailOnTerminated: true,
      candidateMachines: ['n1'],
      machineArch: 'X64',
      machineOS: 'LINUX',
      jobCategory: 'c',
      priority: 3,
      rerunnable: true,
      implementationSpecific: { uge_jt_pe: 'mpi' },
    });
  });

  it.each<[PilotJobDescription, RegExp]>([
    [{ numberOfProcesses: 2 }, /DRMAA 2 starts an agent on one node/],
    [{ cpuArchitecture: ['x86_64', 'arm64'] }, /cpuArchitecture.*write one of x86_64/],
    [{ nativeOptions: ['-q', 'x'] }, /write an object/],
  ])('%j is refused', (description, message) => {
    expect(() => templateOf(parsed(description))).toThrow(message);
  });
});
