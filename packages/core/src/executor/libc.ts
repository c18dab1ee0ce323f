/**
 * The C library through koffi: the few functions that start, await and signal processes, typed.
 * Loaded on demand, because koffi's binary or a function may be missing on a node; then this says
 * what is missing and the caller does without.
 */
import { createRequire } from 'node:module';
import { messageOf } from '../model/message-of.ts';

type NativeCall = (...values: readonly (number | bigint | string)[]) => number;
type AsyncNativeCall = NativeCall & {
  async(
    ...values: readonly (number | bigint | string | ((error: unknown, result: number) => void))[]
  ): void;
};

/** The part of koffi that is used here. */
interface Koffi {
  address(buffer: Uint8Array): bigint;
  load(path: null): { func(name: string, result: string, parameters: string[]): AsyncNativeCall };
}

/** Parameters by function; `address` is a plain number so that no call marshals anything. */
const SIGNATURES = {
  posix_spawn: ['address', 'address', 'address', 'address', 'address', 'address'],
  posix_spawnattr_init: ['address'],
  posix_spawnattr_setflags: ['address', 'short'],
  posix_spawnattr_setsigdefault: ['address', 'address'],
  posix_spawnattr_setsigmask: ['address', 'address'],
  posix_spawn_file_actions_init: ['address'],
  posix_spawn_file_actions_destroy: ['address'],
  posix_spawn_file_actions_addchdir_np: ['address', 'str'],
  posix_spawn_file_actions_adddup2: ['address', 'int', 'int'],
  posix_spawn_file_actions_addopen: ['address', 'int', 'str', 'int', 'uint'],
  sigemptyset: ['address'],
  sigfillset: ['address'],
  waitid: ['int', 'uint', 'address', 'int'],
  wait4: ['int', 'address', 'int', 'address'],
  kill: ['int', 'int'],
  prctl: ['int', 'ulong', 'ulong', 'ulong', 'ulong'],
  sched_getscheduler: ['int'],
  sched_setscheduler: ['int', 'int', 'address'],
  fallocate: ['int', 'int', 'int64', 'int64'],
} as const;

/** The functions of {@link SIGNATURES}, called as in C. */
export type Libc = { readonly [name in keyof typeof SIGNATURES]: AsyncNativeCall } & {
  /**
   * Where the buffer's bytes are. They stay there, but only as long as somebody holds the buffer:
   * neither the address nor an asynchronous call that uses it keeps it from being collected.
   */
  address(buffer: Uint8Array): bigint;
};

/** Where the layout of siginfo_t and rusage is the one that posix-spawn.ts reads. */
const ARCHITECTURES = ['x64', 'arm64', 'riscv64', 'loong64'];

/** Binds the C library of this process; `path` is koffi's, by default the installed one. */
export function loadLibc(path = 'koffi'): { libc: Libc } | { problem: string } {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch))
    return { problem: `no native launcher for ${process.platform}-${process.arch}` };
  try {
    const koffi = createRequire(import.meta.url)(path) as Koffi;
    const library = koffi.load(null);
    const bind = ([name, parameters]: readonly [string, readonly string[]]) => [
      name,
      library.func(
        name,
        'int',
        parameters.map((type) => (type === 'address' ? 'uintptr_t' : type)),
      ),
    ];
    const functions = Object.fromEntries(Object.entries(SIGNATURES).map(bind));
    return { libc: { ...functions, address: koffi.address } as Libc };
  } catch (error) {
    const [problem] = messageOf(error).split('\n');
    return { problem: problem ?? 'koffi does not load' };
  }
}
