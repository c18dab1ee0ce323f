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
import { type Bytes, Pieces } from './pieces.ts';

/**
 * The bytes of a value, which is copied once.
 *
 * @throws Error of the engine's that names what cannot be cloned: `() => 1 could not be cloned.`
 */
export function encodeValue(value: unknown): Uint8Array {
  return serialize(value);
}

/**
 * The bytes of a value, in which large typed arrays are their own memory: nobody may change them
 * until the bytes are where they go.
 *
 * @throws Error as {@link encodeValue} does
 */
export function encodePieces(value: unknown): Bytes {
  const encoder = new PieceEncoder();
  encoder.writeHeader();
  encoder.writeValue(value);
  return encoder.pieces();
}

/** From here on a typed array is not copied: for less a piece of its own costs more. */
const LARGE_BYTES = 32 * 1024;
/** Stands where a large array does; as good as never in what is encoded. */
const PLACE = randomFillSync(Buffer.alloc(16));

/** The engine's own, which leaves places for what is large. */
class PieceEncoder extends DefaultSerializer {
  readonly #large: Uint8Array[] = [];

  /** Called for typed arrays alone. Two-byte strings behind one of odd length would be elsewhere. */
  override writeRawBytes(bytes: Uint8Array): void {
    const isOwn = bytes.length >= LARGE_BYTES && bytes.length % 2 === 0;
    if (isOwn) this.#large.push(bytes);
    super.writeRawBytes(isOwn ? PLACE : bytes);
  }

  pieces(): Bytes {
    const bytes = this.releaseBuffer();
    if (this.#large.length === 0) return bytes;
    const all: Uint8Array[] = [];
    let from = 0;
    for (const large of this.#large) {
      const place = bytes.indexOf(PLACE, from);
      all.push(bytes.subarray(from, place), large);
      from = place + PLACE.length;
    }
    return new Pieces([...all, bytes.subarray(from)]);
  }
}

/** The value again. Nothing of it is memory of the bytes, or of anything else. */
export function decodeValue(bytes: Uint8Array): unknown {
  const decoder = new Decoder(bytes);
  decoder.readHeader();
  return decoder.readValue();
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
