/** Reads what the commands of Slurm print. PURE; what makes no sense is an error, never left out. */
import { constants } from 'node:os';
import { AdaptorError } from '@pstar/core/adaptor';
import type { JobExit, JobRow, PastJob, SlurmNode, SlurmPartition } from './transport.ts';

/**
 * The columns of squeue that {@link parseQueue} reads; the name is the last, as it may hold anything.
 * Times are to be seconds since the epoch: `SLURM_TIME_FORMAT=%s`.
 */
export const QUEUE_FORMAT =
  'JobArrayID:|,State:|,Reason:|,exit_code:|,NodeList:|,BatchHost:|,SubmitTime:|,Name:';

/** The columns of sacct that {@link parseRecords} reads. */
export const RECORD_FORMAT = 'jobid,state,exitcode,jobname';

/** The id that `sbatch --parsable` prints: `17`, or `17;cluster`. */
export function parseSubmitted(output: string): number {
  const line = output.trim().split('\n').at(-1) ?? '';
  const id = /^(\d+)(;\S+)?$/.exec(line)?.[1];
  if (id === undefined) throw senseless('sbatch', output.trim());
  return Number(id);
}

/** Of `squeue -h -O` with {@link QUEUE_FORMAT}. */
export function parseQueue(output: string): readonly JobRow[] {
  return linesOf(output).map((line) => {
    const [
      id = '',
      state = '',
      reason = '',
      status = '',
      nodes = '',
      host = '',
      time = '',
      ...name
    ] = line.split('|');
    if (name.length === 0 || !/^\d+(_\d+)?(\+\d+)?$/.test(id) || !/^\d+$/.test(status)) {
      throw senseless('squeue', line);
    }
    return {
      id,
      name: name.join('|').trim(),
      state: state.trim(),
      reason: worded(reason),
      nodes: worded(nodes),
      batchHost: worded(host),
      ...(/^\d+$/.test(time) && { submittedAt: Number(time) }),
      ...exitOfStatus(Number(status), state),
    };
  });
}

/** Of `sacct -n -P -o` with {@link RECORD_FORMAT}; of records with the same id and name the last counts. */
export function parseRecords(output: string): readonly PastJob[] {
  const jobs = new Map<string, PastJob>();
  for (const line of linesOf(output)) {
    const [id = '', words = '', exit = '', ...name] = line.split('|');
    const code = /^(\d+):(\d+)$/.exec(exit);
    if (name.length === 0 || code === null) throw senseless('sacct', line);
    // `CANCELLED by 1000`; nothing at all when its log holds what sacct cannot read.
    const state = words.split(' ')[0] || 'UNKNOWN';
    const status = (Number(code[1]) << 8) | Number(code[2]);
    for (const each of idsOf(id)) {
      const job = { id: each, name: name.join('|'), state, ...exitOfStatus(status, state) };
      jobs.set(`${each} ${job.name}`, job);
    }
  }
  return [...jobs.values()];
}

/** The fields of `scontrol show config` by name. */
export function parseConfig(output: string): ReadonlyMap<string, string> {
  const fields = [...output.matchAll(/^(\w+)\s*= ?(.*)$/gm)];
  const config = new Map(fields.map(([, name = '', value = '']) => [name, value.trim()]));
  if (!config.has('SLURM_VERSION')) throw senseless('scontrol show config', output);
  return config;
}

/** Of `scontrol -o show node`. */
export function parseNodes(output: string): readonly SlurmNode[] {
  return linesOf(output).map((line) => {
    const name = field(line, 'NodeName');
    if (name === '') throw senseless('scontrol show node', line);
    return {
      name,
      address: field(line, 'NodeAddr') || name,
      architecture: field(line, 'Arch'),
      system: field(line, 'OS'),
    };
  });
}

/** Of `scontrol -o show partition`. */
export function parsePartitions(output: string): readonly SlurmPartition[] {
  return linesOf(output).map((line) => {
    const name = field(line, 'PartitionName');
    if (name === '') throw senseless('scontrol show partition', line);
    return {
      name,
      isDefault: field(line, 'Default') === 'YES',
      state: field(line, 'State'),
      timeLimit: field(line, 'MaxTime'),
      nodes: Number(field(line, 'TotalNodes') || 0),
      cpus: Number(field(line, 'TotalCPUs') || 0),
    };
  });
}

/** What the raw status of a process that has ended means, as wait() gives it; nothing of one that was never started. */
export function exitOfStatus(status: number, state: string): JobExit {
  const number = status & 0x7f;
  if (number !== 0) {
    const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
    return { signal: name ?? `signal ${number}` };
  }
  const exitCode = (status >> 8) & 0xff;
  return exitCode === 0 && state !== 'COMPLETED' ? {} : { exitCode };
}

/**
 * The ids that a record is about: `10_[0,2-3%2]` for elements that were canceled together before they
 * ran; none for steps and for parts of heterogeneous jobs.
 */
function idsOf(id: string): readonly string[] {
  if (/^\d+(_\d+)?$/.test(id)) return [id];
  const [, array, indices = ''] = /^(\d+)_\[([\d,-]+)(?:%\d+)?\]$/.exec(id) ?? [];
  return indices.split(',').flatMap((range) => {
    const [first = '', last = first] = range.split('-');
    if (first === '') return [];
    const count = Math.max(0, Number(last) - Number(first) + 1);
    return Array.from({ length: count }, (_, i) => `${array}_${Number(first) + i}`);
  });
}

function linesOf(output: string): readonly string[] {
  return output.split('\n').filter((line) => line.trim() !== '' && !/^CLUSTER: /.test(line));
}

/** Values have no `=` of their own before the next name, but OS has spaces. */
function field(line: string, name: string): string {
  const value =
    new RegExp(`(?:^|\\s)${name}=(.*?)(?=\\s+[A-Z][\\w/:]*=|\\s*$)`).exec(line)?.[1] ?? '';
  return worded(value);
}

function worded(text: string): string {
  return /^\s*(None|\(null\)|N\/A|n\/a)?\s*$/.test(text) ? '' : text.trim();
}

function senseless(command: string, said: string): AdaptorError {
  const shown = said.length > 200 ? `${said.slice(0, 200)}…` : said;
  return new AdaptorError(
    'ADAPTOR_FAILED',
    `${command}: an answer that makes no sense: '${shown}'`,
    {
      hint: 'see whether it is a wrapper that prints more than Slurm does',
    },
  );
}
