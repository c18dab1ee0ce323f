/** Slurm by its commands: sbatch, squeue, sacct, scancel, scontrol, where a CommandRunner runs them. */
import {
  AdaptorError,
  type CommandResult,
  type CommandRunner,
  PilotError,
} from '@pstar/core/adaptor';
import {
  parseConfig,
  parseNodes,
  parsePartitions,
  parseQueue,
  parseRecords,
  parseSubmitted,
  QUEUE_FORMAT,
  RECORD_FORMAT,
} from './outputs.ts';
import { refusalOf } from './refusals.ts';
import type { Environment } from './surroundings.ts';
import type {
  JobRow,
  PastJobs,
  SlurmInfo,
  SlurmJob,
  SlurmLimits,
  SlurmNode,
  SlurmTransport,
} from './transport.ts';

/** How the commands are found, and what they are about. */
export interface CommandOptions {
  readonly runner: CommandRunner;
  /** What every command has where they run. */
  readonly environment: Environment;
  readonly bin?: string | undefined;
  readonly conf?: string | undefined;
  readonly cluster?: string | undefined;
}

/** Slurm itself gives up after MessageTimeout, 10 s by default, or twice that. */
const ANSWER_MS = 60_000;
/** How many ids one command is given at most: Linux limits an argument to 128 KiB. */
const IDS_MAX = 5000;
/** Records of pilots that are older are not looked for by name: sacct reads all of that time. */
const RECORDS_SINCE = 'now-30days';

/** Whatever the time zone, and whatever the user likes better. */
const TIMES = { SLURM_TIME_FORMAT: '%s' };

type Records = PastJobs['source'];

interface How {
  readonly input?: string;
  /** Variables that are taken out of its environment. */
  readonly unset?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Makes a transport of commands; nothing is run yet. */
export function commandTransport(options: CommandOptions): SlurmTransport {
  return new Commands(options);
}

class Commands implements SlurmTransport {
  readonly #options: CommandOptions;
  #config: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(options: CommandOptions) {
    this.#options = options;
  }

  async submit({ script, options }: SlurmJob, signal?: AbortSignal): Promise<number> {
    const unset = misleading(
      this.#options.environment,
      options.map(([name]) => name),
    );
    const { stdout } = await this.#run('sbatch', ['--parsable'], { input: script, unset, signal });
    return parseSubmitted(stdout);
  }

