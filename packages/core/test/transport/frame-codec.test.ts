import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { PilotError } from '../../src/model/errors.ts';
import { LARGEST_FRAME } from '../../src/protocol/messages.ts';
import { giveBackData } from '../../src/runtime/give-back.ts';
import { Pieces } from '../../src/runtime/pieces.ts';
import {
  FRAME_BYTES,
  FRAME_MESSAGES,
  FrameDecoder,
  FrameEncoder,
} from '../../src/transport/frame-codec.ts';

/** The frames that an encoder makes of messages that are sent in one tick. */
function encode(...messages: object[]): Buffer[] {
  const frames: Buffer[] = [];
  const encoder = new FrameEncoder((frame) => frames.push(frame));
  for (const message of messages) encoder.add(message);
  encoder.flush();
  return frames;
}

function decodeAll(decoder: FrameDecoder, ...chunks: Buffer[]): object[] {
  const messages: object[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let some = decoder.next(); some; some = decoder.next()) messages.push(...some);
  }
  return messages;
}

/** Of chunks that are the decoder's own: it gives their memory back as soon as they were copied. */
function decode(...chunks: Buffer[]): object[] {
  const own = chunks.map((chunk) => Buffer.from(new Uint8Array(chunk).buffer));
  return decodeAll(new FrameDecoder(), ...own);
}

/** Cuts bytes into pieces of the lengths given, over and over. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

function frameOf(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Frames, each in one piece. */
function whole(pieces: readonly Buffer[]): Buffer[] {
  const frames: Buffer[] = [];
  for (let bytes = Buffer.concat(pieces); bytes.length > 0; ) {
    const length = 4 + bytes.readUInt32BE();
    frames.push(bytes.subarray(0, length));
    bytes = bytes.subarray(length);
  }
  return frames;
}

/** How many messages a frame says that it holds. */
function countIn(frame: Buffer): number {
  return frame.readUInt32BE(5);
}

const ended = {
  type: 'report',
  channel: 3,
  seq: 17,
  ended: {
    units: Uint32Array.of(0, 4_294_967_295),
    attempts: Uint16Array.of(1, 65_535),
    exitCodes: Int16Array.of(-1, 255),
    signals: Uint8Array.of(9, 0),
    startedAt: Float64Array.of(1_700_000_000_123.5, Number.NaN),
    userTime: Float32Array.of(0.5, 1.25),
    details: [[0, 'killed', 'Ørsted: 不']],
  },
};

