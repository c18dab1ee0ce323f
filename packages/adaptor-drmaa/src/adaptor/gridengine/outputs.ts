/** Reads what the commands of Grid Engine print. PURE; what makes no sense is an error, never left out. */
import { constants } from 'node:os';
import { AdaptorError } from '@pstar/core/adaptor';
import type { ParallelEnvironment } from '../parallel-environments.ts';

/** A native job in the queue. */
export interface QueueRow {
  readonly id: string;
  readonly name: string;
  /** Grid Engine's letters: `qw`, `r`, `Eqw`. */
  readonly state: string;
  /** The hosts that it runs on, as far as they were asked for. */
  readonly hosts: readonly string[];
}

/** A native job that is over, by the accounting. */
export interface AccountingRecord {
  readonly id: string;
  readonly name: string;
  /** `0`, or a number with its words: `100 : assumedly after job`. */
  readonly failed: string;
  readonly exitCode?: number;
  readonly signal?: string;
  /** It was deleted by force (`qdel -f`), and the record holds nothing but zeros. */
  readonly isForced?: true;
}

/** Of `qstat -xml`; with `-g t` there are several entries of one with several slots. */
export function parseQueue(output: string): readonly QueueRow[] {
  if (!/<job_info\b/.test(output)) throw senseless('qstat -xml', output);
  const rows = new Map<string, QueueRow>();
  for (const [, entry = ''] of output.matchAll(/<job_list\b[^>]*>([\s\S]*?)<\/job_list>/g)) {
    const id = element(entry, 'JB_job_number');
    const state = element(entry, 'state');
    if (!/^\d+$/.test(id) || state === '') throw senseless('qstat -xml', entry);
    const host = element(entry, 'queue_name').split('@')[1];
    const known = rows.get(id)?.hosts ?? [];
    const hosts = host === undefined || known.includes(host) ? known : [...known, host];
    rows.set(id, { id, name: element(entry, 'JB_name'), state, hosts });
  }
  return [...rows.values()];
}

/** The hosts of `qstat -f -qs … -xml`, which lists queue instances. */
export function parseQueueHosts(output: string): readonly string[] {
  if (!/<job_info\b/.test(output)) throw senseless('qstat -f -xml', output);
  const names = [...output.matchAll(/<Queue-List>\s*<name>([^<]*)<\/name>/g)];
  return [...new Set(names.flatMap(([, name = '']) => text(name).split('@')[1] ?? []))];
}

/** The reasons of `qstat -j … -xml` for which native jobs are in an error state, by id. */
export function parseReasons(output: string): ReadonlyMap<string, string> {
  if (!/<detailed_job_info\b/.test(output)) throw senseless('qstat -j -xml', output);
  const reasons = new Map<string, string>();
  // One `element` for each native job, within which there are more of that name.
  const parts = output.split(/(?=<JB_job_number>)/).slice(1);
  for (const part of parts) {
    const id = element(part, 'JB_job_number');
    const messages = [...part.matchAll(/<QIM_message>([\s\S]*?)<\/QIM_message>/g)];
    const last = messages.at(-1)?.[1];
    // Before it stand the time and the shepherd's user and pid.
    if (last !== undefined) {
      reasons.set(id, text(last).replace(/^\S+ \S+ (\[\d+:\d+\]: )?(error: )?/, ''));
    }
  }
  return reasons;
}

/**
 * Of `qacct -j`. The last record of an id counts: those of agents on other hosts of a parallel
 * environment come before, and so do those of earlier starts.
 */
export function parseAccounting(output: string): readonly AccountingRecord[] {
  const records = new Map<string, AccountingRecord>();
  for (const block of output.split(/^=+$/m).slice(1)) {
    const id = field(block, 'jobnumber');
    const failed = field(block, 'failed');
    const status = /^(\d+)/.exec(field(block, 'exit_status'))?.[1];
    if (!/^\d+$/.test(id) || failed === '' || status === undefined) throw senseless('qacct', block);
    const record = { id, name: field(block, 'jobname'), failed };
    // Whatever has run has had page faults.
    const isForced = failed === '0' && status === '0' && field(block, 'ru_minflt') === '0';
    const end = isForced ? { isForced } : exitOf(Number(status), failed);
    records.set(id, { ...record, ...end });
  }
  return [...records.values()];
}

/** Of `qconf -sp NAME`. */
export function parseEnvironment(output: string): ParallelEnvironment {
  const name = field(output, 'pe_name');
  const allocationRule = field(output, 'allocation_rule');
  if (name === '' || allocationRule === '') throw senseless('qconf -sp', output);
  return { name, allocationRule, controlSlaves: /^true$/i.test(field(output, 'control_slaves')) };
}

/** The names of `qconf -spl`, `-sql` and `-sel`, one a line. */
export function parseNames(output: string): readonly string[] {
  return output.split('\n').flatMap((line) => line.trim() || []);
}

/** Grid Engine adds 128 to the signal that has ended the script; `failed` 100 says that one did. */
function exitOf(status: number, failed: string): Pick<AccountingRecord, 'exitCode' | 'signal'> {
  if (failed === '0') return { exitCode: status };
  const signal = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return signal === undefined ? {} : { signal: signal[0] };
}

function field(block: string, name: string): string {
  return new RegExp(`^${name}[ \\t]+(.*?)[ \\t]*$`, 'm').exec(block)?.[1] ?? '';
}

function element(entry: string, name: string): string {
  return text(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(entry)?.[1] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  gt: '>',
  lt: '<',
  quot: '"',
};

/** 8.1.9 writes `%lt;` for `<` in messages. */
function text(xml: string): string {
  return xml.replace(/[&%](\w+);/g, (entity, name: string) => ENTITIES[name] ?? entity);
}

function senseless(command: string, said: string): AdaptorError {
  const shown = said.trim().length > 200 ? `${said.trim().slice(0, 200)}…` : said.trim();
  const problem = `${command}: an answer that makes no sense: '${shown}'`;
  return new AdaptorError('ADAPTOR_FAILED', problem, {
    hint: 'see whether it is a wrapper that prints more than Grid Engine does',
  });
}