  async list(ids: readonly string[]): Promise<readonly JobRow[]> {
    const wanted = new Set(ids);
    const rows: JobRow[] = [];
    for (const some of chunks(wholeOf(ids)))
      rows.push(...(await this.#queue(['-j', some.join(',')])));
    const byId = new Map(rows.map((row) => [row.id, row]));
    return [...wanted].flatMap((id) => {
      // Elements that were canceled together before any of them ran are shown as one.
      const row = byId.get(id) ?? byId.get(id.split('_')[0] as string);
      return row === undefined ? [] : [{ ...row, id }];
    });
  }

  named(name: string): Promise<readonly JobRow[]> {
    return this.#queue(['--name', name]);
  }

  async past(which: Parameters<SlurmTransport['past']>[0]): Promise<PastJobs> {
    const source = await this.#records();
    if (source === 'none') return { source, jobs: [] };
    const about =
      'ids' in which
        ? ['-j', wholeOf(which.ids).join(',')]
        : source === 'accounting'
          ? ['--name', which.name, '-S', RECORDS_SINCE]
          : [];
    const kind = source === 'accounting' ? ['-X'] : ['-c'];
    const args = [...kind, '-n', '-P', '-o', RECORD_FORMAT, ...about];
    const result = await this.#call('sacct', args);
    // Its log is often for administrators alone.
    if (result.exitCode !== 0 && source === 'completion log') return { source: 'none', jobs: [] };
    const jobs = parseRecords(answerOf(result, this.#host));
    const isMeant = 'name' in which ? (name: string) => name === which.name : () => true;
    return { source, jobs: jobs.filter(({ name }) => isMeant(name)) };
  }

  async cancel(ids: readonly string[]): Promise<void> {
    for (const some of chunks(ids)) await this.#run('scancel', some);
  }

  async signal(id: string, signal: string): Promise<void> {
    await this.#run('scancel', [`--signal=${signal.replace(/^SIG/, '')}`, id]);
  }

  async nodes(): Promise<readonly SlurmNode[]> {
    return parseNodes((await this.#run('scontrol', ['-o', 'show', 'node'])).stdout);
  }

  async info(): Promise<SlurmInfo> {
    const [config, { stdout }] = await Promise.all([
      this.#configuration(),
      this.#run('scontrol', ['-o', 'show', 'partition']),
    ]);
    return {
      version: config.get('SLURM_VERSION') ?? '',
      cluster: config.get('ClusterName') ?? '',
      partitions: parsePartitions(stdout),
    };
  }

  async limits(): Promise<SlurmLimits> {
    const config = await this.#configuration();
    const seconds = Number.parseInt(config.get('MinJobAge') ?? '0', 10);
    // The index must be less than MaxArraySize.
    return {
      arrayMax: Number(config.get('MaxArraySize') ?? 0),
      shownMs: 1000 * seconds,
    };
  }

  async close(): Promise<void> {}

  get #host(): string {
    return this.#options.runner.host;
  }

  async #queue(about: readonly string[]): Promise<readonly JobRow[]> {
    // `--me` has the controller send what is this user's alone; `-r` a line for each element.
    const args = ['-h', '-r', '--me', '-t', 'all', '-O', QUEUE_FORMAT, ...about];
    const result = await this.#call('squeue', args);
    // Asked about a single one that it does not know, it fails; about several, it leaves them out.
    if (result.exitCode !== 0 && /Invalid job id specified/.test(result.stderr)) return [];
    return parseQueue(answerOf(result, this.#host));
  }

  async #records(): Promise<Records> {
    const config = await this.#configuration();
    if (/slurmdbd/.test(config.get('AccountingStorageType') ?? '')) return 'accounting';
    // sacct reads no other.
    return config.get('JobCompType') === 'jobcomp/filetxt' ? 'completion log' : 'none';
  }

  #configuration(): Promise<ReadonlyMap<string, string>> {
    this.#config ??= this.#run('scontrol', ['show', 'config']).then(
      ({ stdout }) => parseConfig(stdout),
      (error) => {
        this.#config = undefined;
        throw error;
      },
    );
    return this.#config;
  }

  async #run(tool: string, args: readonly string[], how: How = {}): Promise<CommandResult> {
    const result = await this.#call(tool, args, how);
    answerOf(result, this.#host);
    return result;
  }

  async #call(
    tool: string,
    args: readonly string[],
    { input, unset = [], signal }: How = {},
  ): Promise<CommandResult> {
    const { runner, bin, conf, cluster, environment } = this.#options;
    const program = bin === undefined ? tool : `${bin.replace(/\/$/, '')}/${tool}`;
    const where = cluster === undefined ? [] : ['-M', cluster];
    const drop = [...unset, ...defaultsOf(tool, environment)];
    const without = drop.length === 0 ? [] : ['env', ...drop.flatMap((name) => ['-u', name])];
    try {
      return await runner.run([...without, program, ...where, ...args], {
        timeoutMs: ANSWER_MS,
        ...(input !== undefined && { input }),
        ...(signal !== undefined && { signal }),
        environment: { ...TIMES, ...(conf !== undefined && { SLURM_CONF: conf }) },
      });
    } catch (error) {
      throw withWayOut(error, runner.host);
    }
  }
}

/** What a command printed when it did what was asked. */
function answerOf({ exitCode, signal, stdout, stderr }: CommandResult, host: string): string {
  if (exitCode === 0) return stdout;
  if (signal !== undefined) {
    throw new AdaptorError('CONNECTION_LOST', `a command of Slurm was ended by ${signal}`, {
      subject: host,
    });
  }
  // As env says it.
  if (exitCode === 127) throw withWayOut(new AdaptorError('NOT_FOUND', stderr.trim()), host);
  throw refusalOf(stderr.trim() === '' ? stdout : stderr, host);
}

function withWayOut(error: unknown, host: string): unknown {
  if (!(error instanceof PilotError) || error.code !== 'NOT_FOUND') return error;
  return new AdaptorError('NOT_FOUND', error.problem, {
    subject: host,
    hint: 'load the module there, or say in the URL where they are: ?bin=/path/of/its/bin',
    cause: error,
  });
}

/** Variables that would make a command show less than it is asked for, or something else. */
function defaultsOf(tool: string, environment: Environment): readonly string[] {
  if (tool === 'sbatch') return [];
  const prefix = `${tool.toUpperCase()}_`;
  return Object.keys(environment).filter((name) => name.startsWith(prefix));
}

/** What sbatch calls options in the environment, where that is not their name in capitals. */
const VARIABLES: Readonly<Record<string, string>> = {
  array: 'SBATCH_ARRAY_INX',
  mem: 'SBATCH_MEM_PER_NODE',
  time: 'SBATCH_TIMELIMIT',
};
/** Options that the script alone decides. */
const NEVER = ['array', 'input', 'open-mode', 'signal', 'wait'];

/**
 * Variables that would override what the script says, and, where this program itself runs in a job of Slurm's,
 * those of that job, which the new one would inherit.
 */
function misleading(environment: Environment, options: readonly string[]): readonly string[] {
  const decided = new Set(
    [...options, ...NEVER].map(
      (name) => VARIABLES[name] ?? `SBATCH_${name.toUpperCase().replaceAll('-', '_')}`,
    ),
  );
  return Object.keys(environment).filter(
    (name) =>
      decided.has(name) || (/^SLURMD?_/.test(name) && !/^SLURM_(CONF|CLUSTERS|JWT)$/.test(name)),
  );
}

/**
 * By whole arrays: to squeue the id of an element that is gone is an error, and sacct has those that
 * were canceled together under one id.
 */
function wholeOf(ids: readonly string[]): readonly string[] {
  return [...new Set(ids.map((id) => id.split('_')[0] as string))];
}

function* chunks(ids: readonly string[]): Generator<readonly string[]> {
  for (let i = 0; i < ids.length; i += IDS_MAX) yield ids.slice(i, i + IDS_MAX);
}
