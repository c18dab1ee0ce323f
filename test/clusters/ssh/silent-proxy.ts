/**
 * A network in front of a server, that can be cut, fall silent, or be far away. It knows nothing of
 * what passes.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/**
 * `through`: as if it were not there. `silent`: nothing arrives, not even that somebody has hung up,
 * and connections are taken that nobody answers; what is under way arrives when it is `through` again,
 * as with TCP. `cut`: connections are closed, and new ones, too.
 */
export type NetworkMode = 'through' | 'silent' | 'cut';

const UNDER_WAY_MAX = 4 * 1024 * 1024;

/** A port that leads to another one of this machine. */
export class SilentProxy implements AsyncDisposable {
  /** There and back, added to what it takes anyway. */
  roundTripMs = 0;
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #mode: NetworkMode = 'through';
  #speak: (() => void) | undefined;
  #quiet: Promise<void> | undefined;
  #taken = 0;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => void this.#accept(near));
  }

  static async open(target: number): Promise<SilentProxy> {
    const proxy = new SilentProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections it has taken. */
  get taken(): number {
    return this.#taken;
  }

  get mode(): NetworkMode {
    return this.#mode;
  }

  set mode(mode: NetworkMode) {
    this.#mode = mode;
    if (mode === 'silent') {
      this.#quiet ??= new Promise((resolve) => {
        this.#speak = resolve;
      });
      return;
    }
    if (mode === 'cut') this.drop();
    this.#quiet = undefined;
    this.#speak?.();
  }

  /** Closes all connections that there are. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mode = 'cut';
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #accept(near: Socket): Promise<void> {
    this.#taken++;
    this.#keep(near);
    await this.#quiet;
    if (this.#mode === 'cut') near.destroy();
    if (near.destroyed) return;
    const far = connect(this.#target, '127.0.0.1');
    this.#keep(far);
    this.#lead(near, far);
    this.#lead(far, near);
  }

  #lead(from: Socket, to: Socket): void {
    const way = this.#way();
    from.pipe(way).pipe(to);
    // Also one that was broken off: what it has sent arrives, and then its end.
    from.once('close', () => {
      if (!way.writableEnded) way.end();
    });
  }

  /** Each piece takes its time, and none waits for another's: far away is not narrow. */
  #way(): Transform {
    let last: Promise<void> = Promise.resolve();
    let under = 0;
    const travel = async (before: Promise<void>, chunk: Buffer, way: Transform) => {
      const ms = this.roundTripMs / 2;
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      await before;
      await this.#quiet;
      under -= chunk.length;
      way.push(chunk);
    };
    return new Transform({
      transform(chunk, _, next) {
        under += chunk.length;
        last = travel(last, chunk, this);
        // What is under way has its limit, so that a silent network fills up.
        if (under < UNDER_WAY_MAX) next();
        else last.then(() => next(), next);
      },
      flush: (done) => void last.then(() => done(), done),
    });
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
