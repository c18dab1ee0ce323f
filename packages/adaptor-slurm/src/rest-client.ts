/**
 * HTTP with a slurmrestd, over a unix socket or TCP: requests that end, answers that are bounded. What
 * is asked and what an answer means is none of its business.
 */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { AdaptorError, type Clock, PilotError } from '@pstar/core/adaptor';
import { addressText, type RestAddress } from './rest-address.ts';
import { type Credentials, tokenMissing } from './rest-token.ts';

/** One question to slurmrestd. */
export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `/slurm/v0.0.38/jobs` */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

/** An answer, of whatever status. */
export interface RestAnswer {
  readonly status: number;
  /** Parsed JSON. */
  readonly body: unknown;
  /** Whether it was asked with a token. */
  readonly hadToken: boolean;
}

/** How a client works. */
export interface RestClientOptions {
  readonly clock: Clock;
  /** Asked before each request. */
  readonly credentials: () => Promise<Credentials | undefined>;
  /** 60 s by default: slurmrestd itself waits for slurmctld, 10 s and more. */
  readonly timeoutMs?: number;
  /** 256 MiB by default: some 4 kB for each job of the cluster. */
  readonly answerBytesMax?: number;
}

/** More than this at once would take the connections of others: slurmrestd has 124 by default. */
const CONNECTIONS_MAX = 8;

/**
 * Connections are used again within a burst: slurmrestd is slow to let go of one, and refuses more. They
 * are not kept for later, when it might close one just as a question sets out on it. Nor is it asked to
 * close one: that of 22.05 then writes so behind the answer, which is no HTTP.
 */
const REUSE = { keepAlive: true, timeout: 500 };

const GIVEN_UP = 'given up by its caller';

const UNREACHABLE = [
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
];

/** A client of one slurmrestd. */
export class RestClient {
  /** The address, for messages. */
  readonly subject: string;
  readonly #address: RestAddress;
  readonly #options: RestClientOptions;
  readonly #agent: HttpAgent;
  readonly #underWay = new Set<() => void>();
  readonly #waiting: (() => void)[] = [];
  #free = CONNECTIONS_MAX;
  #isClosed = false;

  constructor(address: RestAddress, options: RestClientOptions) {
    this.subject = addressText(address);
    this.#address = address;
    this.#options = options;
    const isSecure = 'secure' in address && address.secure;
    this.#agent = isSecure ? new HttpsAgent(REUSE) : new HttpAgent(REUSE);
  }

  /**
   * Asks once, and never again by itself.
   *
   * @throws PilotError `RESOURCE_MANAGER_UNREACHABLE` when nobody listens: then nothing was asked.
   *   `TIMEOUT`, `CONNECTION_LOST` and `ADAPTOR_FAILED` (an answer that is no JSON, or has no end)
   *   leave open whether it was done. `AUTHENTICATION_FAILED`, `PERMISSION_DENIED`; `ABORTED` by its
   *   signal and by {@link close}
   */
  async ask(request: RestRequest): Promise<RestAnswer> {
    const credentials = await this.#options.credentials();
    await this.#turn();
    try {
      return this.#read(await this.#send(request, credentials), credentials !== undefined);
    } finally {
      this.#free++;
      this.#waiting.shift()?.();
    }
  }

