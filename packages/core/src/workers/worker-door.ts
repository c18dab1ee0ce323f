/**
 * Where an agent's workers dial in: a socket in a directory that is the user's alone, at which a
 * worker shows the token that it was given in a file.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../runtime/log.ts';
import { makeDirectorySync } from '../runtime/make-directory.ts';
import { randomSecret } from '../runtime/random.ts';
import { FrameSocket } from './frame-socket.ts';
import { readFromWorker } from './read-message.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts';

/** The path of a socket has at most 107 bytes on Linux; some of them are its own name's. */
const LONGEST_DIRECTORY = 100;
const TOKEN_BYTES = 16;

/** The agent's end of a worker's connection. */
export type WorkerLink = FrameSocket<FromWorker, ToWorker>;

/** Who is told of a connection. */
export interface Guest {
  connected(link: WorkerLink, pid: number): void;
  receive(message: FromWorker, body: Buffer): void;
  /** What it has said is no message, as this says in half a sentence: it is not heard any more. */
  broken(problem: string): void;
  disconnected(): void;
}

/** What a worker is invited with. */
export interface Invitation {
  /** Its settings; it empties the file and leaves its marks there. */
  readonly file: string;
  /** The same, open: the file is gone once the worker has it. */
  readonly fd: number;
}

/** Lets the workers of one agent in. */
export class WorkerDoor {
  /** Of all that workers have on disk; nobody else may look into it. */
  readonly directory: string;
  readonly #token = randomSecret(TOKEN_BYTES).toString('hex');
  readonly #guests = new Map<number, Guest>();
  readonly #files = new Map<number, string>();
  readonly #server: Server;
  readonly #socket: string;
  readonly #log: Log;

  private constructor(directory: string, server: Server, socket: string, log: Log) {
    this.directory = directory;
    this.#server = server;
    this.#socket = socket;
    this.#log = log;
    server.on('connection', (connection) => this.#admit(connection));
  }

  /**
   * Opens one below `root`; its socket is elsewhere if the path is too long, or none can be made there.
   *
   * @throws Error that says where none could be made.
   */
  static open(root: string, log: Log): WorkerDoor {
    makeDirectorySync(root);
    const directory = mkdtempSync(join(root, 'workers-'));
    const server = createServer();
    if (Buffer.byteLength(directory) <= LONGEST_DIRECTORY) {
      const socket = join(directory, 'agent');
      if (listens(server, socket)) return new WorkerDoor(directory, server, socket, log);
    }
    const short = mkdtempSync(join(tmpdir(), 'pstar-'));
    const socket = join(short, 'agent');
    if (listens(server, socket)) return new WorkerDoor(directory, server, socket, log);
    rmSync(short, { recursive: true, force: true });
    throw new Error(`workers cannot be reached: no socket can be made in ${directory} or ${short}`);
  }

  /**
   * Expects a worker, and writes what it is to be started with.
   *
   * @throws Error of the system's where it cannot be written; it is to be forgotten then.
   */
  invite(
    guest: Guest,
    settings: Omit<WorkerSettings, 'socket' | 'token'> & { readonly worker: number },
  ): Invitation {
    const { worker } = settings;
    const file = join(this.directory, `${worker}.settings`);
    const fd = openSync(file, 'wx+', 0o600);
    this.#files.set(worker, file);
    try {
      writeSync(fd, JSON.stringify({ ...settings, socket: this.#socket, token: this.#token }));
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    this.#guests.set(worker, guest);
    return { file, fd };
  }

  /** It will not come any more; `fd` is -1 of one that could not be invited. */
  forget(worker: number, fd: number): void {
    if (fd >= 0) closeSync(fd);
    this.#guests.delete(worker);
    this.#removeFile(worker);
  }

  #removeFile(worker: number): void {
    const file = this.#files.get(worker);
    if (this.#files.delete(worker) && file !== undefined) rmSync(file, { force: true });
  }

  #admit(connection: Socket): void {
    let guest: Guest | undefined;
    const link: WorkerLink = new FrameSocket<FromWorker, ToWorker>(connection, {
      read: readFromWorker,
      received: (message, body) => {
        if (guest) guest.receive(message, body);
        else guest = this.#greet(message, link);
      },
      broken: (problem) => {
        this.#log.warn({ problem }, 'what a worker has sent is no message');
        guest?.broken(problem);
      },
      closed: () => guest?.disconnected(),
    });
  }

  #greet(message: FromWorker, link: WorkerLink): Guest | undefined {
    const guest =
      message.type === 'hello' && message.token === this.#token
        ? this.#guests.get(message.worker)
        : undefined;
    if (!guest || message.type !== 'hello') {
      this.#log.warn('somebody who is no worker has dialed the socket of workers');
      link.destroy();
      return undefined;
    }
    const { worker, pid } = message;
    this.#guests.delete(worker);
    this.#removeFile(worker);
    guest.connected(link, pid);
    return guest;
  }

  /** All workers must be gone. */
  async close(): Promise<void> {
    this.#server.close();
    await rm(this.directory, { recursive: true, force: true }).catch(() => {});
    if (!this.#socket.startsWith(this.directory)) {
      await rm(join(this.#socket, '..'), { recursive: true, force: true }).catch(() => {});
    }
  }
}

/** A socket with a path listens at once, or never; only why not is said later. */
function listens(server: Server, path: string): boolean {
  server.on('error', () => {});
  server.listen(path);
  return server.listening;
}
