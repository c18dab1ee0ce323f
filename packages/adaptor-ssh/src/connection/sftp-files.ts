/** Files over there, by sftp. Whatever is written has its name only once it is whole. */
import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import {
  AdaptorError,
  type FileFacts,
  type FileOptions,
  type PilotErrorCode,
  type RemoteFiles,
} from '@pstar/core/adaptor';
import type { SFTPWrapper, Stats } from 'ssh2';
import type { SftpSession } from './sftp-session.ts';

/** What ssh2 calls at the end: with nothing but an error, if any, where there is no value to give. */
type Done<T> = (error?: Error | null, value?: T) => void;

/** Status codes of version 3 of the protocol, which OpenSSH speaks. */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;
const FAILURE = 4;

/** How much of a file is under way at a time: 64 pieces of 32 KiB. */
const PARALLEL = { concurrency: 64, chunkSize: 32 * 1024 };

/** The files of one machine. */
export class SftpFiles implements RemoteFiles {
  readonly #session: SftpSession;
  readonly #host: string;

  constructor(session: SftpSession, host: string) {
    this.#session = session;
    this.#host = host;
  }

  async read(path: string): Promise<Buffer> {
    return await this.#call(path, (sftp, done: Done<Buffer>) => sftp.readFile(path, done));
  }

