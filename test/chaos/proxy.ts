/**
 * A network between agents and their manager that can be cut, or swallow everything. Agents are led
 * through it by a script in place of Node.js, which changes the address in their settings.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** `hole`: takes connections and bytes, and delivers nothing. */
export type Mode = 'through' | 'cut' | 'hole';

export class CutProxy implements AsyncDisposable {
  readonly #directory: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #mode: Mode = 'through';

  private constructor(directory: string) {
    this.#directory = directory;
    this.#server = createServer((near) => this.#accept(near));
  }

  static async open(directory: string): Promise<CutProxy> {
    const proxy = new CutProxy(directory);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.#server.address() as AddressInfo;
    const script = [
      '#!/bin/sh',
      `grep -o '"port": [0-9]*' "$2" | cut -d ' ' -f 2 >'${proxy.#target}'`,
      `sed -i 's/"port": [0-9]*/"port": ${port}/' "$2"`,
      `exec '${process.execPath}' "$@"`,
    ];
    writeFileSync(proxy.node, `${script.join('\n')}\n`);
    chmodSync(proxy.node, 0o755);
    return proxy;
  }

  /** Stands in for Node.js when agents are started. */
  get node(): string {
    return join(this.#directory, 'node-through-proxy');
  }

  /** What was connected before is not connected any more. */
  set mode(mode: Mode) {
    this.#mode = mode;
    if (mode !== 'hole') for (const socket of this.#sockets) socket.destroy();
    else for (const socket of this.#sockets) socket.pause().unpipe();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mode = 'cut';
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #target(): string {
    return join(this.#directory, 'target');
  }

  #accept(near: Socket): void {
    this.#keep(near);
    if (this.#mode === 'cut') near.destroy();
    if (this.#mode !== 'through') return;
    const far = connect(Number(readFileSync(this.#target, 'utf8')), '127.0.0.1');
    this.#keep(far);
    near.pipe(far).pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
