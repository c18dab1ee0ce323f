/** What slurmrestd says when it did not do what was asked. PURE. */
import { PilotError } from '@pstar/core/adaptor';
import { z } from 'zod';
import { refusalOf } from './refusals.ts';
import { readSubmitted } from './rest-answers.ts';
import type { RestAnswer } from './rest-client.ts';

/** Errors that an answer holds. */
export interface RestRefusal {
  /** Of each, Slurm's own. */
  readonly numbers: readonly number[];
  /** Slurm's sentences, one a line; the most telling first. */
  readonly said: string;
  /** Whether the request itself was not understood. */
  readonly isMisread: boolean;
}

/** Slurm's numbers, of slurm_errno.h. */
export const SLURM_ERRORS = {
  UNSPECIFIED: -1,
  NO_ANSWER: 5005,
  INVALID_JOB_ID: 2017,
  ALREADY_DONE: 2021,
  NOTHING_FOUND: 9003,
} as const;

/** It says that others say more. */
const PARSING_FAILED = 9001;

/** Under four names, as 22.05 does it: `error_number`, `error_code`, `errno`, or none. */
const Errors = z.object({
  errors: z.array(
    z.object({
      error: z.string().nullish(),
      description: z.string().nullish(),
      error_number: z.number().nullish(),
      error_code: z.number().nullish(),
      errno: z.number().nullish(),
    }),
  ),
});

/**
 * What an answer refuses; undefined of one that does not. The status alone does not tell: with 22.05
 * all goes well (200) when slurmdbd cannot be reached.
 */
export function refusalIn({ status, body }: RestAnswer): RestRefusal | undefined {
  const errors = Errors.safeParse(body).data?.errors ?? [];
  const isDone = status >= 200 && status < 300;
  if (isDone && (errors.length === 0 || readSubmitted(body) !== undefined)) return undefined;
  const numbered = errors.map(({ error, description, ...numbers }) => ({
    number: numbers.error_number ?? numbers.error_code ?? numbers.errno ?? undefined,
    sentence: isVague(error) ? (description ?? error ?? '') : error,
  }));
  const telling = numbered.filter(({ number }) => number !== PARSING_FAILED);
  const sentences = (telling.length > 0 ? telling : numbered).map(({ sentence }) => sentence);
  return {
    numbers: numbered.flatMap(({ number }) => number ?? []),
    said: sentences.filter(Boolean).join('\n') || `slurmrestd answered ${status}`,
    isMisread: status === 400,
  };
}

/** The error that a refusal is. */
export function errorOf({ said, isMisread }: RestRefusal, subject: string): PilotError {
  const error = refusalOf(said, subject);
  if (!isMisread || error.code !== 'ADAPTOR_FAILED') return error;
  return new PilotError('DESCRIPTION_INVALID', `slurmrestd: ${error.problem}`, {
    subject: 'nativeOptions',
    hint: 'take out what this cluster does not have, or write it as sbatch takes it',
  });
}

function isVague(sentence: string | null | undefined): sentence is null | undefined | '' {
  return !sentence || sentence === 'Unspecified error';
}
