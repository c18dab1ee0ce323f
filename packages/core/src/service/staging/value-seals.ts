/**
 * What files of values sum up to, so that none is handed on that is not what was written. What has come from an
 * agent is sealed by a small file beside it; an argument is named by its hash. What an older version has written
 * has no seal, and is taken as it is.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { LocalFile } from '../../manager/attempt-files.ts';
import { PilotError } from '../../model/errors.ts';
import { writeFileAtomic } from '../../runtime/files.ts';

const READ_BYTES = 1024 * 1024;

/** Writes down what a file sums up to; makes it durable, with its name. */
export async function sealFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const seal = await sealOf(file);
    await file.sync();
    // What makes the seal's name durable does so with the file's, which is beside it.
    await writeFileAtomic(pathOfSeal(path), seal);
  } finally {
    await file.close();
  }
}

/**
 * Looks whether bytes that were read from a file are those that were sealed.
 *
 * @param what whose they are, for people
 * @throws PilotError `JOURNAL_DAMAGED`
 */
export async function assertSealed(path: string, bytes: Uint8Array, what: string): Promise<void> {
  const seal = await readSeal(path);
  if (seal !== undefined && seal !== sealed(bytes.length, crc32(bytes))) throw damaged(path, what);
}

/**
 * Looks whether a value that is about to be read is what was written.
 *
 * @throws PilotError `JOURNAL_DAMAGED`, or what the system says
 */
export async function assertWhole({ path, value }: LocalFile): Promise<void> {
  if (value === undefined) return;
  const { what, sha256 } = value;
  const wanted = sha256 ?? (await readSeal(path));
  if (wanted === undefined) return;
  const file = await open(path, 'r');
  try {
    const found = sha256 === undefined ? await sealOf(file) : await sha256Of(file);
    if (found !== wanted) throw damaged(path, what);
  } finally {
    await file.close();
  }
}

function damaged(path: string, what: string): PilotError {
  return new PilotError('JOURNAL_DAMAGED', `${what} is not what was written`, {
    subject: path,
    hint: 'restore the directory of the service from a copy, or have it computed again by a new unit',
  });
}

function pathOfSeal(path: string): string {
  return `${path}.seal`;
}

async function readSeal(path: string): Promise<string | undefined> {
  try {
    return await readFile(pathOfSeal(path), 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function sealed(size: number, check: number): string {
  return `${size} ${check.toString(16)}\n`;
}

async function sealOf(file: FileHandle): Promise<string> {
  let [size, check] = [0, 0];
  for await (const piece of piecesOf(file)) {
    size += piece.length;
    check = crc32(piece, check);
  }
  return sealed(size, check);
}

async function sha256Of(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of piecesOf(file)) hash.update(piece);
  return hash.digest('hex');
}

/** Each is overwritten by the next. */
async function* piecesOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  const { size } = await file.stat();
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size + 1));
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
