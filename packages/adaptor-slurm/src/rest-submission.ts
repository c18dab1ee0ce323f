/** What slurmrestd is sent for a job. PURE. */
import { PilotError } from '@pstar/core/adaptor';
import { typedFieldsOfOption } from './rest-fields.ts';
import { fieldsOfOption, type JobFields } from './rest-options.ts';
import type { RestVersion } from './rest-version.ts';
import type { SlurmJob } from './transport.ts';

/** Where attributes of a pilot become options that a version may not have. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  exclude: 'candidateHosts, cpuArchitecture and operatingSystemType',
  nodelist: 'candidateHosts',
};

/**
 * The body of a submission. The batch script goes as text; its `#SBATCH` lines are comments there, and
 * the options travel as fields.
 *
 * @param environment what the batch script starts with: slurmrestd has none of its own to give
 * @throws PilotError `ATTRIBUTE_UNSUPPORTED`, naming the option that this version has no field for
 */
export function submission(
  { script, options }: SlurmJob,
  version: RestVersion,
  environment: Readonly<Record<string, string>>,
): { readonly script: string; readonly job: JobFields } {
  const isTyped = version.dialect === 'fields';
  const job: Record<string, unknown> = {
    // Both are mandatory.
    environment: isTyped
      ? Object.entries(environment).map(([name, value]) => `${name}=${value}`)
      : environment,
    current_working_directory: '/',
  };
  for (const option of [...options, ...impliedTasks(options)]) {
    if (option[0] === 'export') continue;
    const fields = isTyped ? typedFieldsOfOption(option) : fieldsOfOption(option);
    if (fields === undefined) throw unsupported(option, version);
    Object.assign(job, fields);
  }
  return { script, job };
}

/** sbatch counts the processes when it is told how many there are on each node; slurmrestd does not. */
function impliedTasks(options: SlurmJob['options']): SlurmJob['options'] {
  const values = new Map(options);
  const [nodes, each] = [Number(values.get('nodes')), Number(values.get('ntasks-per-node'))];
  const isImplied = !values.has('ntasks') && nodes > 0 && each > 0;
  return isImplied ? [['ntasks', String(nodes * each)]] : [];
}

function unsupported([name, value]: SlurmJob['options'][number], version: RestVersion): PilotError {
  const written = value === true ? `--${name}` : `--${name}=${value}`;
  const attributes = ATTRIBUTES[name];
  return new PilotError(
    'ATTRIBUTE_UNSUPPORTED',
    `slurmrestd's interface ${version.name} has no field for ${written}`,
    {
      subject: attributes ?? `nativeOptions.${name}`,
      hint: 'leave it out, or write slurm://, where commands of Slurm can be had',
    },
  );
}
