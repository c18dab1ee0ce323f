/**
 * Typed arrays in msgpack, on the wire and on disk: as msgpackr writes them, or in runs where that is a
 * quarter or less. Units travel in columns, most of which say the same of very many of them. The end of a
 * unit took 40 bytes that were encrypted, decrypted, checksummed and written; in runs it takes next to none,
 * and a manager 0.4 µs less of its 1.1 µs a unit. Where nothing repeats, as in the times of real processes, a column
 * stays whole; that is seen after its first items.
 *
 *     in runs = code of the type (+ 128 where each run counts upwards), then for each run
 *               how many 4 · first item
 */
import { addExtension } from 'msgpackr';

/** In the order of msgpackr's codes for them. */
const TYPES = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
] as const;
type TypedArray = InstanceType<(typeof TYPES)[number]>;

/**
 * Those that msgpackr takes for plain objects, and writes with an attribute an item. Test runners have globals
 * of their own in a context of `node:vm`, with Node's Uint8Array among them; the others are not of its kind.
 */
const foreign: readonly unknown[] = TYPES.filter(
  (Type) => Object.getPrototypeOf(Type) !== Object.getPrototypeOf(Uint8Array),
);

const WHOLE = 0x74;
const IN_RUNS = 0x75;
const UPWARDS = 128;
const COUNT_BYTES = 4;
const COUNT = TYPES.indexOf(Uint32Array);

/** Shorter ones have little to save; longer ones are no columns of units. */
const LEAST_BYTES = 32;
const MOST_BYTES = 1024 * 1024;
/** Runs are to be so many times as short as the whole. */
const SHARE = 4;
const MOST_RUNS = 4096;

/** Up to this size an array is kept within its object, without a buffer of its own. */
const SMALL_BYTES = 64;
/** A small array, or an item, of any type, wherever it lies in what is read. */
const scratch = new Uint8Array(SMALL_BYTES);
const scratchAs = TYPES.map((Type) => new Type(scratch.buffer));
const { slice } = Uint8Array.prototype;

/** The runs of the array that was looked at last: where each begins, and the last one ends. */
const starts = new Uint32Array(MOST_RUNS + 1);
let runs = 0;
let upwards = false;
/** Bytes that runs may still become. */
let room = Number.POSITIVE_INFINITY;
/** Bytes that were not written because of runs. */
let saved = 0;
let isAdded = false;

/** Has every msgpackr of this process write and read typed arrays so. Twice is harmless. */
export function addTypedArrays(): void {
  if (isAdded) return;
  isAdded = true;
  addExtension({ type: WHOLE, unpack: unpackWhole });
  if (foreign.length > 0) {
    const Class = { [Symbol.hasInstance]: isForeign } as unknown as typeof Object;
    addExtension({ Class, type: WHOLE, pack: packWhole, unpack: unpackWhole });
  }
  // It is asked whether an array is an instance; of what is none, msgpackr writes the whole itself.
  const Class = { [Symbol.hasInstance]: isShortInRuns } as unknown as typeof Object;
  addExtension({ Class, type: IN_RUNS, pack: packRuns, unpack: unpackRuns });
}

/**
 * How many bytes less all encodings of this process have been for being in runs: the arrays take as long as
 * ever to be made, and whoever limits that by bytes counts these, too.
 */
export function savedByRuns(): number {
  return saved;
}

/** Decodes what a peer has sent: a few bytes must not become more memory than that. */
export function withRoomFor<T>(bytes: number, decode: () => T): T {
  room = bytes;
  try {
    return decode();
  } finally {
    room = Number.POSITIVE_INFINITY;
  }
}

function isShortInRuns(value: unknown): boolean {
  if (!ArrayBuffer.isView(value)) return false;
  const { buffer, byteOffset, byteLength } = value;
  if (byteLength < LEAST_BYTES || byteLength > MOST_BYTES || codeOf(value) < 0) return false;
  const size = (value as TypedArray).BYTES_PER_ELEMENT;
  const most = Math.min(MOST_RUNS, Math.floor(byteLength / (SHARE * (COUNT_BYTES + size))));
  upwards = false;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  if (isLevel(bytes, size)) return true;
  const words = size < 4 ? bytes : new Uint32Array(buffer, byteOffset, byteLength / 4);
  if (findEqual(words, (size * words.length) / byteLength, most)) return true;
  upwards = value instanceof Uint32Array && findUpward(value, most);
  return upwards;
}

