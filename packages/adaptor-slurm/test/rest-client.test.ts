import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Timer } from '@pstar/core/adaptor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RestClient, type RestClientOptions } from '../src/rest-client.ts';
import { FakeSlurmrestd, type Question, type Saying } from './fake-slurmrestd.ts';

/** Whose timers are due when a test says so. */
class HandClock {
  readonly calls = new Set<() => void>();
  readonly clock = { now: () => 0, monotonic: () => 0, after: this.#after.bind(this) } as Clock;

  strike(): void {
    for (const call of this.calls) call();
  }

  #after(_ms: number, call: () => void): Timer {
    this.calls.add(call);
    return { cancel: () => this.calls.delete(call) };
  }
}

const JOBS = { method: 'GET', path: '/slurm/v0.0.38/jobs' } as const;
const none = async () => undefined;

describe('a client of slurmrestd', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'pstar-rest-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const clientOf = (port: number, options: Partial<RestClientOptions> = {}) =>
    new RestClient(
      { secure: false, host: '127.0.0.1', port },
      { clock: new HandClock().clock, credentials: none, ...options },
    );
  const listen = (say: (question: Question) => Saying) => FakeSlurmrestd.listen(say);
  /** Settles with what goes wrong. */
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error) => error,
    );

  it('asks over a unix socket', async () => {
    const socketPath = join(directory, 'rest.sock');
    await using fake = await FakeSlurmrestd.listen(() => ({ body: { jobs: [] } }), socketPath);
    const client = new RestClient(
      { socketPath },
      { clock: new HandClock().clock, credentials: none },
    );
    expect(await client.ask(JOBS)).toEqual({ status: 200, body: { jobs: [] }, hadToken: false });
    expect(fake.questions).toMatchObject([{ method: 'GET', path: '/slurm/v0.0.38/jobs' }]);
    expect(fake.questions[0]?.headers).not.toHaveProperty('x-slurm-user-token');
  });

  it('sends JSON, and the token in its headers', async () => {
    await using fake = await listen(() => ({ body: {} }));
    const credentials = async () => ({ user: 'ann', token: 'e30.e30.x' });
    const body = { script: 'π' };
    await clientOf(fake.port, { credentials }).ask({ method: 'POST', path: '/x', body });
    const [question] = fake.questions;
    expect(JSON.parse(question?.body ?? '')).toEqual(body);
    expect(question?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-slurm-user-name': 'ann',
      'x-slurm-user-token': 'e30.e30.x',
      // With `close`, slurmrestd of 22.05 writes more than HTTP.
      connection: 'keep-alive',
    });
  });

  it('gives answers of every status, and the token is none of their business', async () => {
    await using fake = await listen(() => ({ status: 500, body: { errors: [] } }));
    expect(await clientOf(fake.port).ask(JOBS)).toMatchObject({ status: 500 });
  });

  it('says that a token is wanted, or refused, without showing it', async () => {
    await using fake = await listen(() => ({ status: 401, body: 'Authentication failure' }));
    const without = await failure(clientOf(fake.port).ask(JOBS));
    expect(without).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      problem: 'slurmrestd wants a token',
    });
    const credentials = async () => ({ user: 'ann', token: 'e30.hunter2.x' });
    const refused = await failure(clientOf(fake.port, { credentials }).ask(JOBS));
    expect(refused).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(`${refused.stack}${JSON.stringify(refused)}`).not.toContain('hunter2');
  });

  it.each([
    ['a page of a proxy', '<html>Bad gateway</html>', /answered 502 with '<html>Bad gateway/],
    ['half an answer', '{"jobs":', /answered 502 with '{"jobs":'/],
    ['nothing', '', /answered 502 with nothing/],
  ])('takes %s for no answer', async (_, body, problem) => {
    await using fake = await listen(() => ({ status: 502, body }));
    expect(await failure(clientOf(fake.port).ask(JOBS))).toMatchObject({
      code: 'ADAPTOR_FAILED',
      problem: expect.stringMatching(problem),
    });
  });

  it('reads no answer that has no end', async () => {
    const endless = (response: { write(text: string): boolean; destroyed: boolean }) => {
      const more = () => {
        if (response.destroyed) return;
        response.write('x'.repeat(10_000));
        setImmediate(more);
      };
      more();
    };
    await using fake = await listen(() => endless);
    const client = clientOf(fake.port, { answerBytesMax: 100_000 });
    expect(await failure(client.ask(JOBS))).toMatchObject({
      code: 'ADAPTOR_FAILED',
      problem: "slurmrestd's answer is longer than 100000 bytes",
    });
  });

  it('gives up when its time is over, also in the middle of an answer', async () => {
    for (const hang of [
      () => {},
      (response: { write(text: string): void }) => response.write('{'),
    ]) {
      const hand = new HandClock();
      let asked = () => {};
      const isAsked = new Promise<void>((resolve) => {
        asked = resolve;
      });
      await using fake = await listen(() => (response) => {
        hang(response);
        asked();
      });
      const asking = failure(clientOf(fake.port, { clock: hand.clock, timeoutMs: 5000 }).ask(JOBS));
      await isAsked;
      hand.strike();
      expect(await asking).toMatchObject({
        code: 'TIMEOUT',
        problem: 'no answer from slurmrestd in 5 s',
      });
      expect(hand.calls.size).toBe(0);
    }
  });

  it('gives up when its caller does, and when it is closed', async () => {
    const caller = new AbortController();
    let asked = () => {};
    await using fake = await listen(() => () => asked());
    const client = clientOf(fake.port);
    const isAsked = () =>
      new Promise<void>((resolve) => {
        asked = resolve;
      });
    let waiting = isAsked();
    const given = failure(client.ask({ ...JOBS, signal: caller.signal }));
    await waiting;
    caller.abort();
    expect(await given).toMatchObject({ code: 'ABORTED' });
    waiting = isAsked();
    const closed = failure(client.ask(JOBS));
    await waiting;
    client.close();
    expect(await closed).toMatchObject({ code: 'ABORTED' });
    expect(await failure(client.ask(JOBS))).toMatchObject({ code: 'ABORTED' });
    expect(fake.questions).toHaveLength(2);
  });

  it('says whether nobody was reached, or the connection was lost', async () => {
    const port = await portOfNobody();
    expect(await failure(clientOf(port).ask(JOBS))).toMatchObject({
      code: 'RESOURCE_MANAGER_UNREACHABLE',
      problem: 'nobody listens there: ECONNREFUSED',
      subject: `http://127.0.0.1:${port}`,
    });
    const socketPath = join(directory, 'nobody.sock');
    const options = { clock: new HandClock().clock, credentials: none };
    expect(await failure(new RestClient({ socketPath }, options).ask(JOBS))).toMatchObject({
      code: 'RESOURCE_MANAGER_UNREACHABLE',
      subject: socketPath,
    });
    await using fake = await listen(() => (response) => response.destroy());
    expect(await failure(clientOf(fake.port).ask(JOBS))).toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('takes what speaks no HTTP for a lost connection', async () => {
    const server = createServer((socket) => socket.resume().end('220 mail.example ESMTP\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await failure(clientOf(port).ask(JOBS))).toMatchObject({ code: 'CONNECTION_LOST' });
    await new Promise((resolve) => server.close(resolve));
  });

  it('knows a port that speaks no TLS', async () => {
    await using fake = await listen(() => (response) => response.destroy());
    const address = { secure: true, host: '127.0.0.1', port: fake.port };
    const options = { clock: new HandClock().clock, credentials: none };
    const error = await failure(new RestClient(address, options).ask(JOBS));
    expect(error).toMatchObject({
      code: 'RESOURCE_MANAGER_UNREACHABLE',
      message: `what listens there does not speak TLS (https://127.0.0.1:${fake.port}); write slurm+http:// where that is a plain port`,
    });
  });

  it('asks eight questions at once, and all of two hundred', async () => {
    const open = new Set<ServerResponse>();
    let most = 0;
    await using fake = await listen(({ path }) => (response) => {
      if (path === '/barrier') {
        // Whatever was asked together with the first of them is there by now.
        for (const each of [response, ...open]) each.end('{}');
        open.clear();
        return;
      }
      open.add(response);
      most = Math.max(most, open.size);
      if (open.size === 1) void clientOf(fake.port).ask({ method: 'GET', path: '/barrier' });
    });
    const client = clientOf(fake.port);
    const answers = await Promise.all(Array.from({ length: 200 }, () => client.ask(JOBS)));
    expect(answers).toHaveLength(200);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });
});

/** A port on which somebody has listened. */
async function portOfNobody(): Promise<number> {
  await using fake = await FakeSlurmrestd.listen(() => ({ body: {} }));
  return fake.port;
}
