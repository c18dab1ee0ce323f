/** Slurm's sentences as errors: the code that fits, and what to change. PURE. */
import { AdaptorError, PilotError, type PilotErrorCode } from '@pstar/core/adaptor';

interface Refusal {
  readonly sentence: RegExp;
  readonly code: PilotErrorCode;
  readonly hint?: string;
  /** The attribute to change. */
  readonly subject?: string;
}

/** The hint of what is too large; which attributes that are is known where the description is. */
export const LESS = 'ask for less, or name another queue';
const IS_UP = 'see whether slurmctld runs (scontrol ping), and try again';

/** Seen with 20.11 to 23.11. The first that matches counts. */
const REFUSALS: readonly Refusal[] = [
  {
    sentence: /remove --cluster from|invalid entry for --cluster/i,
    code: 'RESOURCE_MANAGER_UNREACHABLE',
    subject: '?cluster= in the URL',
    hint: 'name one that slurmdbd has (sacctmgr list clusters), or leave cluster out where there is none',
  },
  {
    sentence: /Invalid partition name|invalid partition specified/i,
    code: 'DESCRIPTION_INVALID',
    subject: 'queue',
    hint: 'name a partition of this cluster (sinfo)',
  },
  {
    sentence: /time limit is invalid|Requested time limit|Time limit .*exceed/i,
    code: 'DESCRIPTION_INVALID',
    subject: 'wallTimeLimit',
    hint: 'write one that the partition allows (sinfo), or name another queue',
  },
  {
    sentence:
      /processors requested than permitted|Node count specification invalid|node configuration is not available|can not be satisfied|More processors|Memory required by task/i,
    code: 'DESCRIPTION_INVALID',
    hint: LESS,
  },
  {
    sentence: /Invalid account/i,
    code: 'DESCRIPTION_INVALID',
    subject: 'project',
    hint: 'name an account of yours (sacctmgr show associations user=$USER)',
  },
  {
    sentence: /Invalid qos/i,
    code: 'DESCRIPTION_INVALID',
    subject: 'nativeOptions.qos',
    hint: 'name one that your account may use (sacctmgr show qos)',
  },
  {
    sentence: /accounting\/QOS policy|AssocGrp|AssocMax|QOSMax|QOSGrp|submit limit/i,
    code: 'TRY_LATER',
    hint: 'wait until others of yours are over, ask for less, or name another project',
  },
  {
    sentence: /partition not available|partition .*(inactive|drain)|is in DOWN state/i,
    code: 'TRY_LATER',
    subject: 'queue',
    hint: 'wait until it is in service again, or name another queue',
  },
  {
    sentence: /temporarily unable to accept|Resource temporarily unavailable|too many jobs/i,
    code: 'TRY_LATER',
    hint: 'wait until the queue is shorter',
  },
  {
    sentence: /permission denied|not permitted|Invalid user id|must be root|not authorized/i,
    code: 'PERMISSION_DENIED',
    hint: 'name a queue or a project that you may use',
  },
  {
    sentence: /authentication|munge|Invalid .*credential|Security violation/i,
    code: 'AUTHENTICATION_FAILED',
    hint: 'see whether munged runs here, and has the key of the cluster',
  },
  {
    sentence: /Unable to contact slurm controller|connect failure|Unable to establish controller/i,
    code: 'RESOURCE_MANAGER_UNREACHABLE',
    hint: IS_UP,
  },
  {
    sentence:
      /configuration (source|file)|process configuration|slurm\.conf|lookup failure|ClusterName needs/i,
    code: 'RESOURCE_MANAGER_UNREACHABLE',
    hint: 'set SLURM_CONF, or write slurm:///?conf=/path/of/slurm.conf',
  },
  { sentence: /Socket timed out|timed out/i, code: 'TIMEOUT', hint: IS_UP },
  {
    sentence:
      /Zero Bytes were transmitted|Header lengths|Unexpected message|Transport endpoint|Connection (reset|refused|timed)|Communication connection|connect to database|standby mode|Incompatible versions/i,
    code: 'CONNECTION_LOST',
    hint: IS_UP,
  },
  { sentence: /job array specification/i, code: 'OPERATION_UNSUPPORTED' },
  { sentence: /Invalid job id/i, code: 'NOT_FOUND' },
  { sentence: /already completing or completed/i, code: 'WRONG_STATE' },
  {
    sentence: /Invalid node name|Invalid feature|generic resource|[Dd]ependency|Invalid license/,
    code: 'DESCRIPTION_INVALID',
    subject: 'nativeOptions',
    hint: 'name what this cluster has (scontrol show node, sinfo -o %f)',
  },
  {
    sentence:
      /Invalid (--)?[\w-]+( specification)?|(unrecognized|ambiguous|requires an) (option|argument)|mutually exclusive/i,
    code: 'DESCRIPTION_INVALID',
    subject: 'nativeOptions',
    hint: 'write it as this version of sbatch takes it (man sbatch)',
  },
];

/**
 * What a command of Slurm's, or slurmrestd, said when it did not do what was asked.
 *
 * @param said all of it, one sentence a line
 * @param where the host, or what else names the connection
 */
export function refusalOf(said: string, where: string): PilotError {
  const problem = sentenceOf(said);
  const known = REFUSALS.find(({ sentence }) => sentence.test(problem));
  if (known === undefined) return new AdaptorError('ADAPTOR_FAILED', problem, { subject: where });
  const { code, hint, subject = where } = known;
  return new AdaptorError(code, problem, { subject, hint });
}

/** Slurm's sentence, without the names of programs before it and the advice after it. */
function sentenceOf(said: string): string {
  const sentences = said
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replace(/^[\w-]+: (error: )?/, '')
        .replace(/^(error|fatal): /, '')
        .replace(/^(Batch job submission failed|slurm_\w+ error): ?/, ''),
    )
    .filter((line) => line !== '' && !/^(Try "|Valid job states|\*)/.test(line));
  const [one = 'no reason was given', ...rest] = new Set(sentences);
  return [one, ...rest].slice(0, 4).join('; ');
}

/** Whether a failed submission may have been accepted all the same. */
export function mayBeAccepted(error: unknown): boolean {
  if (!(error instanceof PilotError)) return true;
  return ['TIMEOUT', 'CONNECTION_LOST', 'ADAPTOR_FAILED', 'ABORTED'].includes(error.code);
}
