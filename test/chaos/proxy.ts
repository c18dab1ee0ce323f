/**
 * A network between agents and their manager that can be cut, or swallow everything. Agents are led
 * through it by a script in place of Node.js, which changes the address and the socket in their settings.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  type Socket,
} from 'node:net';
import { join } from 'node:path';

/** `hole`: takes connections and bytes, and delivers nothing. */
export type Mode = 'through' | 'cut' | 'hole';

export class CutProxy implements AsyncDisposable {
  readonly #directory: string;
  readonly #servers: readonly Server[];
  readonly #sockets = new Set<Socket>();
  #mode: Mode = 'through';

  private constructor(directory: string) {
    this.#directory = directory;
    this.#servers = [
      createServer((near) =>
        this.#accept(near, { host: '127.0.0.1', port: Number(this.#of('port')) }),
      ),
      createServer((near) => this.#accept(near, { path: this.#of('socket') })),
    ];
  }

  static async open(directory: string): Promise<CutProxy> {
    const proxy = new CutProxy(directory);
    const [byPort, bySocket] = proxy.#servers as [Server, Server];
    const socket = join(directory, 'proxy.sock');
    await new Promise<void>((resolve) => byPort.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => bySocket.listen(socket, resolve));
    const { port } = byPort.address() as AddressInfo;
    const script = [
      '#!/bin/sh',
      `sed -n 's/.*"port": \\([0-9]*\\).*/\\1/p' "$2" >'${proxy.#target}.port'`,
      `sed -n 's/.*"managerSocket": "\\(.*\\)".*/\\1/p' "$2" >'${proxy.#target}.socket'`,
      `sed -i 's/"port": [0-9]*/"port": ${port}/; s|"managerSocket": ".*"|"managerSocket": "${socket}"|' "$2"`,
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
    for (const server of this.#servers) await new Promise((resolve) => server.close(resolve));
  }

  get #target(): string {
    return join(this.#directory, 'target');
  }

  /** Where agents were to go. */
  #of(way: 'port' | 'socket'): string {
    return readFileSync(`${this.#target}.${way}`, 'utf8').trim();
  }

  #accept(near: Socket, target: NetConnectOpts): void {
    this.#keep(near);
    if (this.#mode === 'cut') near.destroy();
    if (this.#mode !== 'through') return;
    const far = connect(target);
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
