/**
 * Values as bytes and back: structured clones, as worker threads and IndexedDB have them. Whatever
 * knows a value only as bytes need not know what it is.
 *
 * What travels: plain objects and arrays, primitives, bigint, Date, RegExp, Map, Set, Error,
 * ArrayBuffer, typed arrays; circular ones too. What does not: functions, symbols, promises,
 * SharedArrayBuffer; and instances of classes arrive as plain objects.
 */
import { randomFillSync } from 'node:crypto';
import { DefaultDeserializer, DefaultSerializer, serialize } from 'node:v8';
import { messageOf } from '../model/message-of.ts';
import { type Bytes, Pieces } from './pieces.ts';

/**
 * The bytes of a value, which is copied once.
 *
 * @throws Error of the engine's that names what cannot be cloned: `() => 1 could not be cloned.`; TooDeepError
 */
export function encodeValue(value: unknown): Uint8Array {
  try {
    return serialize(value);
  } catch (error) {
    throw inWords(error);
  }
}

/** No more is encoded in pieces: where they are put together, one buffer holds all of them after a head. */
const MOST_BYTES = 2 ** 32 - 2 ** 16;

/** A value has more bytes than one may have; nothing of it cannot be cloned. */
export class TooLargeError extends Error {
  constructor(bytes: number) {
    super(`it has ${bytes} bytes; ${MOST_BYTES} are the most`);
  }
}

/**
 * The bytes of a value, in which large typed arrays are their own memory: nobody may change them
 * until the bytes are where they go.
 *
 * @throws Error as {@link encodeValue} does, and a {@link TooLargeError}
 */
export function encodePieces(value: unknown): Bytes {
  const encoder = new PieceEncoder();
  encoder.writeHeader();
  encoder.writeValue(value);
  const pieces = encoder.pieces();
  if (pieces.length > MOST_BYTES) throw new TooLargeError(pieces.length);
  return pieces;
}

/** From here on a typed array is not copied: for less a piece of its own costs more. */
const LARGE_BYTES = 32 * 1024;
/**
 * Stands in for a large array: random bytes, and a number after them. What is encoded before it as good as
 * never has the same bytes, because none is used twice: an earlier one may still be in memory that was let
 * go, and so in any Buffer that its author has not filled.
 */
const PLACE_BYTES = 16;
const NUMBER_AT = 8;
const lastPlace = randomFillSync(Buffer.alloc(PLACE_BYTES));

function newPlace(): Buffer {
  lastPlace.writeBigUInt64LE(
    BigInt.asUintN(64, lastPlace.readBigUInt64LE(NUMBER_AT) + 1n),
    NUMBER_AT,
  );
  return Buffer.from(lastPlace);
}

/** The engine's own, which leaves places for what is large. */
class PieceEncoder extends DefaultSerializer {
  readonly #large: { readonly bytes: Uint8Array; readonly place: Buffer }[] = [];

  /** Called for typed arrays alone. Those of odd length stay: two-byte strings after them would be moved by a byte. */
  override writeRawBytes(bytes: Uint8Array): void {
    if (bytes.length < LARGE_BYTES || bytes.length % 2 !== 0) {
      super.writeRawBytes(bytes);
      return;
    }
    const place = newPlace();
    this.#large.push({ bytes, place });
    super.writeRawBytes(place);
  }

  pieces(): Bytes {
    const bytes = this.releaseBuffer();
    if (this.#large.length === 0) return bytes;
    const all: Uint8Array[] = [];
    let from = 0;
    for (const large of this.#large) {
      const place = bytes.indexOf(large.place, from);
      all.push(bytes.subarray(from, place), large.bytes);
      from = place + PLACE_BYTES;
    }
    return new Pieces([...all, bytes.subarray(from)]);
  }
}

/**
 * The value again. Nothing of it is memory of the bytes, or of anything else.
 *
 * @throws TooDeepError, or Error of the engine's for what is no value
 */
export function decodeValue(bytes: Uint8Array): unknown {
  const decoder = new Decoder(bytes);
  decoder.readHeader();
  try {
    return decoder.readValue();
  } catch (error) {
    // It takes more of the stack than to encode the same.
    throw inWords(error);
  }
}

/**
 * From here on the engine's stack may be too short (Node 20.20): it is for objects within each other, when they
 * are read. Lists, and what is written, may have half as many more.
 */
const SAFE_LEVELS = 1900;

/** A value is nested too deeply to be encoded or decoded: the engine recurses. */
export class TooDeepError extends RangeError {
  /** What is wrong with the value, in half a sentence. */
  readonly where: string = `nested more than some ${SAFE_LEVELS} levels deep`;

  constructor(cause: unknown) {
    super(`it is nested more than some ${SAFE_LEVELS} levels deep`, { cause });
  }
}

/** What was too deep for the engine's stack is not seen by the error that it throws. */
function inWords(error: unknown): unknown {
  return messageOf(error).includes('call stack size') ? new TooDeepError(error) : error;
}

/** What the engine asks for buffers and typed arrays; the types do not tell of it. */
interface HostObjects {
  _readHostObject(this: DefaultDeserializer): ArrayBufferView;
}

const hostObjects = DefaultDeserializer.prototype as unknown as HostObjects;

/**
 * As the engine's own, which gives views of the bytes, and of the pool of all small Buffers: whoever
 * looks into the `buffer` of one, transfers it or only keeps it has to do with everything beside it.
 */
class Decoder extends DefaultDeserializer {
  _readHostObject(): ArrayBufferView {
    const view = hostObjects._readHostObject.call(this);
    return view.buffer.byteLength === view.byteLength ? view : copyView(view);
  }
}

/** The same items, in memory of their own. */
export function copyView(view: ArrayBufferView): ArrayBufferView {
  if (!(view instanceof DataView)) return Uint8Array.prototype.slice.call(view);
  const { buffer, byteOffset, byteLength } = view;
  return new DataView(buffer.slice(byteOffset, byteOffset + byteLength));
}
