/**
 * The program of a worker, a process or a thread: `agent.mjs --worker SETTINGS`. It loads a module,
 * dials its agent and calls what it is told to. It ends when its agent is gone.
 */
import { closeSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { WORKER_NAME } from '../functions/loader.ts';
import { FrameSocket } from './frame-socket.ts';
import { MarkWriter } from './mark.ts';
import { ThreadHost } from './thread-host.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts';
import { WorkerProgram } from './worker-program.ts';

/**
 * Runs as a worker until it is told to leave, or its agent is gone.
 *
 * @param file where its settings are, and then its marks
 * @param program what is running: threads begin with it
 */
export function runWorker(file: string, program: string): void {
  const fd = openSync(file, 'r+');
  const settings = JSON.parse(readFileSync(fd, 'utf8')) as WorkerSettings;
  // It has a secret in it, and what is read there from now on are marks.
  ftruncateSync(fd, 0);
  Reflect.set(globalThis, Symbol.for(WORKER_NAME), import.meta.url);
  // Nor are its words those of a module that is a program of its own.
  process.argv.splice(2);
  const socket = connect(settings.socket);
  const { worker, token } = settings;
  let receive: (message: ToWorker, body: Buffer) => void = () => {};
  const link = new FrameSocket<ToWorker, FromWorker>(socket, {
    // The agent is trusted, and of the same version.
    read: (head) => head as ToWorker,
    received: (message, body) => receive(message, body),
    closed: () => process.exit(0),
  });
  // The socket keeps it until it is connected.
  socket.once('connect', () => link.send({ type: 'hello', worker, token, pid: process.pid }));
  if (settings.load === undefined) {
    closeSync(fd);
    const host = new ThreadHost(program, (end) => link.send(end));
    receive = (message) => host.receive(message);
    return;
  }
  const mark = new MarkWriter(fd);
  const own = new WorkerProgram({ settings, load: settings.load, link, mark, isMainThread });
  receive = (message, body) => own.receive(message, body);
  process.on('exit', (code) => own.exiting(code));
  process.on('uncaughtException', (error) => own.uncaught(error));
  socket.once('connect', () => own.begin());
}
