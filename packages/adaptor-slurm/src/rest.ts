/**
 * Slurm by slurmrestd, where a site offers that. There are no arrays: the elements of one that still
 * wait stand in its answers as a text, which is cut at 64 characters, and how many there may be cannot
 * be asked. Nor can how long the queue shows what is over.
 */
import { userInfo } from 'node:os';
import { AdaptorError, type ConnectContext, isLoopback, PilotError } from '@pstar/core/adaptor';
import { readRestAddress } from './rest-address.ts';
import {
  readJobs,
  readMeta,
  readNodes,
  readPartitions,
  readRecords,
  readSubmitted,
} from './rest-answers.ts';
import { NEW_TOKEN, type RestAnswer, RestClient, type RestRequest } from './rest-client.ts';
import { errorOf, type RestRefusal, refusalIn, SLURM_ERRORS } from './rest-refusals.ts';
import { submission } from './rest-submission.ts';
import { findCredentials } from './rest-token.ts';
import { chooseVersion, type RestVersion } from './rest-version.ts';
import type {
  JobRow,
  PastJobs,
  SlurmInfo,
  SlurmJob,
  SlurmLimits,
  SlurmNode,
  SlurmTransport,
} from './transport.ts';

const { UNSPECIFIED, NO_ANSWER, INVALID_JOB_ID, ALREADY_DONE, NOTHING_FOUND } = SLURM_ERRORS;

/** So many jobs are asked for one by one; for more, all of the cluster's are, some 4 kB each. */
const SINGLY_MAX = 4;

/** What a shell of this user has, and all that a batch script is given. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG'];

/**
 * Connects to the slurmrestd of a `slurm+http://`, `slurm+https://` or `slurm+unix://` URL. Whether
 * slurmctld takes the token is not known before something is asked: slurmrestd hands it on.
 *
 * @throws PilotError `URL_INVALID`, `AUTHENTICATION_FAILED`, `RESOURCE_MANAGER_UNREACHABLE`,
 *   `PROTOCOL_MISMATCH`
 */
export async function connectRest(
  rm: URL,
  { security, clock, log }: Pick<ConnectContext, 'security' | 'clock' | 'log'>,
): Promise<SlurmTransport> {
  const address = readRestAddress(rm);
  const sources = {
    ...(security !== undefined && { security }),
    urlUser: decodeURIComponent(rm.username),
    environment: process.env,
    clock,
  };
  // On a socket the kernel says who asks; SLURM_JWT may be there for the commands.
  const isSocket = 'socketPath' in address;
  const wantsToken = !isSocket || (security?.userPass ?? security?.userKey) !== undefined;
  const credentials = async () => (wantsToken ? findCredentials(sources) : undefined);
  const client = new RestClient(address, { clock, credentials });
  if (!isSocket && !address.secure && !isLoopback(address.host)) {
    log.warn(`slurmrestd at ${client.subject}: the token travels in the clear; better is https`);
  }
  try {
    const { body } = await client.ask({ method: 'GET', path: '/openapi/v3' });
    const version = chooseVersion(body, client.subject);
    const who = (await credentials())?.user;
    return new RestTransport(client, version, batchEnvironment(who));
  } catch (error) {
    client.close();
    throw error;
  }
}

