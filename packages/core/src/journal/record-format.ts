/**
 * What the bytes of a journal mean: a header that opens every file, and frames, each with what
 * became durable in one step. Pure: it knows no file, and takes the checksum as a parameter.
 *
 *     file    = header (64 bytes), frame, frame, …, zeros
 *     header  = magic 8 · format 2 · type 2 · number 4 · sequence 8 · salt 4 · kind 30 · records 2 · check 4
 *     frame   = magic 4 · length 4 · sequence 8 · check 4 · payload
 *
 * Two versions, because two things change for reasons of their own: `format` is that of files and
 * frames, `records` that of what a kind's records mean, which nobody here knows. A snapshot has as
 * many frames as it takes, and ends with one without payload. In format 1 it was one frame, with the
 * state as one value, and the last two bytes of a header's kind were 0: its records are of version 1.
 * Up to format 2 no array is in runs (typed-arrays.ts).
 *
 * Numbers are little-endian. A frame's check covers its length, sequence and payload, and starts
 * from the file's salt: no bytes that a user puts into a record can pass for a frame.
 */

import { assert } from '../model/assert.ts';

/** CRC-32 of `bytes`, going on from `seed`, the CRC-32 of what came before them. */
export type Crc32 = (bytes: Uint8Array, seed?: number) => number;

/** Grows when an older program could not read what a newer one writes. */
export const FORMAT_VERSION = 3;
/** The size of a file's header, in every version. */
export const FILE_HEADER_BYTES = 64;
/** What a frame takes beside its payload. */
export const FRAME_HEADER_BYTES = 20;
/** The longest name of a kind. */
const KIND_BYTES = 30;
const KIND_OFFSET = 28;
const RECORDS_OFFSET = KIND_OFFSET + KIND_BYTES;
const CHECK_OFFSET = FILE_HEADER_BYTES - 4;

const FILE_MAGIC = [0x89, 0x70, 0x73, 0x74, 0x61, 0x72, 0x0d, 0x0a]; // \x89 p s t a r \r \n
/** Opens every frame; msgpack never uses 0xc1, so records seldom hold it by chance. */
export const FRAME_MAGIC: Uint8Array = Uint8Array.of(0xc1, 0xf2, 0xa4, 0x4a);

/**
 * What a file is: a part of the log, the state that the log before it has led to, or bytes that records
 * refer to by where they are.
 */
export type FileType = 'segment' | 'snapshot' | 'values';
const FILE_TYPES: readonly FileType[] = ['segment', 'snapshot', 'values'];

/** What a file says of itself. */
export interface FileHeader {
  readonly type: FileType;
  readonly format: number;
  /** Whose journal it is; one program's records mean nothing to another. */
  readonly kind: string;
  /** The version of what that kind's records mean. */
  readonly records: number;
  /** A segment's place in the log; a snapshot holds what came before the segment of its number. */
  readonly number: number;
  /** Of the first frame in this file. */
  readonly sequence: number;
  readonly salt: number;
}

/** What was found where a header should be. */
export type FileHeaderFinding =
  | { readonly state: 'valid'; readonly header: FileHeader }
  | { readonly state: 'newer'; readonly version: number }
  | { readonly state: 'foreign' | 'damaged' };

/** What opens a frame. */
export interface FrameHeader {
  /** Bytes of payload. */
  readonly length: number;
  readonly sequence: number;
  readonly check: number;
}

