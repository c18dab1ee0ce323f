/**
 * One call's worth of C memory: path, argv, envp and file actions of a process to start, laid out
 * by hand. Marshalling the same through koffi takes several times as long.
 */
import type { Launch } from './launcher.ts';
import type { Libc } from './libc.ts';

/** The environment that every process starts from, encoded once. */
export class EncodedEnvironment {
  /** Where each variable is in {@link pointers}. */
  readonly indexes: ReadonlyMap<string, number>;
  readonly pointers: BigUint64Array;
  /** The pointers lead into this; holding it here is what keeps it alive. */
  readonly strings: Buffer;

  constructor(libc: Libc, environment: Readonly<Record<string, string>>) {
    const entries = Object.entries(environment);
    const encoded = entries.map(([name, value]) => Buffer.from(`${name}=${value}\0`));
    const bytes = encoded.reduce((sum, { length }) => sum + length, 0);
    this.strings = Buffer.allocUnsafeSlow(Math.max(1, bytes));
    this.pointers = new BigUint64Array(entries.length);
    this.indexes = new Map(entries.map(([name], index) => [name, index]));
    const base = libc.address(this.strings);
    let offset = 0;
    encoded.forEach((string, index) => {
      this.pointers[index] = base + BigInt(offset);
      offset += string.copy(this.strings, offset);
    });
  }
}

/** Offsets in a frame: the new process's id, its file actions (80 bytes in glibc), the pointers. */
const PID = 0;
const ACTIONS = 16;
const POINTERS = 512;
const FIRST_SIZE = 16 * 1024;
/** A frame that one huge command line has grown beyond this is not kept. */
const LARGEST_KEPT = 1024 * 1024;

/** Memory for one posix_spawn at a time; its owner must hold it until the call is over. */
export class SpawnFrame {
  readonly #libc: Libc;
  #bytes!: Buffer;
  #words!: BigUint64Array;
  #base = 0n;
  /** Addresses for the call; valid from {@link encode} to the next. */
  path = 0n;
  argv = 0n;
  envp = 0n;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#allocate(FIRST_SIZE);
  }

  get pidAddress(): bigint {
    return this.#base + BigInt(PID);
  }

  get actions(): bigint {
    return this.#base + BigInt(ACTIONS);
  }

  get pid(): number {
    return this.#bytes.readInt32LE(PID);
  }

  #allocate(size: number): void {
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#words = new BigUint64Array(this.#bytes.buffer);
    this.#base = this.#libc.address(this.#bytes);
  }

  /** Writes the command line and environment of a process, growing as needed. */
  encode(launch: Launch, base: EncodedEnvironment): void {
    if (this.#bytes.length > LARGEST_KEPT) this.#allocate(FIRST_SIZE);
    while (!this.#tryEncode(launch, base)) this.#allocate(this.#bytes.length * 4);
  }

  /** False when the frame is too small. */
  #tryEncode(launch: Launch, base: EncodedEnvironment): boolean {
    const { argv, environment, variables } = launch;
    const own = Object.keys(environment);
    const set = Object.keys(variables);
    const argvAt = POINTERS / 8;
    const envpAt = argvAt + argv.length + 1;
    const most = envpAt + base.pointers.length + own.length + set.length + 1;
    const writer = new StringWriter(this.#bytes, this.#base, most * 8);
    if (writer.full) return false;
    const words = this.#words;
    this.path = writer.write(launch.file);
    argv.forEach((argument, index) => {
      words[argvAt + index] = writer.write(argument);
    });
    words[envpAt - 1] = 0n;
    words.set(base.pointers, envpAt);
    let end = envpAt + base.pointers.length;
    // A variable of the base is overwritten in its place: a name must not occur twice.
    const put = (name: string, value: string): void => {
      const index = base.indexes.get(name);
      words[index === undefined ? end++ : envpAt + index] = writer.write(`${name}=${value}`);
    };
    for (const name of own) if (!Object.hasOwn(variables, name)) put(name, environment[name] ?? '');
    for (const name of set) put(name, variables[name] ?? '');
    words[end] = 0n;
    this.argv = this.#base + BigInt(argvAt * 8);
    this.envp = this.#base + BigInt(envpAt * 8);
    return !writer.full;
  }
}

/** Puts C strings one after the other and says where each is. */
class StringWriter {
  readonly #bytes: Buffer;
  readonly #base: bigint;
  #offset: number;
  full: boolean;

  constructor(bytes: Buffer, base: bigint, offset: number) {
    this.#bytes = bytes;
    this.#base = base;
    this.#offset = offset;
    this.full = offset >= bytes.length;
  }

  write(string: string): bigint {
    const at = this.#offset;
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    if (this.full || at + string.length * 3 + 1 > this.#bytes.length) {
      this.full = true;
      return 0n;
    }
    const end = at + this.#bytes.write(string, at);
    this.#bytes[end] = 0;
    this.#offset = end + 1;
    return this.#base + BigInt(at);
  }
}
