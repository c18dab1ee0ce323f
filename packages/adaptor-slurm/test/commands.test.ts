/** What the real commands cannot be made to say at will. */
import { AdaptorError } from '@pstar/core/adaptor';
import { describe, expect, it } from 'vitest';
import { commandTransport } from '../src/commands.ts';
import { recorded } from './support/fixtures.ts';
import { ScriptedRunner } from './support/runner.ts';

type Answer = ConstructorParameters<typeof ScriptedRunner>[0];

const JOB = {
  name: 'x',
  script: '#!/bin/bash\n',
  options: [
    ['job-name', 'x'],
    ['time', '5'],
  ] as const,
};
const config = (changes: Record<string, string> = {}) =>
  recorded('scontrol-config.txt').replace(/^(\w+) .*$/gm, (line, name: string) =>
    changes[name] === undefined ? line : `${name} = ${changes[name]}`,
  );

function transport(answer: Answer, options: object = {}) {
  const runner = new ScriptedRunner(answer);
  return { runner, slurm: commandTransport({ runner, environment: {}, ...options }) };
}

describe('submit', () => {
  it('hands the script over by standard input', async () => {
    const { runner, slurm } = transport(() => '17\n');
    expect(await slurm.submit(JOB)).toBe(17);
    expect(runner.lines).toEqual(['sbatch --parsable']);
    expect(runner.calls[0]?.options.input).toBe(JOB.script);
  });

  it('finds the commands, their configuration and the cluster where the URL says', async () => {
    const options = { bin: '/opt/slurm/bin/', conf: '/etc/s.conf', cluster: 'big' };
    const { runner, slurm } = transport(() => '17;big\n', options);
    await slurm.submit(JOB);
    expect(runner.lines).toEqual(['/opt/slurm/bin/sbatch -M big --parsable']);
    expect(runner.calls[0]?.options.environment).toEqual({
      SLURM_CONF: '/etc/s.conf',
      SLURM_TIME_FORMAT: '%s',
    });
  });

  it('lets no variable go before the script, nor a job around this program into the new one', async () => {
    const environment = {
      SBATCH_TIMELIMIT: '1',
      SBATCH_ACCOUNT: 'mine',
      SBATCH_ARRAY_INX: '1-9',
      SBATCH_JOB_NAME: 'y',
      SLURM_JOB_ID: '3',
      SLURM_MEM_PER_NODE: '5',
      SLURM_CONF: '/c',
    };
    const { runner, slurm } = transport(() => '17\n', { environment });
    await slurm.submit(JOB);
    expect(runner.lines[0]).toBe(
      'env -u SBATCH_TIMELIMIT -u SBATCH_ARRAY_INX -u SBATCH_JOB_NAME -u SLURM_JOB_ID ' +
        '-u SLURM_MEM_PER_NODE sbatch --parsable',
    );
  });

  it.each([
    ['nothing', '', 'ADAPTOR_FAILED'],
    ['chatter', 'Welcome!\nhave a nice day\n', 'ADAPTOR_FAILED'],
    [
      'no answer',
      {
        stderr:
          'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation',
      },
      'TIMEOUT',
    ],
    ['a signal', { exitCode: -1, signal: 'SIGKILL' }, 'CONNECTION_LOST'],
    ['no env', { exitCode: 127, stderr: 'env: ‘sbatch’: No such file or directory' }, 'NOT_FOUND'],
  ])('is %s', async (_, answer, code) => {
    const { slurm } = transport(() => answer);
    await expect(slurm.submit(JOB)).rejects.toMatchObject({ code });
  });

  it('says how to find what is missing', async () => {
    const missing = new AdaptorError('NOT_FOUND', 'sbatch: command not found', {
      subject: 'login',
    });
    await expect(transport(() => missing).slurm.submit(JOB)).rejects.toThrow(
      'sbatch: command not found (login); load the module there, or say in the URL where they are: ?bin=/path/of/its/bin',
    );
  });

  it('takes an id after other lines, as wrappers print them', async () => {
    expect(await transport(() => 'Welcome!\n17\n').slurm.submit(JOB)).toBe(17);
  });
});

