/** A slurmrestd that says what a test wants, on a port of its own. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What it was asked. */
export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What it says: JSON, or a text as it is, or whatever a function does with the connection. */
export type Saying =
  | { readonly status?: number; readonly body: unknown }
  | ((response: ServerResponse) => void);

/** One that listens. */
export class FakeSlurmrestd implements AsyncDisposable {
  /** In the order in which they came. */
  readonly questions: Question[] = [];
  readonly #server: Server;

  private constructor(say: (question: Question) => Saying) {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { method = '', url: path = '', headers } = request;
      const question = { method, path, headers, body: Buffer.concat(chunks).toString() };
      this.questions.push(question);
      const saying = say(question);
      if (typeof saying === 'function') return saying(response);
      const { status = 200, body } = saying;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  /** @param place a path for a unix socket; a port of 127.0.0.1 that is free by default */
  static async listen(
    say: (question: Question) => Saying,
    place?: string,
  ): Promise<FakeSlurmrestd> {
    const fake = new FakeSlurmrestd(say);
    await new Promise<void>((resolve) => {
      if (place === undefined) fake.#server.listen(0, '127.0.0.1', resolve);
      else fake.#server.listen(place, resolve);
    });
    return fake;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