describe('frames', () => {
  it('keep messages, their typed arrays and their order', () => {
    const messages = [{ type: 'pulse', at: 1.5 }, ended, {}, { type: 'bye', list: [null, true] }];
    expect(decode(...encode(...messages))).toStrictEqual(messages);
  });

  it('keep whatever plain data, however the bytes are cut', () => {
    // msgpackr renames the key __proto__, for safety.
    const json = fc.json().map((text) => JSON.parse(text.replaceAll('__proto__', 'proto')));
    const array = fc.oneof(fc.uint8Array(), fc.uint32Array(), fc.float64Array());
    const key = fc.string().filter((text) => text !== '__proto__');
    const message = fc.dictionary(key, fc.oneof(json, array));
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.array(message)), sizes, (ticks, lengths) => {
        const frames: Buffer[] = [];
        const encoder = new FrameEncoder((frame) => frames.push(frame));
        for (const messages of ticks) {
          for (const message of messages) encoder.add(message);
          encoder.flush();
        }
        const decoder = new FrameDecoder();
        const got = decodeAll(decoder, ...cut(Buffer.concat(frames), lengths));
        expect(got).toEqual(ticks.flat());
        expect(decoder.isWithinFrame).toBe(false);
      }),
    );
  });

  it('take a message as it is when it is added', () => {
    const frames: Buffer[] = [];
    const encoder = new FrameEncoder((frame) => frames.push(frame));
    const message = { units: Uint32Array.of(1, 2) };
    encoder.add(message);
    message.units.fill(7);
    encoder.flush();
    expect(decode(...frames)).toStrictEqual([{ units: Uint32Array.of(1, 2) }]);
  });

  it('do not copy large data that comes last, and give it back when it is written', () => {
    const parts: Buffer[] = [];
    const written: (() => void)[] = [];
    const encoder = new FrameEncoder((part, sent) => {
      parts.push(part);
      if (sent) written.push(sent);
    });
    const data = Buffer.alloc(FRAME_BYTES, 'data');
    const sent = vi.fn();
    encoder.add({ before: 1 });
    encoder.add({ at: 2, data }, sent);
    encoder.add({ after: 3 });
    encoder.flush();
    expect(parts).toContain(data);
    expect(sent).not.toHaveBeenCalled();
    for (const call of written) call();
    expect(sent).toHaveBeenCalledTimes(1);
    const got = decode(...cut(Buffer.concat(parts), [70_000]));
    expect(got).toStrictEqual([{ before: 1 }, { at: 2, data }, { after: 3 }]);
  });

  it('send data in pieces as one run of bytes', () => {
    for (const lengths of [[10, 20], [10, FRAME_BYTES, 1], [FRAME_BYTES]]) {
      const pieces = new Pieces(lengths.map((length, i) => new Uint8Array(length).fill(i + 1)));
      const parts: Buffer[] = [];
      const encoder = new FrameEncoder((part) => parts.push(part));
      encoder.add({ at: 2, data: pieces });
      encoder.flush();
      expect(decode(...parts)).toStrictEqual([{ at: 2, data: pieces.joined() }]);
    }
  });

  it('keep what one message brings apart from the others of its frame', () => {
    const parts: Buffer[] = [];
    const encoder = new FrameEncoder((part) => parts.push(part));
    encoder.add({ data: Buffer.from('first') });
    encoder.add({ data: Buffer.alloc(65_000) });
    encoder.add({ data: Buffer.alloc(65_000) });
    encoder.add({ other: Buffer.from('last') });
    encoder.flush();
    const got = decodeAll(new FrameDecoder(), Buffer.concat(parts)) as { data: Buffer }[];
    expect(parts).toHaveLength(1);
    for (const { data } of got.slice(1, 3)) giveBackData(data);
    expect(got[0]).toEqual({ data: Buffer.from('first') });
    expect(got[3]).toEqual({ other: Buffer.from('last') });
  });

  it('copy what is small, or does not come last, and give it back at once', () => {
    for (const message of [
      { data: Buffer.from('few') },
      { data: Buffer.alloc(FRAME_BYTES), at: 1 },
    ]) {
      const parts: Buffer[] = [];
      const sent = vi.fn();
      const encoder = new FrameEncoder((part) => parts.push(part));
      encoder.add(message, sent);
      expect(sent).toHaveBeenCalledTimes(1);
      encoder.flush();
      expect(parts).not.toContain(message.data);
      expect(decode(...parts)).toStrictEqual([message]);
    }
  });

  it('give arrays memory of their own', () => {
    const chunk = Buffer.concat(
      encode({ units: Uint32Array.of(1, 2), chunk: Uint8Array.of(3, 4) }),
    );
    const [message] = decode(chunk) as [{ units: Uint32Array; chunk: Uint8Array }];
    chunk.fill(0xff);
    expect([...message.units, ...message.chunk]).toEqual([1, 2, 3, 4]);
    expect(message.units.buffer.byteLength).toBe(8);
    expect(message.chunk.buffer.byteLength).toBe(2);
  });

  it('give buffers memory of their own', () => {
    const chunk = Buffer.concat(encode({ chunk: Buffer.from('output') }));
    const [message] = decode(chunk) as [{ chunk: Buffer }];
    chunk.fill(0xff);
    expect(message.chunk.toString()).toBe('output');
    expect(message.chunk.buffer.byteLength).toBe(6);
  });
});

