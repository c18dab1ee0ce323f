/** Grid Engine's sentences as errors: the code that fits, and what to change. PURE. */
import type { ParsedPilotJobDescription, PilotErrorCode } from '@pstar/core/adaptor';
import { DrmaaError } from '../../errors.ts';
import type { AttributeRules } from '../dialects/dialect.ts';

interface Refusal {
  readonly sentence: RegExp;
  readonly code: PilotErrorCode;
  readonly hint: string;
  /** The attribute to change. */
  readonly subject?: string;
}

/** Seen with 8.1.9. The first that matches counts. */
const REFUSALS: readonly Refusal[] = [
  {
    sentence: /unknown queue/,
    code: 'DESCRIPTION_INVALID',
    subject: 'queue',
    hint: 'name a queue of this cluster (qconf -sql)',
  },
  {
    sentence: /project "[^"]*" does not exist/,
    code: 'DESCRIPTION_INVALID',
    subject: 'project',
    hint: 'name a project of this cluster (qconf -sprjl)',
  },
  {
    sentence: /parallel environment "[^"]*" does not exist/,
    code: 'DESCRIPTION_INVALID',
    subject: 'totalCpuCount',
    hint: 'name a parallel environment of this cluster by ?pe= (qconf -spl)',
  },
  {
    sentence: /resolve hostname/,
    code: 'DESCRIPTION_INVALID',
    subject: 'candidateHosts',
    hint: 'name hosts of this cluster (qconf -sel)',
  },
  {
    sentence: /unknown resource/,
    code: 'DESCRIPTION_INVALID',
    subject: 'nativeOptions',
    hint: 'name a resource of this cluster (qconf -sc); memory and gpus by ?memory= and ?gpus=',
  },
  {
    sentence: /no suitable queues/,
    code: 'DESCRIPTION_INVALID',
    subject: 'totalCpuCount',
    hint: "ask for what a queue of this cluster has (qstat -F, qhost); with nativeOptions { w: 'n' } it waits for one that does",
  },
  {
    sentence: /jobs are allowed|job limit|max_u_jobs|max_jobs/,
    code: 'TRY_LATER',
    hint: 'wait until others of yours are over',
  },
  {
    sentence:
      /not allowed|no permission|has no access|denied: (host|user)|is no (submit|admin) host/,
    code: 'PERMISSION_DENIED',
    hint: 'name a queue or a project that you may use; this machine has to be a submit host (qconf -ss)',
  },
  {
    sentence:
      /invalid option argument|unknown option|is not a .* value|Unknown|error parsing|wrong date|advance reservation/i,
    code: 'DESCRIPTION_INVALID',
    subject: 'nativeOptions',
    hint: 'write it as qsub takes it (man qsub)',
  },
];

/** What decides which queue is suitable. */
const PLACING = [
  'totalCpuCount',
  'numberOfProcesses',
  'threadsPerProcess',
  'totalPhysicalMemory',
  'wallTimeLimit',
  'queue',
  'project',
  'candidateHosts',
  'cpuArchitecture',
  'operatingSystemType',
  'nativeOptions',
] as const;

/** The same error, with what Grid Engine's sentence makes clear of it, and of what it was asked for. */
export function withWayOut(
  error: unknown,
  description: ParsedPilotJobDescription,
  rules: AttributeRules,
): unknown {
  if (!(error instanceof DrmaaError) || error.inDoubt) return error;
  const said = (error.diagnosis ?? error.problem).replace(/\s+/g, ' ').trim();
  const refusal = REFUSALS.find(({ sentence }) => sentence.test(said));
  if (refusal === undefined) return error;
  const { code, hint } = refusal;
  const subject = attributeOf(said, description, rules) ?? refusal.subject;
  const problem = said
    .replace(/^(error: )?(Unable to run job: )?/, '')
    .replace(/\.?( Exiting\.)?$/, '');
  const { drmaa, diagnosis, call } = error;
  const facts = { drmaa, diagnosis, call };
  return new DrmaaError(code, problem, {
    ...facts,
    hint,
    cause: error,
    ...(subject !== undefined && { subject }),
  });
}

/** Which of the attributes that were given a sentence is about, where that depends on them. */
function attributeOf(
  said: string,
  description: ParsedPilotJobDescription,
  rules: AttributeRules,
): string | undefined {
  const given = PLACING.filter((name) => description[name] !== undefined);
  if (/no suitable queues/.test(said)) return given.join(', ') || undefined;
  const resource = /unknown resource "([^"]*)"/.exec(said)?.[1];
  if (resource === undefined) return undefined;
  const found = Object.entries(rules).find(([, { words }]) =>
    words?.(description).some((word) => word.startsWith(`${resource}=`)),
  );
  return found?.[0] === 'agent' ? 'agent.gpus' : found?.[0];
}