  async write(path: string, data: string | Uint8Array, options?: FileOptions): Promise<void> {
    const content = Buffer.from(data as Uint8Array);
    await this.#whole(path, options, async (sftp, partial) => {
      const handle = await this.#in<Buffer>(path, (done) => sftp.open(partial, 'r+', done));
      if (content.length > 0) {
        await this.#in<unknown>(path, (done) => {
          sftp.write(handle, content, 0, content.length, 0, done);
        });
      }
      await this.#in<unknown>(path, (done) => sftp.close(handle, done));
    });
  }

  async upload(localPath: string, path: string, options?: FileOptions): Promise<void> {
    await this.#whole(path, options, async (sftp, partial) => {
      await this.#in<unknown>(path, (done) => {
        sftp.fastPut(localPath, partial, PARALLEL, done);
      });
    });
  }

  async download(path: string, localPath: string): Promise<void> {
    const partial = `${localPath}.${randomBytes(6).toString('hex')}.part`;
    try {
      await writeFile(partial, '', { mode: 0o600, flag: 'wx' });
      await this.#call(path, (sftp, done: Done<undefined>) => {
        sftp.fastGet(path, partial, PARALLEL, done);
      });
      await rename(partial, localPath);
    } catch (error) {
      await rm(partial, { force: true });
      throw error instanceof AdaptorError ? error : this.#error(localPath, error as Error);
    }
  }

  /** With those above it, as far as they are not there. */
  async makeDirectory(path: string, mode = 0o700): Promise<void> {
    await this.#make(path, mode, false);
  }

  /** @param hasParent nothing more is tried: in some directories, as in /proc, none can be made */
  async #make(path: string, mode: number, hasParent: boolean): Promise<void> {
    if ((await this.#facts(path, 'stat'))?.isDirectory) return;
    try {
      await this.#mkdir(path, mode);
    } catch (error) {
      const parent = dirname(path);
      if (!isCode(error, 'NOT_FOUND') || parent === path || hasParent) {
        // Somebody else may have made it meanwhile.
        if ((await this.#facts(path, 'stat'))?.isDirectory) return;
        throw error;
      }
      await this.#make(parent, mode, false);
      await this.#make(path, mode, true);
    }
  }

  /** The names in a directory, sorted. */
  async list(path: string): Promise<string[]> {
    const entries = await this.#call(path, (sftp, done: Done<{ filename: string }[]>) =>
      sftp.readdir(path, done),
    );
    return entries.map(({ filename }) => filename).sort();
  }

  /** Undefined when there is nothing of this name; of a link, what is known of the link. */
  async stat(path: string): Promise<FileFacts | undefined> {
    return await this.#facts(path, 'lstat');
  }

  /** With all that is in it; nothing there is fine. A link is removed, and not what it points to. */
  async remove(path: string): Promise<void> {
    await this.#session.use(async (sftp) => {
      await this.#removeAll(sftp, path);
    });
  }

  async symlink(target: string, path: string): Promise<void> {
    await this.#call(path, (sftp, done: Done<undefined>) => {
      sftp.symlink(target, path, done);
    });
  }

  async #facts(path: string, by: 'stat' | 'lstat'): Promise<FileFacts | undefined> {
    try {
      const stats = await this.#call(path, (sftp, done: Done<Stats>) => sftp[by](path, done));
      return { size: stats.size, mode: stats.mode & 0o7777, isDirectory: stats.isDirectory() };
    } catch (error) {
      if (isCode(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  async #removeAll(sftp: SFTPWrapper, path: string): Promise<void> {
    try {
      const stats = await this.#in<{ isDirectory(): boolean }>(path, (done) => {
        sftp.lstat(path, done);
      });
      if (!stats.isDirectory()) {
        await this.#in<unknown>(path, (done) => sftp.unlink(path, done));
        return;
      }
      const entries = await this.#in<{ filename: string }[]>(path, (done) => {
        sftp.readdir(path, done);
      });
      await Promise.all(
        entries.map(({ filename }) => this.#removeAll(sftp, `${path}/${filename}`)),
      );
      await this.#in<unknown>(path, (done) => sftp.rmdir(path, done));
    } catch (error) {
      if (!isCode(error, 'NOT_FOUND')) throw error;
    }
  }

  async #mkdir(path: string, mode: number): Promise<void> {
    await this.#call(path, (sftp, done: Done<undefined>) => {
      sftp.mkdir(path, { mode }, done);
    });
  }

  /** Fills a file beside, which nobody else has ever been able to read, and renames it. */
  async #whole(
    path: string,
    { mode = 0o600 }: FileOptions = {},
    fill: (sftp: SFTPWrapper, partial: string) => Promise<void>,
  ): Promise<void> {
    await this.#session.use(async (sftp) => {
      const partial = `${path}.${randomBytes(6).toString('hex')}.part`;
      const handle = await this.#in<Buffer>(path, (done) => {
        sftp.open(partial, 'wx', mode & 0o700, done);
      });
      try {
        await this.#in<unknown>(path, (done) => sftp.close(handle, done));
        await fill(sftp, partial);
        await this.#in<unknown>(path, (done) => sftp.chmod(partial, mode, done));
        await this.#rename(sftp, partial, path);
      } catch (error) {
        sftp.unlink(partial, () => {});
        throw error;
      }
    });
  }

  /** In one step where the server can, which is OpenSSH's extension; else with a gap. */
  async #rename(sftp: SFTPWrapper, from: string, to: string): Promise<void> {
    try {
      await this.#in<unknown>(to, (done) => sftp.ext_openssh_rename(from, to, done));
    } catch {
      await this.#in<unknown>(to, (done) => sftp.unlink(to, done)).catch(() => {});
      await this.#in<unknown>(to, (done) => sftp.rename(from, to, done));
    }
  }

  #call<T>(path: string, start: (sftp: SFTPWrapper, done: Done<T>) => void): Promise<T> {
    return this.#session.use((sftp) => this.#in<T>(path, (done) => start(sftp, done)));
  }

  #in<T>(path: string, start: (done: Done<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      start((error, value) => {
        if (error) reject(this.#error(path, error));
        else resolve(value as T);
      });
    });
  }

  #error(path: string, cause: Error & { code?: unknown }): AdaptorError {
    const subject = this.#host;
    if (cause.code === NO_SUCH_FILE) {
      return new AdaptorError('NOT_FOUND', `${path}: no such file or directory`, {
        subject,
        cause,
      });
    }
    if (cause.code === PERMISSION_DENIED) {
      return new AdaptorError('PERMISSION_DENIED', `${path}: permission denied`, {
        subject,
        cause,
      });
    }
    return new AdaptorError('ADAPTOR_FAILED', `${path}: ${cause.message}`, {
      subject,
      hint: hintFor(cause),
      cause,
    });
  }
}

/** OpenSSH says no more than `Failure` of most that can go wrong. */
function hintFor({ code }: Error & { code?: unknown }): string | undefined {
  return code === FAILURE
    ? 'the disk may be full, or something else be there of this name'
    : undefined;
}

function isCode(error: unknown, code: PilotErrorCode): boolean {
  return error instanceof AdaptorError && error.code === code;
}