/** The header of a file of the present format; no other is ever written. */
export function encodeFileHeader(header: FileHeader, crc: Crc32): Uint8Array {
  assert(header.format === FORMAT_VERSION, `a file of format ${header.format} is to be written`);
  assert(/^[\x21-\x7e]+$/.test(header.kind), `a journal's kind is a word, not '${header.kind}'`);
  assert(header.kind.length <= KIND_BYTES, `the kind '${header.kind}' is too long`);
  const bytes = new Uint8Array(FILE_HEADER_BYTES);
  const view = viewOf(bytes);
  bytes.set(FILE_MAGIC);
  view.setUint16(8, FORMAT_VERSION, true);
  view.setUint16(10, FILE_TYPES.indexOf(header.type), true);
  view.setUint32(12, header.number, true);
  setSafeInteger(view, 16, header.sequence);
  view.setUint32(24, header.salt, true);
  for (let i = 0; i < header.kind.length; i++) bytes[KIND_OFFSET + i] = header.kind.charCodeAt(i);
  view.setUint16(RECORDS_OFFSET, header.records, true);
  view.setUint32(CHECK_OFFSET, crc(bytes.subarray(0, CHECK_OFFSET)), true);
  return bytes;
}

/** Reads a file's header; anything too short is foreign. */
export function decodeFileHeader(bytes: Uint8Array, crc: Crc32): FileHeaderFinding {
  const isOurs = bytes.length >= FILE_HEADER_BYTES && FILE_MAGIC.every((b, i) => bytes[i] === b);
  if (!isOurs) return { state: 'foreign' };
  const view = viewOf(bytes);
  if (view.getUint32(CHECK_OFFSET, true) !== crc(bytes.subarray(0, CHECK_OFFSET))) {
    return { state: 'damaged' };
  }
  const format = view.getUint16(8, true);
  if (format > FORMAT_VERSION) return { state: 'newer', version: format };
  const type = FILE_TYPES[view.getUint16(10, true)];
  if (type === undefined) return { state: 'damaged' };
  const kind = String.fromCharCode(
    ...bytes.subarray(KIND_OFFSET, RECORDS_OFFSET).filter((b) => b !== 0),
  );
  const records = format === 1 ? 1 : view.getUint16(RECORDS_OFFSET, true);
  const number = view.getUint32(12, true);
  const sequence = getSafeInteger(view, 16);
  return {
    state: 'valid',
    header: { type, format, kind, records, number, sequence, salt: view.getUint32(24, true) },
  };
}

/** Writes a frame's header into the first bytes of `into`; `check` comes from {@link frameCheck}. */
export function encodeFrameHeader(into: Uint8Array, header: FrameHeader): void {
  assert(header.length <= 0xffff_ffff, 'a frame cannot hold 4 GiB');
  const view = viewOf(into);
  into.set(FRAME_MAGIC);
  view.setUint32(4, header.length, true);
  setSafeInteger(view, 8, header.sequence);
  view.setUint32(16, header.check, true);
}

/** Reads a frame's header; undefined where none begins. Only the check tells whether it is one. */
export function decodeFrameHeader(bytes: Uint8Array): FrameHeader | undefined {
  if (bytes.length < FRAME_HEADER_BYTES) return undefined;
  for (let i = 0; i < 4; i++) if (bytes[i] !== FRAME_MAGIC[i]) return undefined;
  return {
    length: uint32At(bytes, 4),
    sequence: uint32At(bytes, 8) + uint32At(bytes, 12) * 2 ** 32,
    check: uint32At(bytes, 16),
  };
}

/** What a frame's check covers of its header; always written anew. */
const checkedBytes = new Uint8Array(12);
const checked = viewOf(checkedBytes);

/** The check of a frame whose payload comes in parts. */
export function frameCheck(
  frame: Pick<FrameHeader, 'length' | 'sequence'>,
  payload: Iterable<Uint8Array>,
  salt: number,
  crc: Crc32,
): number {
  checked.setUint32(0, frame.length, true);
  setSafeInteger(checked, 4, frame.sequence);
  let check = crc(checkedBytes, salt);
  for (const part of payload) check = crc(part, check);
  return check;
}

/** Not through a view: making one takes longer than all else, and a log may have very many frames. */
function uint32At(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 3; i >= 0; i--) value = (value << 8) | (bytes[at + i] as number);
  return value >>> 0;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function setSafeInteger(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % 2 ** 32, true);
  view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
}

function getSafeInteger(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}
