/** Names of unix sockets that the system takes: it has room for a hundred bytes, and directories are deeper. */
import { closeSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What fits into `sun_path`, with the zero behind it: 108 bytes on Linux, 104 elsewhere. */
const NAME_BYTES = process.platform === 'linux' ? 107 : 103;

/** A name to bind or to dial, valid until it is released. */
export interface SocketName {
  readonly name: string;
  release(): void;
}

/**
 * The socket's own path where that fits, else one through the open directory that it is in.
 *
 * @throws Error of the system's where the directory is not there
 */
export function socketName(path: string): SocketName {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, release: () => {} };
  const directory = openSync(dirname(path), 'r');
  let isOpen = true;
  return {
    name: join('/proc/self/fd', String(directory), basename(path)),
    release: () => {
      if (isOpen) closeSync(directory);
      isOpen = false;
    },
  };
}