/** A connection to one slurmrestd. */
class RestTransport implements SlurmTransport {
  readonly #client: RestClient;
  readonly #version: RestVersion;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(
    client: RestClient,
    version: RestVersion,
    environment: Readonly<Record<string, string>>,
  ) {
    this.#client = client;
    this.#version = version;
    this.#environment = environment;
  }

  async submit(job: SlurmJob, signal?: AbortSignal): Promise<number> {
    const body = submission(job, this.#version, this.#environment);
    const request: RestRequest = { method: 'POST', path: this.#path('/job/submit'), body };
    const answer = await this.#done({ ...request, ...(signal !== undefined && { signal }) });
    const id = readSubmitted(answer);
    if (id !== undefined) return id;
    const problem = 'slurmrestd: a submission was answered without an id';
    throw new AdaptorError('ADAPTOR_FAILED', problem, { subject: this.#client.subject });
  }

  async list(ids: readonly string[]): Promise<readonly JobRow[]> {
    const wanted = new Set(ids.map(checkedId));
    const isWanted = ({ id }: JobRow) => wanted.has(id);
    if (wanted.size > SINGLY_MAX) return (await this.#jobs('/jobs')).filter(isWanted);
    const bases = [...new Set([...wanted].map(baseOf))];
    const found = await Promise.all(bases.map((id) => this.#jobs(`/job/${id}`)));
    return found.flat().filter(isWanted);
  }

  async named(name: string): Promise<readonly JobRow[]> {
    return (await this.#jobs('/jobs')).filter((row) => row.name === name);
  }

  async past(
    which: { readonly ids: readonly string[] } | { readonly name: string },
  ): Promise<PastJobs> {
    const { name: version, hasRecords } = this.#version;
    if (!hasRecords) return { source: 'none', jobs: [] };
    // One by one: slurmrestd of 22.05 dies of a list of ids (`fatal: Bad job/step specified`).
    const paths =
      'name' in which
        ? [`/jobs?job_name=${encodeURIComponent(which.name)}`]
        : which.ids.map((id) => `/job/${checkedId(id)}`);
    const { subject } = this.#client;
    const found = paths.map(async (path) => {
      const request: RestRequest = { method: 'GET', path: `/slurmdb/${version}${path}` };
      const body = await this.#done(request, [NOTHING_FOUND, INVALID_JOB_ID]);
      return body === undefined ? [] : readRecords(body, subject);
    });
    return { source: 'accounting', jobs: (await Promise.all(found)).flat() };
  }

  async cancel(ids: readonly string[]): Promise<void> {
    // All of them are asked for, also when one fails.
    const outcomes = await Promise.allSettled(ids.map((id) => this.#kill(id, '')));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async signal(id: string, signal: string): Promise<void> {
    const name = signal.replace(/^SIG/, '');
    const path = this.#path(`/job/${checkedId(id)}?signal=${encodeURIComponent(name)}`);
    await this.#done({ method: 'DELETE', path });
  }

  async nodes(): Promise<readonly SlurmNode[]> {
    return readNodes(await this.#get('/nodes'), this.#client.subject);
  }

  async info(): Promise<SlurmInfo> {
    const body = await this.#get('/partitions');
    const { subject } = this.#client;
    return { ...readMeta(body, subject), partitions: readPartitions(body, subject) };
  }

  async limits(): Promise<SlurmLimits> {
    return { arrayMax: 0, shownMs: 0 };
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #jobs(path: string): Promise<readonly JobRow[]> {
    const request: RestRequest = { method: 'GET', path: this.#path(path) };
    const body = await this.#done(request, [INVALID_JOB_ID]);
    return body === undefined ? [] : readJobs(body, this.#client.subject);
  }

  async #kill(id: string, query: string): Promise<void> {
    const path = this.#path(`/job/${checkedId(id)}${query}`);
    await this.#done({ method: 'DELETE', path }, [INVALID_JOB_ID, ALREADY_DONE]);
  }

  #get(path: string): Promise<unknown> {
    return this.#done({ method: 'GET', path: this.#path(path) });
  }

  #path(path: string): string {
    return `/slurm/${this.#version.name}${path}`;
  }

  /** The answer, or undefined when it is one of the refusals that are no errors. */
  async #done(request: RestRequest, harmless: readonly number[] = []): Promise<unknown> {
    const answer = await this.#client.ask(request);
    const refusal = refusalIn(answer);
    if (refusal === undefined) return answer.body;
    if (refusal.numbers.some((number) => harmless.includes(number))) return undefined;
    throw await this.#explain(refusal, answer);
  }

  /**
   * With 22.05 all that reads says `Unspecified error` (-1), whether slurmctld is gone, hangs, or does
   * not take the token; what changes something says which, but of a bad token only that there was no
   * answer (5005). So job 0, which there never is, is told to go on.
   */
  async #explain(refusal: RestRefusal, { hadToken }: RestAnswer): Promise<PilotError> {
    const { subject } = this.#client;
    const { numbers } = refusal;
    const isMute = numbers.includes(NO_ANSWER) && hadToken;
    if (refusal.isMisread || !(isMute || numbers.includes(UNSPECIFIED))) {
      return errorOf(refusal, subject);
    }
    const path = this.#path('/job/0?signal=CONT');
    const probed = refusalIn(await this.#client.ask({ method: 'DELETE', path }));
    if (hadToken && probed?.numbers.includes(NO_ANSWER)) {
      const problem = 'slurmctld does not take this token';
      return new PilotError('AUTHENTICATION_FAILED', problem, { subject, hint: NEW_TOKEN });
    }
    if (probed !== undefined && !probed.numbers.includes(INVALID_JOB_ID)) {
      return errorOf(probed, subject);
    }
    const problem = `slurmctld gave slurmrestd no answer: ${refusal.said}`;
    return new AdaptorError('CONNECTION_LOST', problem, { subject });
  }
}

/** What this user's shells have here; only the path when the jobs are another user's. */
function batchEnvironment(user: string | undefined): Readonly<Record<string, string>> {
  const names = (user ?? userInfo().username) === userInfo().username ? INHERITED : ['PATH'];
  const found = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries([['PATH', '/usr/local/bin:/usr/bin:/bin'], ...found]);
}

function baseOf(id: string): string {
  return id.split('_')[0] as string;
}

/** Ids go into paths, and some versions of slurmrestd die of others. */
function checkedId(id: string): string {
  if (/^\d+(_\d+)?$/.test(id)) return id;
  throw new PilotError('NOT_FOUND', 'this is no id of a job of Slurm', { subject: id });
}