  /** Gives up what is under way. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const giveUp of this.#underWay) giveUp();
    this.#agent.destroy();
  }

  async #turn(): Promise<void> {
    while (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#free--;
  }

  async #send(
    { method, path, body, signal }: RestRequest,
    credentials: Credentials | undefined,
  ): Promise<{ status: number; text: string }> {
    const { clock, timeoutMs = 60_000 } = this.#options;
    const limit = new AbortController();
    const giveUp = () => limit.abort(new PilotError('ABORTED', GIVEN_UP, this.#about()));
    const timer = clock.after(timeoutMs, () => {
      const problem = `no answer from slurmrestd in ${timeoutMs / 1000} s`;
      limit.abort(new AdaptorError('TIMEOUT', problem, this.#about()));
    });
    if (this.#isClosed || signal?.aborted) giveUp();
    this.#underWay.add(giveUp);
    signal?.addEventListener('abort', giveUp, { once: true });
    const content = body === undefined ? undefined : JSON.stringify(body);
    const headers = headersOf(content, credentials);
    try {
      const options = { method, path, headers, agent: this.#agent, signal: limit.signal };
      return await this.#exchange(options, content);
    } catch (error) {
      if (limit.signal.aborted) throw limit.signal.reason;
      throw error instanceof PilotError ? error : this.#connectionError(error as NodeError);
    } finally {
      timer.cancel();
      this.#underWay.delete(giveUp);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  #exchange(options: RequestOptions, content: string | undefined) {
    const { answerBytesMax = 256 * 1024 * 1024 } = this.#options;
    return new Promise<{ status: number; text: string }>((resolve, reject) => {
      const take = (answer: IncomingMessage) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes <= answerBytesMax) return;
          const problem = `slurmrestd's answer is longer than ${answerBytesMax} bytes`;
          reject(new AdaptorError('ADAPTOR_FAILED', problem, this.#about()));
          answer.destroy();
        });
        answer.on('error', reject);
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      };
      const request =
        'socketPath' in this.#address
          ? httpRequest({ ...options, socketPath: this.#address.socketPath }, take)
          : (this.#address.secure ? httpsRequest : httpRequest)(
              { ...options, host: this.#address.host, port: this.#address.port },
              take,
            );
      request.on('error', reject);
      request.end(content);
    });
  }

  #read({ status, text }: { status: number; text: string }, hadToken: boolean): RestAnswer {
    if (status === 401 || status === 403) {
      if (!hadToken) throw tokenMissing(this.subject);
      const problem = 'slurmrestd does not take this token';
      throw new PilotError('AUTHENTICATION_FAILED', problem, this.#about(NEW_TOKEN));
    }
    try {
      return { status, body: JSON.parse(text), hadToken };
    } catch (cause) {
      const start = text.trim().slice(0, 200);
      const words = start === '' ? 'nothing' : `'${start}'`;
      const problem = `slurmrestd answered ${status} with ${words}`;
      throw new AdaptorError('ADAPTOR_FAILED', problem, { ...this.#about(), cause });
    }
  }

  #connectionError(cause: NodeError): PilotError {
    const { code = '', message } = cause;
    if (code === 'EACCES' || code === 'EPERM') {
      const hint = 'ask who runs slurmrestd to let this user use its socket';
      return new AdaptorError(
        'PERMISSION_DENIED',
        'the socket of slurmrestd is not open to this user',
        {
          ...this.#about(hint),
          cause,
        },
      );
    }
    if (UNREACHABLE.includes(code)) {
      const hint = 'start slurmrestd, or correct the address';
      const problem = `nobody listens there: ${code}`;
      return new AdaptorError('RESOURCE_MANAGER_UNREACHABLE', problem, {
        ...this.#about(hint),
        cause,
      });
    }
    if (/wrong version number/.test(message)) {
      const hint = 'write slurm+http:// where that is a plain port';
      const problem = 'what listens there does not speak TLS';
      return new AdaptorError('RESOURCE_MANAGER_UNREACHABLE', problem, {
        ...this.#about(hint),
        cause,
      });
    }
    if (isTls(code)) {
      const hint = 'set NODE_EXTRA_CA_CERTS to the certificate of its authority';
      const problem = `its certificate is not trusted: ${message.trim()}`;
      return new AdaptorError('RESOURCE_MANAGER_UNREACHABLE', problem, {
        ...this.#about(hint),
        cause,
      });
    }
    const problem = `the connection to slurmrestd was lost: ${message}`;
    return new AdaptorError('CONNECTION_LOST', problem, { ...this.#about(), cause });
  }

  #about(hint?: string) {
    return { subject: this.subject, ...(hint !== undefined && { hint }) };
  }
}

/** Said of a token that was refused. */
export const NEW_TOKEN = 'get a new one by `scontrol token`; its user must be the userId';

type NodeError = Error & { readonly code?: string };

function headersOf(content: string | undefined, credentials: Credentials | undefined) {
  return {
    accept: 'application/json',
    ...(content !== undefined && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(content),
    }),
    ...(credentials !== undefined && {
      'x-slurm-user-name': credentials.user,
      'x-slurm-user-token': credentials.token,
    }),
  };
}

/** Refused before anything was asked. */
function isTls(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|^EPROTO$/.test(code);
}
