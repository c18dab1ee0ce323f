/**
 * The fast launcher: posix_spawn, called on libuv's threads so that the event loop goes on, or in
 * place where nothing else does, and waitid on the loop when SIGCHLD comes. A thread blocked in wait4
 * was measured at the same rate, but keeps the process from exiting.
 *
 * It reaps every child of this process: nothing else in it may use child_process meanwhile.
 */
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { assert } from '../model/assert.ts';
import type { Clock } from '../runtime/clock.ts';
import { GiveWay } from './give-way.ts';
import type { EndListener, Launch, Launcher, ProcessEnd } from './launcher.ts';
import type { Libc } from './libc.ts';
import { EncodedEnvironment, SpawnFrame } from './spawn-frame.ts';

/** From <spawn.h>, <sys/wait.h>, <sys/prctl.h> and <linux/falloc.h>; the same on all of Linux. */
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;
const P_ALL = 0;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
const PR_SET_CHILD_SUBREAPER = 36;
const KEEP_SIZE = 1;
const PUNCH_HOLE = 2;
const SIGKILL = 9;
const E2BIG = 7;

/** Offsets in the memory of {@link PosixSpawnLauncher}: attributes (336 bytes), a signal set, siginfo_t, status, rusage; attributes. */
const ATTRIBUTES = 0;
const SIGNALS = 512;
const SIGINFO = 1024;
const STATUS = 1280;
const RUSAGE = 1536;
const SIGINFO_PID = SIGINFO + 16;
const RUSAGE_MAXRSS = RUSAGE + 32;
const ATTRIBUTES_IN_PLACE = 2048;

/** Ends of unknown processes that are remembered while a start is under way. */
const EARLY_ENDS = 4096;
/** After a start that took longer, file systems are slow, say, the next one is left to another thread. */
const QUICK_MS = 5;

let open = false;

/** Starts processes by posix_spawn; see {@link Launcher}. */
export class PosixSpawnLauncher implements Launcher {
  readonly kind = 'posix_spawn';
  readonly #libc: Libc;
  readonly #onEnd: EndListener;
  readonly #clock: Clock;
  readonly #base: EncodedEnvironment;
  readonly #giveWay: GiveWay;
  readonly #memory = Buffer.allocUnsafeSlow(4096).fill(0);
  readonly #address: bigint;
  /** The processes that were started and have not ended. */
  readonly #running = new Set<number>();
  /** A process may end before the call that started it has come back. */
  readonly #early = new Map<number, ProcessEnd>();
  readonly #freeFrames: SpawnFrame[] = [];
  #starting = 0;
  /** Whether the last start took no longer than it has to. */
  #isQuick = false;
  readonly #orphans = openOrphanList();
  /** What the list reads while no orphan is in it, and the process that we have put there ourselves. */
  #withoutOrphans = this.#orphans.before;
  #inPlace = 0;
  readonly #scratch = Buffer.alloc(256);
  readonly #reap = (): void => this.#reapAll();

  constructor(
    libc: Libc,
    environment: Readonly<Record<string, string>>,
    clock: Clock,
    onEnd: EndListener,
  ) {
    assert(!open, 'a second launcher in one process would reap the children of the first');
    open = true;
    this.#libc = libc;
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#base = new EncodedEnvironment(libc, environment);
    this.#address = libc.address(this.#memory);
    this.#giveWay = new GiveWay(libc);
    this.#prepareAttributes(ATTRIBUTES, 0);
    this.#prepareAttributes(ATTRIBUTES_IN_PLACE, this.#giveWay.flags);
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    process.on('SIGCHLD', this.#reap);
  }

  /** Node ignores SIGPIPE, which would be inherited: the new process gets all defaults back. */
  #prepareAttributes(at: number, more: number): void {
    const libc = this.#libc;
    const [attributes, signals] = [this.#at(at), this.#at(SIGNALS)];
    libc.posix_spawnattr_init(attributes);
    libc.sigfillset(signals);
    libc.posix_spawnattr_setsigdefault(attributes, signals);
    libc.sigemptyset(signals);
    libc.posix_spawnattr_setsigmask(attributes, signals);
    libc.posix_spawnattr_setflags(attributes, SETSID | SETSIGDEF | SETSIGMASK | more);
  }

  #at(offset: number): bigint {
    return this.#address + BigInt(offset);
  }

  start(launch: Launch, started: (errno: number, pid: number) => void, isOnly: boolean): void {
    const libc = this.#libc;
    const frame = this.#freeFrames.pop() ?? new SpawnFrame(libc);
    frame.encode(launch, this.#base);
    this.#addActions(frame.actions, launch);
    const mayBlock = isOnly && this.#mayBlock(launch);
    const began = this.#clock.monotonic();
    const { pidAddress, path, actions, argv, envp } = frame;
    const done = (error: unknown, errno: number): void => {
      // This closure is also what keeps the frame alive during the call.
      libc.posix_spawn_file_actions_destroy(actions);
      this.#isQuick = this.#clock.monotonic() - began < QUICK_MS;
      this.#endStart();
      const pid = frame.pid;
      this.#freeFrames.push(frame);
      if (error) started(E2BIG, 0);
      else if (errno !== 0) started(errno, 0);
      else this.#begun(pid, started);
    };
    const attributes = this.#at(mayBlock ? ATTRIBUTES_IN_PLACE : ATTRIBUTES);
    const words = [pidAddress, path, actions, attributes, argv, envp] as const;
    if (!mayBlock) {
      libc.posix_spawn.async(...words, done);
      // Only now: threads that the call has made would be scheduled as this one is, and stay so.
      this.#beginStart();
      return;
    }
    this.#beginStart();
    const errno = libc.posix_spawn(...words);
    if (errno === 0) this.#expectInList(frame.pid);
    // The caller hears of it as of any other: later, and before the end.
    queueMicrotask(() => done(null, errno));
  }

  #beginStart(): void {
    if (this.#starting === 0) this.#giveWay.begin();
    this.#starting += 1;
  }

  #endStart(): void {
    this.#starting -= 1;
    if (this.#starting === 0) this.#giveWay.end();
  }

  /**
   * Whether a start may hold the event loop up, for some 150 µs: nothing runs that could want it, and
   * nothing is opened that may be slow. No thread has to be woken then, neither for the start nor
   * for the end, whose SIGCHLD goes to the parent's thread: the process is in its main() 45 to 80 µs
   * earlier, and its end is known some 20 µs earlier.
   */
  #mayBlock({ stdio }: Launch): boolean {
    if (!this.#isQuick || this.#starting > 0 || this.#running.size > 0) return false;
    return stdio.every((source) => typeof source === 'number');
  }

  /** The main thread has a child of its own making, or with 0 none any more. */
  #expectInList(pid: number): void {
    const { before } = this.#orphans;
    this.#inPlace = pid;
    this.#withoutOrphans = pid === 0 ? before : Buffer.concat([before, Buffer.from(`${pid} `)]);
  }

