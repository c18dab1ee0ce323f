/** A command whose input and output are a connection, as ProxyCommand wants it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { AdaptorError } from '@pstar/core/adaptor';

/** Runs the command as ssh does. It ends with the stream, and the stream with it. */
export class ProxyCommand extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  #said = '';

  constructor(command: string) {
    super();
    const shell = process.env['SHELL'] ?? '/bin/sh';
    this.#child = spawn(shell, ['-c', `exec ${command}`]);
    const { stdin, stdout, stderr } = this.#child;
    stdin.on('error', () => {});
    stderr.on('data', (chunk: Buffer) => {
      this.#said = `${this.#said}${chunk}`.slice(-1000);
    });
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    // The end of its output alone would say nothing of why.
    this.#child.once('error', (cause) => this.#failed('it cannot be run', cause));
    this.#child.once('close', (code, signal) => this.#failed(`it ended with ${signal ?? code}`));
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#child.stdin.write(chunk)) done();
    else this.#child.stdin.once('drain', done);
  }

  override _final(done: () => void): void {
    this.#child.stdin.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  #failed(problem: string, cause?: unknown): void {
    const hint = this.#said.trim().split('\n').at(-1) || undefined;
    const subject = 'ProxyCommand';
    const code = 'RESOURCE_MANAGER_UNREACHABLE';
    this.destroy(new AdaptorError(code, problem, { subject, hint, cause }));
  }
}
