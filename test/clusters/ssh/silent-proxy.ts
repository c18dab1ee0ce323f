/**
 * A network in front of a server, that can be cut, swallow everything, or be far away. It knows
 * nothing of what passes.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/**
 * `through`: as if it were not there. `silent`: takes connections and bytes, and delivers nothing, also
 * on those that there are; what was swallowed is lost, and so are they when it comes back. `cut`:
 * connections are closed, and new ones refused.
 */
export type NetworkMode = 'through' | 'silent' | 'cut';

/** A port that leads to another one of this machine. */
export class SilentProxy implements AsyncDisposable {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #mode: NetworkMode = 'through';
  /** There and back, added to what it takes anyway. */
  roundTripMs = 0;
  /** How many connections it has taken. */
  connections = 0;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => this.#accept(near));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get mode(): NetworkMode {
    return this.#mode;
  }

  set mode(mode: NetworkMode) {
    const wasSilent = this.#mode === 'silent';
    this.#mode = mode;
    if (mode === 'silent') {
      for (const socket of this.#sockets) socket.unpipe().resume();
    } else if (mode === 'cut' || wasSilent) this.drop();
  }

  /** Closes all connections that there are. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  static async open(target: number): Promise<SilentProxy> {
    const proxy = new SilentProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(near: Socket): void {
    this.connections++;
    this.#keep(near);
    if (this.#mode === 'cut') near.destroy();
    else if (this.#mode === 'silent') near.resume();
    else this.#join(near);
  }

  #join(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1');
    this.#keep(far);
    this.#lead(near, far);
    this.#lead(far, near);
    near.once('close', () => far.destroy());
    far.once('close', () => this.#mode !== 'silent' && near.destroy());
  }

  #lead(from: Socket, to: Socket): void {
    from.pipe(this.#distance()).pipe(to);
  }

  /** Each piece takes its time, and none waits for another: far away is not narrow. */
  #distance(): Transform {
    let last = Promise.resolve();
    const arrive = (chunk: Buffer, to: Transform) => {
      const ms = this.roundTripMs / 2;
      if (ms === 0) return last.then(() => to.push(chunk));
      const travel = new Promise<void>((resolve) => setTimeout(resolve, ms));
      const before = last;
      return travel.then(() => before).then(() => void to.push(chunk));
    };
    return new Transform({
      highWaterMark: 4 * 1024 * 1024,
      transform(chunk, _, next) {
        last = arrive(chunk, this).then(() => {});
        next();
      },
      flush: (done) => void last.then(() => done()),
    });
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
