/** Scripts are read, and run by a real bash, with an srun that starts the step on one pretended node. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentLaunch } from '@pstar/core/adaptor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { batchScript } from '../src/script.ts';
import { launchOf } from './support/launches.ts';

let bin: string;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'pstar-script-'));
  const srun = join(bin, 'srun');
  const step =
    'export SLURMD_NODENAME=n2 SLURM_CPUS_ON_NODE=4 SLURM_STEP_ID=0 SLURM_PROCID=1 PMI_RANK=1';
  writeFileSync(
    srun,
    `#!/bin/bash\necho "srun $*" >&2\n${step}\nwhile [ "$1" != /bin/bash ]; do shift; done\nexec "$@"\n`,
  );
  chmodSync(srun, 0o755);
});

afterEach(() => rmSync(bin, { recursive: true, force: true }));

/** What the agent sees, as `NAME=value` lines; what was written to stderr; the exit code. */
function run(script: string, variables: Record<string, string> = {}) {
  const job = { SLURM_JOB_ID: '7', SLURM_JOB_NUM_NODES: '2', SLURM_NTASKS: '8', SLURM_CONF: '/c' };
  const { stdout, stderr, status } = spawnSync('/bin/bash', ['-s'], {
    input: script,
    encoding: 'utf8',
    env: { PATH: `${bin}:/usr/bin:/bin`, ...job, ...variables },
  });
  const seen = new Map(stdout.split('\n').map((line) => line.split(/=(.*)/s) as [string, string]));
  return { seen, stdout, stderr, status };
}

const showing = (parts: Partial<AgentLaunch> = {}, description = {}) =>
  launchOf(description, { command: ['env'], ...parts });

const single = (launch: AgentLaunch, initCommands: readonly string[] = []) =>
  batchScript({ options: [['job-name', 'x']], launches: [launch], initCommands });

describe('the script', () => {
  it('is what people know', () => {
    const launch = launchOf({ initCommands: ['module load nodejs'] });
    const options = [
      ['job-name', 'x'],
      ['ntasks', '24'],
      ['no-kill', true],
    ] as const;
    expect(
      batchScript({ options, launches: [launch], initCommands: ['. /etc/site'] }),
    ).toMatchSnapshot();
  });

  it('starts one agent on each node, in a step that others overlap', () => {
    const { stderr } = run(single(showing()));
    expect(stderr).toContain('srun --nodes=2 --ntasks=2 --ntasks-per-node=1 --overlap --mem=0');
  });

  it('tells the agent of its node', () => {
    const { seen } = run(single(showing()), { SLURM_MEM_PER_CPU: '100', SLURM_GPUS_ON_NODE: '2' });
    expect(seen.get('PSTAR_NODE_NAME')).toBe('n2');
    expect(seen.get('PSTAR_NODE_CORES')).toBe('4');
    expect(seen.get('PSTAR_NODE_MEMORY')).toBe(String(400 * 2 ** 20));
    expect(seen.get('PSTAR_NODE_GPUS')).toBe('2');
    expect(seen.get('PSTAR_PILOT_ID')).toBe('pilot-1');
  });

  it.each([
    [{ SLURM_MEM_PER_NODE: '2000' }, String(2000 * 2 ** 20)],
    [{}, undefined],
  ])('tells the agent of its memory where Slurm does: %j', (variables, memory) => {
    const { seen } = run(single(showing()), variables);
    expect(seen.get('PSTAR_NODE_MEMORY')).toBe(memory);
    expect(seen.get('PSTAR_NODE_GPUS')).toBe('0');
  });

  it('leaves units a job of this node alone, without options for srun', () => {
    const { seen } = run(single(showing()), {
      SLURM_CPUS_PER_TASK: '2',
      SLURM_MEM_PER_CPU: '100',
      SLURM_TASKS_PER_NODE: '4(x2)',
      SLURM_JOB_NODELIST: 'n[1-2]',
      SRUN_CPUS_PER_TASK: '2',
      SLURM_ARRAY_JOB_ID: '7',
    });
    const slurm = [...seen].filter(([name]) => /^(SLURM|SRUN|PMI|BASH_FUNC)/.test(name));
    expect(Object.fromEntries(slurm)).toEqual({
      SLURMD_NODENAME: 'n2',
      SLURM_ARRAY_JOB_ID: '7',
      SLURM_CONF: '/c',
      SLURM_CPUS_ON_NODE: '4',
      SLURM_JOB_CPUS_PER_NODE: '4',
      SLURM_JOB_ID: '7',
      SLURM_JOB_NODELIST: 'n2',
      SLURM_JOB_NUM_NODES: '1',
      SLURM_NNODES: '1',
      SLURM_NODELIST: 'n2',
      SLURM_TASKS_PER_NODE: '4',
    });
  });

  it("runs the site's commands, then the description's, then the agent", () => {
    const launch = showing({}, { initCommands: ['B="$A b"', 'export B'] });
    expect(run(single(launch, ['A=a'])).seen.get('B')).toBe('a b');
  });

  it('ends when one of them fails', () => {
    const { stdout, stderr, status } = run(single(showing({}, { initCommands: ['false'] })));
    expect(stderr).toContain('pstar: initCommands[0] has failed: false');
    expect([stdout, status]).toEqual(['', 1]);
  });

  it.each(['false', 'echo "open'])("names the site's variable when %s fails", (command) => {
    const { stdout, stderr, status } = run(single(showing(), [command]));
    expect(stderr).toContain(`pstar: PSTAR_SLURM_INIT_COMMANDS has failed: ${command}\n`);
    expect([stdout, status]).toEqual(['', 1]);
  });

  it('hands over every word as it is', () => {
    const nasty = `it's "a" $HOME \`id\` \\ é\n#SBATCH --uid=0`;
    const launch = showing({ environment: { NASTY: nasty }, command: ['printf', '%s', nasty] });
    expect(run(single(launch)).stdout).toBe(nasty);
    expect(run(single(showing({ environment: { NASTY: nasty } }))).stdout).toContain(
      `NASTY=${nasty}\n`,
    );
  });
});

describe('the script of an array', () => {
  const launches = ['pilot-1', "it's 2"].map((name) => {
    const launch = launchOf({}, { name, environment: { PSTAR_PILOT_ID: name, A: 'a' } });
    return { ...launch, command: ['printf', '%s|', launch.settingsFile, '$PSTAR_PILOT_ID'] };
  });
  const script = batchScript({
    options: [['array', '0-1']],
    launches,
    initCommands: ['printf "$PSTAR_PILOT_ID|$A|"'],
  });

  it.each([0, 1])('gives element %i what is its own', (index) => {
    const { name, settingsFile } = launches[index] as AgentLaunch;
    const { stdout } = run(script, { SLURM_ARRAY_TASK_ID: String(index) });
    expect(stdout).toBe(`${name}|a|${settingsFile}|$PSTAR_PILOT_ID|`);
  });

  it('may have many elements: only what they share goes through the environment', () => {
    const many = Array.from({ length: 2000 }, (_, i) => ({
      ...launchOf({}, { name: `pilot-${i}` }),
      command: ['printenv', 'PSTAR_PILOT_ID'],
    }));
    const { stdout } = run(batchScript({ options: [], launches: many, initCommands: [] }), {
      SLURM_ARRAY_TASK_ID: '1999',
    });
    expect(stdout).toBe('pilot-1999\n');
  });
});