/** Whether all is one run, as mostly: at the speed of memory. */
function isLevel(bytes: Uint8Array, size: number): boolean {
  if (Buffer.compare(bytes.subarray(size), bytes.subarray(0, -size)) !== 0) return false;
  runs = 1;
  starts[1] = bytes.length / size;
  return true;
}

/** By bytes or words, so many to an item: a loop over arrays of all types takes ten times as long. */
function findEqual(words: Uint8Array | Uint32Array, perItem: number, most: number): boolean {
  runs = 1;
  let next = perItem;
  for (let i = perItem; i < words.length; i++) {
    if (words[i] === words[i - perItem] || i < next) continue;
    if (runs === most) return false;
    const item = Math.floor(i / perItem);
    starts[runs++] = item;
    next = (item + 1) * perItem;
  }
  starts[runs] = words.length / perItem;
  return true;
}

function findUpward(array: Uint32Array, most: number): boolean {
  runs = 1;
  for (let i = 1; i < array.length; i++) {
    if (array[i] === (array[i - 1] as number) + 1) continue;
    if (runs === most) return false;
    starts[runs++] = i;
  }
  starts[runs] = array.length;
  return true;
}

/** Called for an array right after {@link isShortInRuns} was. */
function packRuns(array: TypedArray): Buffer {
  const size = array.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const packed = Buffer.allocUnsafe(1 + runs * (COUNT_BYTES + size));
  packed[0] = codeOf(array) + (upwards ? UPWARDS : 0);
  let to = 1;
  for (let run = 0; run < runs; run++) {
    const start = starts[run] as number;
    (scratchAs[COUNT] as TypedArray)[0] = (starts[run + 1] as number) - start;
    for (let i = 0; i < COUNT_BYTES; i++) packed[to++] = scratch[i] as number;
    for (let i = 0; i < size; i++) packed[to++] = bytes[start * size + i] as number;
  }
  saved += bytes.length - packed.length;
  return packed;
}

function isForeign(value: object): boolean {
  return ArrayBuffer.isView(value) && foreign.includes(value.constructor);
}

/** As msgpackr writes those that it knows. */
function packWhole(array: TypedArray): Buffer {
  const packed = Buffer.allocUnsafe(1 + array.byteLength);
  packed[0] = codeOf(array);
  packed.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), 1);
  return packed;
}

function unpackRuns(data: Uint8Array): TypedArray {
  const code = (data[0] as number) % UPWARDS;
  const Type = typeOf(code);
  const size = Type.BYTES_PER_ELEMENT;
  const step = COUNT_BYTES + size;
  let length = 0;
  for (let at = 1; at < data.length; at += step) length += itemAt(data, at, COUNT);
  room -= length * size;
  if (!(room >= 0)) throw new Error('runs of more items than there is room for');
  const array = new Type(length);
  let from = 0;
  for (let at = 1; at < data.length; at += step) {
    const to = from + itemAt(data, at, COUNT);
    let item = itemAt(data, at + COUNT_BYTES, code);
    if (code === data[0]) array.fill(item, from, to);
    else for (let i = from; i < to; i++) array[i] = item++;
    from = to;
  }
  return array;
}

function itemAt(data: Uint8Array, at: number, code: number): number {
  const from = scratchAs[code] as TypedArray;
  for (let i = 0; i < from.BYTES_PER_ELEMENT; i++) scratch[i] = data[at + i] as number;
  return from[0] as number;
}

/**
 * msgpackr's own reader makes three objects for each, and a log of small steps has a dozen for every
 * unit: with this one it is read in two thirds of the time.
 */
function unpackWhole(data: Uint8Array): TypedArray {
  const code = data[0] as number;
  const Type = typeOf(code);
  const bytes = data.length - 1;
  // Aligned, and the reader's to keep.
  if (bytes > SMALL_BYTES) return new Type(slice.call(data, 1).buffer);
  for (let i = 0; i < bytes; i++) scratch[i] = data[i + 1] as number;
  const from = scratchAs[code] as TypedArray;
  const array = new Type(bytes / Type.BYTES_PER_ELEMENT);
  for (let i = 0; i < array.length; i++) array[i] = from[i] as number;
  return array;
}

/** Not of a Buffer, which msgpackr writes as bytes. */
function codeOf(array: object): number {
  return TYPES.indexOf(array.constructor as (typeof TYPES)[number]);
}

function typeOf(code: number): (typeof TYPES)[number] {
  const Type = TYPES[code];
  if (Type === undefined) throw new Error(`no typed array has the code ${code}`);
  return Type;
}
