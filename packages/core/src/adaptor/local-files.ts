/** The files of this machine, for those who need not know that it is this one. */
import { createReadStream } from 'node:fs';
import {
  type FileHandle,
  lstat,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { AdaptorError, type PilotErrorCode } from '../model/errors.ts';
import { makeDirectory } from '../runtime/make-directory.ts';
import { randomSecret } from '../runtime/random.ts';
import type { FileFacts, FileOptions, RemoteFiles } from './remote-files.ts';

const CODES: Readonly<Record<string, PilotErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  ENOTDIR: 'NOT_FOUND',
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  EROFS: 'PERMISSION_DENIED',
  EEXIST: 'ALREADY_EXISTS',
};

/** Reads and writes on this machine; `host` is what errors call it. */
export function localFiles(host: string): RemoteFiles {
  return new LocalFiles(host);
}

class LocalFiles implements RemoteFiles {
  readonly #host: string;

  constructor(host: string) {
    this.#host = host;
  }

  read(path: string): Promise<Uint8Array> {
    return this.#say(path, readFile(path));
  }

  write(path: string, data: string | Uint8Array, options?: FileOptions): Promise<void> {
    return this.#say(
      path,
      replace(path, options, (draft) => draft.writeFile(data)),
    );
  }

  async makeDirectory(path: string, mode = 0o700): Promise<void> {
    await this.#say(path, makeDirectory(path, mode));
  }

  remove(path: string): Promise<void> {
    return this.#say(path, rm(path, { recursive: true, force: true }));
  }

  async list(path: string): Promise<readonly string[]> {
    return (await this.#say(path, readdir(path))).sort();
  }

  stat(path: string): Promise<FileFacts | undefined> {
    return this.#say(path, factsOf(path));
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#say(path, symlink(target, path));
  }

  upload(localPath: string, path: string, options?: FileOptions): Promise<void> {
    return this.#say(
      path,
      replace(path, options, (draft) => writeFile(draft, createReadStream(localPath))),
    );
  }

  download(path: string, localPath: string): Promise<void> {
    return this.upload(path, localPath);
  }

  async #say<T>(path: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const cause = error as NodeJS.ErrnoException;
      const code = CODES[cause.code ?? ''] ?? 'ADAPTOR_FAILED';
      throw new AdaptorError(code, `${path}: ${cause.message}`, { subject: this.#host, cause });
    }
  }
}

async function replace(
  path: string,
  { mode = 0o600 }: FileOptions = {},
  fill: (draft: FileHandle) => Promise<void>,
): Promise<void> {
  const name = `${path}.${randomSecret(6).toString('hex')}.part`;
  const draft = await open(name, 'wx', mode & 0o700);
  try {
    await fill(draft);
    await draft.chmod(mode);
    await draft.close();
    await rename(name, path);
  } catch (error) {
    await draft.close().catch(() => {});
    await rm(name, { force: true });
    throw error;
  }
}

async function factsOf(path: string): Promise<FileFacts | undefined> {
  try {
    const stats = await lstat(path);
    return { size: stats.size, mode: stats.mode & 0o7777, isDirectory: stats.isDirectory() };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