describe('a frame', () => {
  it('holds the messages of one flush', () => {
    expect(encode({ a: 1 }, { a: 2 }, { a: 3 })).toHaveLength(1);
  });

  it('holds no more messages than it may', () => {
    const messages = Array.from({ length: 2 * FRAME_MESSAGES + 1 }, (_, i) => ({ i }));
    const frames = encode(...messages);
    expect(frames.map(countIn)).toEqual([FRAME_MESSAGES, FRAME_MESSAGES, 1]);
    expect(decode(...frames)).toEqual(messages);
  });

  it('holds no more bytes than it may, unless one message alone does', () => {
    const sizes = [100_000, 100_000, 100_000, FRAME_BYTES + 1, 10, 20];
    const messages = sizes.map((size) => ({ chunk: Buffer.alloc(size) }));
    const frames = encode(...messages);
    expect(whole(frames).map(countIn)).toEqual([2, 1, 1, 2]);
    const got = decode(...frames) as typeof messages;
    expect(got.map(({ chunk }) => chunk.length)).toEqual(sizes);
  });

  it('is copied at most once, in however many pieces it comes', () => {
    const chunks = cut(Buffer.concat(encode({ chunk: new Uint8Array(4_000_000) })), [1_000]);
    const concat = vi.spyOn(Buffer, 'concat');
    expect(decode(...chunks)).toHaveLength(1);
    const copied = concat.mock.results.reduce((sum, { value }) => sum + value.length, 0);
    concat.mockRestore();
    expect(copied).toBeLessThan(4_100_000);
  });

  it('leaves nothing of the packets that it came in', () => {
    const parts = cut(Buffer.concat(encode({ chunk: Buffer.alloc(10 * 32_768, 7) })), [32_768]);
    const packets = parts.map((part) => Buffer.concat([Buffer.alloc(10), part, Buffer.alloc(19)]));
    const decoder = new FrameDecoder();
    const contents = packets.map((packet) => packet.subarray(10, packet.length - 19));
    expect(decodeAll(decoder, ...contents)).toEqual([{ chunk: Buffer.alloc(10 * 32_768, 7) }]);
    expect(packets.slice(0, 10).map(({ length }) => length)).toEqual(Array(10).fill(0));
  });

  it('is not copied to be sent when it is large and holds one message', () => {
    const concat = vi.spyOn(Buffer, 'concat');
    const frames = encode({ a: 1, data: Buffer.alloc(200_000, 7) });
    expect(concat).not.toHaveBeenCalled();
    concat.mockRestore();
    const [message] = decode(Buffer.concat(frames), ...encode({ b: 2 })) as [{ data: Buffer }];
    expect(message).toEqual({ a: 1, data: Buffer.alloc(200_000, 7) });
  });

  it.each([
    ['in one piece', 1_000_000],
    ['in pieces', 65_536],
  ])('shares no memory with the bytes that came %s', (_, length) => {
    const large = { data: Buffer.alloc(200_000, 7), small: Buffer.alloc(9, 8) };
    const small = { data: Buffer.alloc(900, 5) };
    const bytes = Buffer.concat([...encode(large), ...encode(small)]);
    const pieces = cut(bytes, [length]).map((piece) => Buffer.from(piece));
    const messages = decodeAll(new FrameDecoder(), ...pieces);
    // Those whose memory was given back are empty.
    for (const piece of pieces) if (piece.length > 0) piece.fill(0);
    expect(messages).toEqual([large, small]);
  });

  it('may follow one that could not be made', () => {
    const frames: Buffer[] = [];
    const encoder = new FrameEncoder((frame) => frames.push(frame));
    encoder.add({ a: 1 });
    expect(() => encoder.add({ a: 1, b: { c: 2 }, d: Symbol('no data') })).toThrow();
    expect(() => encoder.add({ e: new Uint8Array(LARGEST_FRAME) })).toThrow('defect');
    encoder.add({ b: { c: 2 }, a: 1 });
    encoder.add({ e: 3 });
    encoder.flush();
    expect(decode(...frames)).toEqual([{ a: 1 }, { b: { c: 2 }, a: 1 }, { e: 3 }]);
  });
});

describe('what is no frame', () => {
  it.each([
    ['an announcement beyond the limit', Buffer.from('GET / HTTP/1.1\r\n')],
    ['an empty frame', frameOf(Buffer.alloc(0))],
    ['bytes that are no msgpack', frameOf(Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff, 0xc1]))],
    ['a frame with something after its list', frameOf(Buffer.from([0x90, 0x90]))],
    ['a list cut short', frameOf(Buffer.from([0x92, 0x80]))],
    ['no list', frameOf(Buffer.from([0x80]))],
    ['a list of what is no message', frameOf(Buffer.from([0x93, 0x01, 0x02, 0x03]))],
    ['a shape that was never described', frameOf(Buffer.from([0x91, 0x45]))],
    ['nesting without end', frameOf(Buffer.alloc(1_000_000, 0x91))],
  ])('is refused: %s', (_, bytes) => {
    const refused = (): unknown => decode(bytes);
    expect(refused).toThrow(PilotError);
    expect(refused).toThrow(expect.objectContaining({ code: 'PROTOCOL_MISMATCH' }));
  });

  it('is refused before its bytes are waited for', () => {
    const decoder = new FrameDecoder();
    const length = Buffer.alloc(4);
    length.writeUInt32BE(LARGEST_FRAME);
    decoder.push(length);
    expect(() => decoder.next()).toThrow(`of ${LARGEST_FRAME + 4} bytes`);
  });

  it('is one that ends within its number of messages', () => {
    expect(() => decode(frameOf(Buffer.from([0xdd])))).toThrow(PilotError);
  });

  it('does not throw anything else, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode(frameOf(Buffer.from(bytes)));
        } catch (error) {
          expect(error).toBeInstanceOf(PilotError);
        }
      }),
    );
  });
});
