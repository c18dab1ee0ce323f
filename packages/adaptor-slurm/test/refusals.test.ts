import { PilotError } from '@pstar/core/adaptor';
import { describe, expect, it } from 'vitest';
import { mayBeAccepted, refusalOf } from '../src/refusals.ts';
import { recorded } from './support/fixtures.ts';

/** `$ command`, then what it said. */
const blocks = recorded('refusals.txt')
  .split(/\n\n+(?=\$ )/)
  .map((block) => block.split('\n'));

describe('refusals', () => {
  it('are what was recorded', () => {
    const read = blocks.map(([command, ...said]) => {
      const { code, message } = refusalOf(said.join('\n'), 'here');
      return `${command}\n  ${code}: ${message}`;
    });
    expect(read.join('\n')).toMatchInlineSnapshot(`
      "$ sbatch -p nosuch sl.sh
        DESCRIPTION_INVALID: invalid partition specified: nosuch; Invalid partition name specified (queue); name a partition of this cluster (sinfo)
      $ sbatch -n 1000 sl.sh
        DESCRIPTION_INVALID: More processors requested than permitted (here); ask for less, or name another queue
      $ sbatch -N 5 sl.sh
        DESCRIPTION_INVALID: Node count specification invalid (here); ask for less, or name another queue
      $ sbatch -c 9 sl.sh
        DESCRIPTION_INVALID: CPU count per node can not be satisfied; Requested node configuration is not available (here); ask for less, or name another queue
      $ sbatch -t 2:00:00 sl.sh
        DESCRIPTION_INVALID: Requested time limit is invalid (missing or exceeds some limit) (wallTimeLimit); write one that the partition allows (sinfo), or name another queue
      $ sbatch --mem=9000 sl.sh
        DESCRIPTION_INVALID: Memory specification can not be satisfied; Requested node configuration is not available (here); ask for less, or name another queue
      $ sbatch --gres=gpu:3 sl.sh
        DESCRIPTION_INVALID: Requested node configuration is not available (here); ask for less, or name another queue
      $ sbatch --gres=foo:1 sl.sh
        DESCRIPTION_INVALID: Invalid generic resource (gres) specification (nativeOptions); name what this cluster has (scontrol show node, sinfo -o %f)
      $ sbatch --gres=gpu:other:1 sl.sh
        DESCRIPTION_INVALID: Requested node configuration is not available (here); ask for less, or name another queue
      $ sbatch -t bogus sl.sh
        DESCRIPTION_INVALID: Invalid --time specification (nativeOptions); write it as this version of sbatch takes it (man sbatch)
      $ sbatch -w n9 sl.sh
        DESCRIPTION_INVALID: Invalid node name specified (nativeOptions); name what this cluster has (scontrol show node, sinfo -o %f)
      $ sbatch -C nofeature sl.sh
        DESCRIPTION_INVALID: Invalid feature specification (nativeOptions); name what this cluster has (scontrol show node, sinfo -o %f)
      $ sbatch --dependency=bogus sl.sh
        DESCRIPTION_INVALID: Job dependency problem (nativeOptions); name what this cluster has (scontrol show node, sinfo -o %f)
      $ sbatch /nonexistent.sh
        ADAPTOR_FAILED: Unable to open file /nonexistent.sh (here)
      $ sbatch /bin/true
        ADAPTOR_FAILED: This does not look like a batch script.  The first; line must start with #! followed by the path to an interpreter.; For instance: #!/bin/sh (here)
      $ sbatch --bogus-option sl.sh
        DESCRIPTION_INVALID: unrecognized option '--bogus-option' (nativeOptions); write it as this version of sbatch takes it (man sbatch)
      $ sbatch --array=0-5000 sl.sh
        OPERATION_UNSUPPORTED: Invalid job array specification (here)
      $ scancel abc
        NOT_FOUND: Invalid job id abc (here)
      $ scancel
        ADAPTOR_FAILED: No job identification provided (here)
      $ squeue -j 99999
        NOT_FOUND: Invalid job id specified (here)
      $ squeue -h -j 99999
        NOT_FOUND: Invalid job id specified (here)
      $ squeue -j abc
        NOT_FOUND: Invalid job id: abc (here)
      $ squeue -t bogus
        DESCRIPTION_INVALID: Invalid job state specified: bogus (nativeOptions); write it as this version of sbatch takes it (man sbatch)
      $ scontrol show job 99999
        NOT_FOUND: Invalid job id specified (here)
      $ squeue -j 17
        NOT_FOUND: Invalid job id specified (here)
      $ squeue -t all -j 17
        NOT_FOUND: Invalid job id specified (here)
      $ scontrol show job 17
        NOT_FOUND: Invalid job id specified (here)
      $ sbatch -A nosuch -o /dev/null sl.sh 1
        DESCRIPTION_INVALID: Invalid account or account/partition combination specified (project); name an account of yours (sacctmgr show associations user=$USER)
      $ sbatch --qos=high -o /dev/null sl.sh 1
        DESCRIPTION_INVALID: Invalid qos specification (nativeOptions.qos); name one that your account may use (sacctmgr show qos)
      $ sbatch -A proj --parsable -o /dev/null sl.sh 5
        TRY_LATER: AssocMaxSubmitJobLimit; Job violates accounting/QOS policy (job submit limit, user's size and/or time limits) (here); wait until others of yours are over, ask for less, or name another project
      $ sbatch -o /dev/null sl.sh 0
        RESOURCE_MANAGER_UNREACHABLE: Unable to contact slurm controller (connect failure) (here); see whether slurmctld runs (scontrol ping), and try again
      $ squeue
        RESOURCE_MANAGER_UNREACHABLE: Unable to contact slurm controller (connect failure) (here); see whether slurmctld runs (scontrol ping), and try again
      $ scancel 1
        RESOURCE_MANAGER_UNREACHABLE: Kill job error on job id 1: Unable to contact slurm controller (connect failure) (here); see whether slurmctld runs (scontrol ping), and try again
      $ scontrol show job 1
        RESOURCE_MANAGER_UNREACHABLE: Unable to contact slurm controller (connect failure) (here); see whether slurmctld runs (scontrol ping), and try again
      $ sbatch -o /dev/null sl.sh 0
        TIMEOUT: Socket timed out on send/recv operation (here); see whether slurmctld runs (scontrol ping), and try again
      $ squeue
        TIMEOUT: Socket timed out on send/recv operation (here); see whether slurmctld runs (scontrol ping), and try again
      $ scancel 1
        TIMEOUT: Kill job error on job id 1: Socket timed out on send/recv operation (here); see whether slurmctld runs (scontrol ping), and try again
      $ sbatch -o /dev/null sl.sh 1
        AUTHENTICATION_FAILED: If munged is up, restart with --num-threads=10; Munge encode failed: Failed to access "/lab/c1/run/munge.sock": No such file or directory (Did you start munged?); slurm_send_node_msg: auth_g_create: REQUEST_SUBMIT_BATCH_JOB has authentication error; Protocol authentication error (here); see whether munged runs here, and has the key of the cluster
      $ squeue
        AUTHENTICATION_FAILED: If munged is up, restart with --num-threads=10; Munge encode failed: Failed to access "/lab/c1/run/munge.sock": No such file or directory (Did you start munged?); slurm_send_node_msg: auth_g_create: REQUEST_JOB_INFO has authentication error; Protocol authentication error (here); see whether munged runs here, and has the key of the cluster"
    `);
  });

  it.each([
    ['User’s group not permitted to use this partition', 'PERMISSION_DENIED'],
    ["User's group not permitted to use this partition", 'PERMISSION_DENIED'],
    ['Access/permission denied', 'PERMISSION_DENIED'],
    ['Required partition not available (inactive or drain)', 'TRY_LATER'],
    ['Slurm temporarily unable to accept job, sleeping and retrying', 'TRY_LATER'],
    ['Zero Bytes were transmitted or received', 'CONNECTION_LOST'],
    ['sbatch: fatal: Could not establish a configuration source', 'RESOURCE_MANAGER_UNREACHABLE'],
    [
      "Problem talking to database\n'zz' can't be reached now, or it is an invalid entry for --cluster.",
      'RESOURCE_MANAGER_UNREACHABLE',
    ],
    [
      'Problem talking to database\nThere is a problem talking to the database: Resource temporarily unavailable.  Only local cluster communication is available, remove --cluster from your command line or contact your admin to resolve the problem.',
      'RESOURCE_MANAGER_UNREACHABLE',
    ],
    ['Unable to create step: Unspecified error', 'ADAPTOR_FAILED'],
    ['', 'ADAPTOR_FAILED'],
  ])('%s is %s', (said, code) => {
    expect(refusalOf(said, 'here').code).toBe(code);
  });

  it('leave it open whether there is a job only when nobody answered', () => {
    const open = (code: never) => mayBeAccepted(new PilotError(code, 'x'));
    expect(['TIMEOUT', 'CONNECTION_LOST', 'ADAPTOR_FAILED', 'ABORTED'].every(open as never)).toBe(
      true,
    );
    expect(
      ['DESCRIPTION_INVALID', 'TRY_LATER', 'RESOURCE_MANAGER_UNREACHABLE'].some(open as never),
    ).toBe(false);
    expect(mayBeAccepted(new TypeError('x'))).toBe(true);
  });
});
