/**
 * Values as bytes and back: structured clones, as worker threads and IndexedDB have them. Whatever
 * knows a value only as bytes need not know what it is.
 *
 * What travels: plain objects and arrays, primitives, bigint, Date, RegExp, Map, Set, Error,
 * ArrayBuffer, typed arrays; circular ones too. What does not: functions, symbols, promises,
 * SharedArrayBuffer; and instances of classes arrive as plain objects.
 */
import { DefaultDeserializer, serialize } from 'node:v8';

/**
 * The bytes of a value, which is copied once.
 *
 * @throws Error of the engine's that names what cannot be cloned: `() => 1 could not be cloned.`
 */
export function encodeValue(value: unknown): Uint8Array {
  return serialize(value);
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
