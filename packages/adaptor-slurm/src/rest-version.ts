/** Which version of slurmrestd's interface is spoken. PURE. */
import { PilotError } from '@pstar/core/adaptor';
import { z } from 'zod';

/** How a job is written down: as sbatch's options, or as fields with types. */
export type RestDialect = 'options' | 'fields';

/** What is spoken with one slurmrestd. */
export interface RestVersion {
  /** `v0.0.38` */
  readonly name: string;
  readonly dialect: RestDialect;
  /** Whether it has records of past jobs: slurmdbd's. */
  readonly hasRecords: boolean;
}

/**
 * What is spoken, the preferred first. With v0.0.38, of Slurm 22.05 to 23.11, all of this is tested. The
 * others, of 23.11 and later, are read and written as Slurm's own specification of them says.
 */
const SPOKEN: readonly (readonly [name: string, dialect: RestDialect])[] = [
  ['v0.0.38', 'options'],
  ['v0.0.41', 'fields'],
  ['v0.0.42', 'fields'],
  ['v0.0.43', 'fields'],
  ['v0.0.44', 'fields'],
  ['v0.0.40', 'fields'],
];

const Specification = z.object({ paths: z.record(z.string(), z.unknown()) });

/**
 * Chooses from what slurmrestd says it offers, at `/openapi/v3`.
 *
 * @throws PilotError `PROTOCOL_MISMATCH`, naming what it offers and what is spoken
 */
export function chooseVersion(specification: unknown, subject: string): RestVersion {
  const { data } = Specification.safeParse(specification);
  const paths = Object.keys(data?.paths ?? {});
  const offered = paths.flatMap(
    (path) => /^\/slurm\/(v[\d.]+)\/job\/submit$/.exec(path)?.[1] ?? [],
  );
  const found = SPOKEN.find(([name]) => offered.includes(name));
  if (found === undefined) {
    const words = offered.length === 0 ? 'no version that takes jobs' : offered.join(', ');
    const spoken = SPOKEN.map(([name]) => name).sort();
    throw new PilotError('PROTOCOL_MISMATCH', `slurmrestd offers ${words}`, {
      subject,
      hint: `have it offer one of ${spoken.join(', ')} (its options -s and -d), or write slurm://`,
    });
  }
  const [name, dialect] = found;
  return {
    name,
    dialect,
    hasRecords: paths.some((path) => path.startsWith(`/slurmdb/${name}/job/`)),
  };
}
