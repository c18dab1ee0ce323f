/**
 * Grid Engine's commands, which know what its DRMAA library does not tell: all states in one answer,
 * the hosts, why something is in an error state, and what has become of what a session has forgotten.
 */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import {
  AdaptorError,
  type CommandResult,
  type CommandRunner,
  PilotError,
} from '@pstar/core/adaptor';
import type { ParallelEnvironment } from '../parallel-environments.ts';
import {
  type AccountingRecord,
  parseAccounting,
  parseEnvironment,
  parseNames,
  parseQueue,
  parseQueueHosts,
  parseReasons,
  type QueueRow,
} from './outputs.ts';

/** How the commands are found, and which cell they are about. */
export interface GridEngineCommandsOptions {
  readonly runner: CommandRunner;
  readonly bin?: string | undefined;
  /** Over that of this program. */
  readonly environment: Readonly<Record<string, string>>;
}

/** They give up by themselves after a minute or so. */
const ANSWER_MS = 60_000;
/** One question for each of a few; the whole of the accounting for more. */
const SINGLE_MAX = 3;
/** Older records are not looked for. */
const RECORDS_DAYS = 30;

/** Asks Grid Engine by qstat, qacct and qconf. */
export class GridEngineCommands {
  readonly #options: GridEngineCommandsOptions;
  #environments: Promise<readonly ParallelEnvironment[]> | undefined;

  constructor(options: GridEngineCommandsOptions) {
    this.#options = options;
  }

  /** All of this user that are in the queue, with every host of them if that is asked for. */
  async queue(withHosts: boolean): Promise<readonly QueueRow[]> {
    const hosts = withHosts ? ['-g', 't'] : [];
    const { stdout } = await this.#run('qstat', ['-xml', '-u', userInfo().username, ...hosts]);
    return parseQueue(stdout);
  }

  /** Why these are in an error state. */
  async reasons(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    const { stdout } = await this.#run('qstat', ['-xml', '-j', ids.join(',')]);
    return parseReasons(stdout);
  }

  /**
   * Who holds what of this user is held, by id, in qrls's letters: `u` a user, `o` an operator, `s` the system.
   * What waits for others to be over is held by nobody.
   */
  async holds(): Promise<ReadonlyMap<string, string>> {
    const ask = ['-xml', '-u', userInfo().username];
    const asked = ['u', 'o', 's'].map(async (letter) => {
      const { stdout } = await this.#run('qstat', [...ask, '-s', `h${letter}`]);
      return { letter, rows: parseQueue(stdout) };
    });
    const holds = new Map<string, string>();
    for (const { letter, rows } of await Promise.all(asked)) {
      for (const { id } of rows) holds.set(id, `${holds.get(id) ?? ''}${letter}`);
    }
    return holds;
  }

  /** The hosts of which Grid Engine has not heard for its `max_unheard`. */
  async unheardHosts(): Promise<readonly string[]> {
    return parseQueueHosts((await this.#run('qstat', ['-f', '-qs', 'u', '-xml'])).stdout);
  }

  /** What the accounting has of these; it may have it some seconds after the end only. */
  async records(ids: readonly string[]): Promise<readonly AccountingRecord[]> {
    if (ids.length === 0) return [];
    const questions = ids.length > SINGLE_MAX ? [this.#allOfUser()] : ids.map((id) => ['-j', id]);
    const found = await Promise.all(questions.map((args) => this.#records(args)));
    return found.flat().filter(({ id }) => ids.includes(id));
  }

  /** The id of one with exactly this name, which may be over. */
  async named(name: string): Promise<string | undefined> {
    const row = (await this.queue(false)).find((each) => each.name === name);
    if (row !== undefined) return row.id;
    return (await this.#records(['-j', name])).findLast((each) => each.name === name)?.id;
  }

  /** The parallel environments that there are; asked for once. */
  environments(): Promise<readonly ParallelEnvironment[]> {
    this.#environments ??= this.#askEnvironments().catch((error) => {
      this.#environments = undefined;
      throw error;
    });
    return this.#environments;
  }

  /** The queues that there are. */
  async queues(): Promise<readonly string[]> {
    return parseNames((await this.#run('qconf', ['-sql'])).stdout);
  }

  /** The execution hosts that there are. */
  async hosts(): Promise<readonly string[]> {
    return parseNames((await this.#run('qconf', ['-sel'])).stdout);
  }

  async #askEnvironments(): Promise<readonly ParallelEnvironment[]> {
    const names = await this.#call('qconf', ['-spl']);
    // It is an error to have none.
    if (/no parallel environment defined/.test(names.stderr)) return [];
    const each = parseNames(this.#answerOf('qconf', names).stdout).map((name) =>
      this.#run('qconf', ['-sp', name]),
    );
    return (await Promise.all(each)).map(({ stdout }) => parseEnvironment(stdout));
  }

  /** Of the last days only, as it reads all of that time. */
  #allOfUser(): string[] {
    return ['-o', userInfo().username, '-d', String(RECORDS_DAYS), '-j'];
  }

  async #records(args: readonly string[]): Promise<readonly AccountingRecord[]> {
    const result = await this.#call('qacct', args);
    // `error: job id 6 not found`, also where the accounting is still empty.
    if (/not found|No such file/.test(result.stderr)) return [];
    return parseAccounting(this.#answerOf('qacct', result).stdout);
  }

  async #run(tool: string, args: readonly string[]): Promise<CommandResult> {
    return this.#answerOf(tool, await this.#call(tool, args));
  }

  async #call(tool: string, args: readonly string[]): Promise<CommandResult> {
    const { runner, bin, environment } = this.#options;
    const program = bin === undefined ? tool : join(bin, tool);
    try {
      return await runner.run([program, ...args], { timeoutMs: ANSWER_MS, environment });
    } catch (error) {
      if (!(error instanceof PilotError) || error.code !== 'NOT_FOUND') throw error;
      throw new AdaptorError('NOT_FOUND', error.problem, {
        subject: runner.host,
        hint: 'put it into PATH, or say in the URL where it is: ?bin=/path/of/its/bin',
        cause: error,
      });
    }
  }

  #answerOf(tool: string, result: CommandResult): CommandResult {
    const { exitCode, signal, stdout, stderr } = result;
    if (exitCode === 0) return result;
    const subject = this.#options.runner.host;
    if (signal !== undefined) {
      throw new AdaptorError('CONNECTION_LOST', `${tool} was ended by ${signal}`, { subject });
    }
    const said = (stderr.trim() || stdout.trim()).replace(/^error: /, '');
    const isAway =
      /commlib|unable to (send message|contact)|can't (connect|resolve)|got (send|select) error|connection refused/i;
    if (isAway.test(said)) {
      const hint = 'see whether sge_qmaster runs (qping), and try again';
      throw new AdaptorError('RESOURCE_MANAGER_UNREACHABLE', said, { subject, hint });
    }
    throw new AdaptorError('ADAPTOR_FAILED', said || `${tool} has ended with ${exitCode}`, {
      subject,
    });
  }
}