describe('list', () => {
  it('asks once, by the whole arrays', async () => {
    const { runner, slurm } = transport(
      () =>
        '7|RUNNING|None|0|n1|n1|1|x\n9_1|RUNNING|None|0|n1|n1|2|y\n9_3|PENDING|Priority|0||n/a|2|y\n',
    );
    const rows = await slurm.list(['7', '9_1', '9_2']);
    expect(rows.map(({ id }) => id)).toEqual(['7', '9_1']);
    expect(runner.lines).toHaveLength(1);
    expect(runner.lines[0]).toMatch(/^squeue -h -r --me -t all -O \S+ -j 7,9$/);
  });

  it('sees elements that were canceled together, which are shown as one', async () => {
    const { slurm } = transport(() => '9|CANCELLED|None|0||n/a|1|y\n');
    const rows = await slurm.list(['9_0', '9_1']);
    expect(rows.map(({ id, state }) => `${id} ${state}`)).toEqual([
      '9_0 CANCELLED',
      '9_1 CANCELLED',
    ]);
  });

  it('is empty when a single one is not known, and no answer is no such thing', async () => {
    const unknown = { stderr: 'slurm_load_jobs error: Invalid job id specified' };
    expect(await transport(() => unknown).slurm.list(['7'])).toEqual([]);
    const down = {
      stderr: 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)',
    };
    await expect(transport(() => down).slurm.list(['7'])).rejects.toMatchObject({
      code: 'RESOURCE_MANAGER_UNREACHABLE',
      transient: true,
    });
  });

  it('is not narrowed by the user’s own settings', async () => {
    const { runner, slurm } = transport(() => '', { environment: { SQUEUE_PARTITION: 'x' } });
    await slurm.list(['7']);
    expect(runner.lines[0]).toMatch(/^env -u SQUEUE_PARTITION squeue /);
  });
});

describe('past', () => {
  const slurm = (changes: Record<string, string>, sacct: ReturnType<Answer>) =>
    transport((line) => (line.startsWith('scontrol') ? config(changes) : sacct));

  it('reads the accounting where there is one', async () => {
    const here = slurm(
      { AccountingStorageType: 'accounting_storage/slurmdbd' },
      '7|FAILED|3:0|x\n',
    );
    expect(await here.slurm.past({ ids: ['7', '9_1', '9_2'] })).toEqual({
      source: 'accounting',
      jobs: [{ id: '7', name: 'x', state: 'FAILED', exitCode: 3 }],
    });
    await here.slurm.past({ name: 'x' });
    expect(here.runner.lines).toEqual([
      'scontrol show config',
      'sacct -X -n -P -o jobid,state,exitcode,jobname -j 7,9',
      'sacct -X -n -P -o jobid,state,exitcode,jobname --name x -S now-30days',
    ]);
  });

  it('reads the completion log where there is no accounting', async () => {
    const here = slurm({}, recorded('sacct-c.txt'));
    expect(await here.slurm.past({ name: 'fails' })).toEqual({
      source: 'completion log',
      jobs: [{ id: '12', name: 'fails', state: 'FAILED', exitCode: 3 }],
    });
    expect(here.runner.lines[1]).toBe('sacct -c -n -P -o jobid,state,exitcode,jobname');
  });

  it.each([
    ['there is neither', { JobCompType: 'jobcomp/none' }, ''],
    ['there is a log that sacct cannot read', { JobCompType: 'jobcomp/elasticsearch' }, ''],
    [
      'the log is for administrators',
      {},
      { stderr: 'sacct: fatal: open /lab/jobcomp.log: Permission denied' },
    ],
  ])('knows nothing when %s', async (_, changes, sacct) => {
    const here = slurm(changes as Record<string, string>, sacct);
    expect(await here.slurm.past({ ids: ['7'] })).toEqual({ source: 'none', jobs: [] });
  });

  it('does not take a database that is away for no record', async () => {
    const sacct = { stderr: 'sacct: error: Problem talking to the database: Connection refused' };
    const here = slurm({ AccountingStorageType: 'accounting_storage/slurmdbd' }, sacct);
    await expect(here.slurm.past({ ids: ['7'] })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    });
  });
});

describe('the rest', () => {
  it('ends many in one command, and signals steps', async () => {
    const { runner, slurm } = transport(() => '');
    await slurm.cancel(['7', '9_1']);
    await slurm.signal('7', 'SIGUSR1');
    expect(runner.lines).toEqual(['scancel 7 9_1', 'scancel --signal=USR1 7']);
  });

  it('asks for the configuration once, and again when there was no answer', async () => {
    let answers = 0;
    const { runner, slurm } = transport(() => {
      answers += 1;
      return answers === 1
        ? { stderr: 'slurm_load_ctl_conf error: Unable to contact slurm controller' }
        : config();
    });
    await expect(slurm.limits()).rejects.toMatchObject({ code: 'RESOURCE_MANAGER_UNREACHABLE' });
    expect(await slurm.limits()).toEqual({ arrayMax: 2001, shownMs: 300_000 });
    await slurm.limits();
    expect(runner.calls).toHaveLength(2);
  });
});