  #addActions(actions: bigint, launch: Launch): void {
    const libc = this.#libc;
    libc.posix_spawn_file_actions_init(actions);
    libc.posix_spawn_file_actions_addchdir_np(actions, launch.cwd);
    launch.stdio.forEach((source, fd) => {
      if (typeof source === 'number') libc.posix_spawn_file_actions_adddup2(actions, source, fd);
      else libc.posix_spawn_file_actions_addopen(actions, fd, source.path, source.flags, 0o666);
    });
  }

  #begun(pid: number, started: (errno: number, pid: number) => void): void {
    const end = this.#early.get(pid);
    this.#early.delete(pid);
    // A number that is alive now was remembered from an earlier bearer.
    if (!end || this.#libc.kill(pid, 0) === 0) {
      this.#running.add(pid);
      started(0, pid);
    } else {
      // The leader is reaped; its group keeps the number taken as long as anybody is in it.
      this.#libc.kill(-pid, SIGKILL);
      started(0, pid);
      this.#onEnd(pid, end);
    }
    if (this.#starting === 0) this.#early.clear();
  }

  #reapAll(): void {
    const { waitid, wait4, kill } = this.#libc;
    for (;;) {
      this.#memory.writeInt32LE(0, SIGINFO_PID);
      if (waitid(P_ALL, 0, this.#at(SIGINFO), WEXITED | WNOHANG | WNOWAIT) !== 0) return;
      const pid = this.#memory.readInt32LE(SIGINFO_PID);
      if (pid === 0) return;
      const known = this.#running.delete(pid);
      // While it is not reaped its number is its own: what is left of its group dies, nobody else.
      if (known) kill(-pid, SIGKILL);
      if (wait4(pid, this.#at(STATUS), 0, this.#at(RUSAGE)) !== pid) return;
      if (pid === this.#inPlace) this.#expectInList(0);
      if (known) this.#onEnd(pid, this.#readEnd());
      else if (this.#starting > 0) this.#remember(pid, this.#readEnd());
    }
  }

  #remember(pid: number, end: ProcessEnd): void {
    this.#early.delete(pid);
    this.#early.set(pid, end);
    for (const oldest of this.#early.keys()) {
      if (this.#early.size <= EARLY_ENDS) break;
      this.#early.delete(oldest);
    }
  }

  #readEnd(): ProcessEnd {
    const memory = this.#memory;
    const status = memory.readInt32LE(STATUS);
    const signal = status & 0x7f;
    const seconds = (at: number): number =>
      Number(memory.readBigInt64LE(at)) + Number(memory.readBigInt64LE(at + 8)) / 1e6;
    const usage = {
      userTime: seconds(RUSAGE),
      systemTime: seconds(RUSAGE + 16),
      maxRss: Number(memory.readBigInt64LE(RUSAGE_MAXRSS)),
    };
    return signal === 0 ? { exitCode: (status >> 8) & 0xff, ...usage } : { signal, ...usage };
  }

  signalGroup(leader: number, signal: number): boolean {
    return this.#libc.kill(-leader, signal) === 0;
  }

  mayHaveStrays(): boolean {
    const { fd } = this.#orphans;
    if (fd === undefined) return true;
    const length = readSync(fd, this.#scratch, 0, this.#scratch.length, 0);
    const expected = this.#withoutOrphans;
    return this.#scratch.compare(expected, 0, expected.length, 0, length) !== 0;
  }

  freeRange(fd: number, from: number, to: number): boolean {
    return this.#libc.fallocate(fd, PUNCH_HOLE | KEEP_SIZE, from, to - from) === 0;
  }

  sample(): void {}

  close(): void {
    process.off('SIGCHLD', this.#reap);
    this.#reapAll();
    this.#libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    if (this.#orphans.fd !== undefined) closeSync(this.#orphans.fd);
    open = false;
  }
}

/**
 * The children of the main thread, and who they are now. Those that posix_spawn starts belong to
 * the thread that made the call, so what is added, but for one that was started in place, are
 * descendants that were handed to us as their subreaper.
 */
function openOrphanList(): { readonly fd?: number; readonly before: Buffer } {
  try {
    const path = `/proc/self/task/${process.pid}/children`;
    return { before: readFileSync(path), fd: openSync(path, constants.O_RDONLY) };
  } catch {
    return { before: Buffer.alloc(0) }; // a kernel without CONFIG_PROC_CHILDREN
  }
}
