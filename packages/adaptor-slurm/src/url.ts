/** What may stand in a `slurm://` URL. PURE. */
import { PilotError } from '@pstar/core/adaptor';
import { z } from 'zod';

const text = z.string().min(1);

const OPTIONS = {
  /** Where pilots go that name no `queue`. Default: Slurm's default partition. */
  partition: text.optional(),
  /** Whom pilots are charged to that name no `project`. Default: the user's default account. */
  account: text.optional(),
  /** The quality of service of all pilots. Default: the account's. */
  qos: text.optional(),
  /** One of several clusters, by its name in the accounting database. Default: this one. */
  cluster: text.optional(),
  /** The directory of sbatch, squeue and the others. Default: they are looked for in PATH. */
  bin: text.optional(),
  /** The path of slurm.conf. Default: what SLURM_CONF says, or where Slurm was built to look. */
  conf: text.optional(),
  /** Seconds between two looks at pilots of which nothing is heard. Default: 10. */
  poll: z.coerce.number().min(1).max(3600).optional(),
  /** Whether pilots that are created together are submitted as one array. Default: yes. */
  arrays: z.enum(['yes', 'no']).optional(),
};

/** The query of a `slurm://` URL. */
export const SlurmOptions = z.strictObject(OPTIONS, {
  error: (issue) => {
    if (issue.code !== 'unrecognized_keys') return undefined;
    return `there is no option ${issue.keys.join(', ')}; there are ${Object.keys(OPTIONS).join(', ')}`;
  },
});

/** The query of a `slurm://` URL, read. */
export type SlurmOptions = z.infer<typeof SlurmOptions>;

/**
 * Reads the query of a URL.
 *
 * @throws PilotError `URL_INVALID`
 */
export function readOptions(rm: URL): SlurmOptions {
  const query: Record<string, string> = {};
  for (const [name, value] of rm.searchParams) {
    if (name in query) throw urlError(rm, `${name} stands there twice`);
    query[name] = value;
  }
  const { data, error } = SlurmOptions.safeParse(query);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  throw urlError(rm, [issue?.path.join('.'), issue?.message].filter(Boolean).join(': '));
}

/**
 * Refuses a host in a URL of commands that run here.
 *
 * @throws PilotError `URL_INVALID`
 */
export function refuseHost(rm: URL): void {
  if (rm.hostname === '' || rm.hostname === 'localhost') return;
  throw urlError(
    rm,
    'slurm:// runs the commands of Slurm on this machine',
    `write slurm:///?cluster=${rm.hostname} for one of several clusters, or slurm+ssh://${rm.host}/`,
  );
}

/**
 * Refuses a path in a URL of commands, which have no use for one.
 *
 * @throws PilotError `URL_INVALID`
 */
export function refusePath(rm: URL): void {
  if (rm.pathname === '' || rm.pathname === '/') return;
  const hint = 'write ?bin=… for where its commands are, or ?partition=… for a partition';
  throw urlError(rm, `${rm.protocol}// takes no path, and this has ${rm.pathname}`, hint);
}

function urlError(rm: URL, problem: string, hint?: string): PilotError {
  return new PilotError('URL_INVALID', problem, {
    subject: rm.href,
    ...(hint !== undefined && { hint }),
  });
}
