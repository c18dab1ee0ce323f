import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localCommandRunner } from '../../src/adaptor/command-runner.ts';
import { detectIn, detectResourceManager } from '../../src/adaptor/detect.ts';

describe('detectIn', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pstar-detect-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Puts a program into the only directory of PATH. */
  async function tool(name: string, script = 'exit 1'): Promise<string> {
    const file = join(directory, name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    return file;
  }
  const detect = (environment: Record<string, string> = {}) => {
    const runner = localCommandRunner();
    return detectIn({
      environment: { PATH: `/nowhere:${directory}`, ...environment },
      runner: {
        ...runner,
        run: ([program = '', ...rest], options) =>
          runner.run(
            [program.includes('/') ? program : join(directory, program), ...rest],
            options,
          ),
      },
      slurmConfigurations: [join(directory, 'etc/slurm.conf')],
    });
  };

  it('finds this machine alone where there is nothing else', async () => {
    expect(await detect()).toEqual({
      rm: 'local://',
      how: 'there is no sbatch in PATH; there is no qsub in PATH',
    });
  });

  it('finds Slurm by its configuration', async () => {
    const sbatch = await tool('sbatch');
    const own = join(directory, 'mine.conf');
    await writeFile(own, '');
    expect(await detect({ SLURM_CONF: own })).toEqual({
      rm: 'slurm://',
      how: `sbatch is ${sbatch}, and SLURM_CONF names ${own}`,
    });
    const usual = join(directory, 'etc/slurm.conf');
    await mkdir(join(directory, 'etc'));
    await writeFile(usual, '');
    expect((await detect()).how).toBe(`sbatch is ${sbatch}, and its configuration is ${usual}`);
  });

  it('finds Slurm by its controller', async () => {
    await tool('sbatch');
    await tool('scontrol', '[ "$*" = ping ] && echo "Slurmctld(primary) at n0 is UP"');
    expect(await detect()).toMatchObject({
      rm: 'slurm://',
      how: expect.stringMatching(/sbatch, and its controller answers$/),
    });
  });

  it('takes clients without a cluster for no cluster', async () => {
    const sbatch = await tool('sbatch');
    await tool('scontrol', 'echo "Slurmctld(primary) at n0 is DOWN"; exit 1');
    expect(await detect({ SLURM_CONF: '/nowhere/slurm.conf' })).toEqual({
      rm: 'local://',
      how:
        `sbatch is ${sbatch}, but has no configuration, and no controller answers; ` +
        'there is no qsub in PATH',
    });
  });

  it('finds Grid Engine by SGE_ROOT, if that is there', async () => {
    expect(await detect({ SGE_ROOT: directory })).toEqual({
      rm: 'drmaa://',
      how: `SGE_ROOT is ${directory}`,
    });
    expect((await detect({ SGE_ROOT: '/nowhere/sge' })).rm).toBe('local://');
  });

  it.each(['SGE 8.1.9', 'GE 6.2u5', 'UGE 8.5.5', 'OGS/GE 2011.11p1'])(
    'finds Grid Engine by the qsub of %s',
    async (name) => {
      const qsub = await tool('qsub', `echo '${name}'; echo 'usage: qsub [options]'`);
      expect(await detect()).toEqual({ rm: 'drmaa://', how: `qsub is ${qsub}, ${name}` });
    },
  );

  it('does not take the qsub of PBS for it', async () => {
    const qsub = await tool('qsub', 'echo "usage: qsub [-a date_time]" >&2; exit 2');
    const how = `there is no sbatch in PATH; qsub is ${qsub}, and not Grid Engine's`;
    expect(await detect()).toEqual({ rm: 'local://', how });
  });

  it('looks at Slurm first', async () => {
    await tool('sbatch');
    await tool('scontrol', 'exit 0');
    expect((await detect({ SGE_ROOT: directory })).rm).toBe('slurm://');
  });
});

it('detectResourceManager looks at this machine', async () => {
  expect(await detectResourceManager()).toMatchObject({
    rm: expect.stringMatching(/^(slurm|drmaa|local):\/\/$/),
  });
});
