/** The files of this machine that travel to a host. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { AdaptorError } from '@pstar/core/adaptor';
import type { CacheFile, FoundNode } from './bootstrap.ts';

/** A file of this machine, and what it is called in a host's cache. */
export interface LocalFile extends CacheFile {
  readonly path: string;
  readonly mode: number;
}

/** What a program or a native part runs on. */
export type Platform = Required<Pick<FoundNode, 'platform' | 'arch' | 'libc'>>;

const require_ = createRequire(import.meta.url);
/** By path, size and time: a hash is worth keeping for a file of 100 MB. */
const known = new Map<string, Promise<LocalFile>>();

/** Names a file after its content: `agent-0123456789abcdef.mjs`. */
export async function localFile(
  path: string,
  stem: string,
  end: string,
  mode = 0o600,
): Promise<LocalFile> {
  const { size, mtimeMs } = await stat(path).catch((cause: Error) => {
    throw new AdaptorError(
      'ADAPTOR_FAILED',
      `a file that agents need is not there: ${cause.message}`,
      {
        subject: path,
        hint: 'build the package, or install it anew',
        cause,
      },
    );
  });
  const key = JSON.stringify([path, size, mtimeMs]);
  const file = known.get(key) ?? hashed(path, size, { stem, end, mode });
  known.set(key, file);
  file.catch(() => known.delete(key));
  return file;
}

async function hashed(
  path: string,
  size: number,
  { stem, end, mode }: { readonly stem: string; readonly end: string; readonly mode: number },
): Promise<LocalFile> {
  const sum = createHash('sha256');
  await pipeline(createReadStream(path), sum);
  const hash = sum.digest('hex');
  return { path, size, mode, hash, name: `${stem}-${hash.slice(0, 16)}${end}` };
}

/** koffi's native part for a platform; undefined when it is not installed here. */
export async function koffiFile({
  platform,
  arch,
  libc,
}: Platform): Promise<LocalFile | undefined> {
  const folder = `${libc === 'musl' ? 'musl' : platform}_${arch}`;
  try {
    const core = require_.resolve('@pstar/core/package.json');
    const koffi = createRequire(core).resolve('koffi');
    const native = createRequire(koffi).resolve(`@koromix/koffi-${platform}-${arch}`);
    return await localFile(join(dirname(native), folder, 'koffi.node'), 'koffi', '.node');
  } catch {
    return undefined;
  }
}

/** This very Node.js. */
export function nodeFile(): Promise<LocalFile> {
  return localFile(process.execPath, `node-${process.versions.node}`, '', 0o700);
}

/** The relay, bundled into one file. */
export function relayFile(): Promise<LocalFile> {
  // The same from src/host and from dist/host.
  const path = fileURLToPath(new URL('../../dist/relay/relay.mjs', import.meta.url));
  return localFile(path, 'relay', '.mjs');
}

/** What this Node.js runs on. */
export async function ownPlatform(): Promise<Platform> {
  const file = await open(process.execPath);
  try {
    const { buffer } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    const libc = buffer.includes('ld-musl') ? 'musl' : 'glibc';
    return { platform: process.platform, arch: process.arch, libc };
  } finally {
    await file.close();
  }
}
