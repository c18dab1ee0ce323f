/** The files of this machine, for those who need not know that it is this one. */
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { AdaptorError, PilotError, type PilotErrorCode } from '../model/errors.ts';
import { randomSecret } from '../runtime/random.ts';
import type { FileStat, RemoteFiles } from './remote-files.ts';

const CODES: Readonly<Record<string, PilotErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  ENOTDIR: 'NOT_FOUND',
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  EROFS: 'PERMISSION_DENIED',
  EEXIST: 'ALREADY_EXISTS',
};

/** Reads and writes on this machine. */
export function localFiles(): RemoteFiles {
  const copy = (from: string, to: string, mode: number) =>
    replaced(to, mode, (draft) => pipeline(createReadStream(from), draft.createWriteStream()));
  const files: RemoteFiles = {
    read: (path) => readFile(path),
    write: (path, data, { mode = 0o600 } = {}) =>
      replaced(path, mode, async (draft) => {
        await draft.writeFile(data);
        await draft.close();
      }),
    makeDirectory: async (path, mode = 0o700) => void (await mkdir(path, { recursive: true, mode })),
    remove: (path) => rm(path, { recursive: true, force: true }),
    list: async (path) => (await readdir(path)).sort(),
    stat: (path) => stat(path).then(statOf, nothing),
    symlink: (target, path) => symlink(target, path),
    upload: (localPath, path, { mode = 0o600 } = {}) => copy(localPath, path, mode),
    download: (path, localPath) => copy(path, localPath, 0o600),
  };
  return Object.fromEntries(
    Object.entries(files).map(([name, act]) => [name, inOurWords(act)]),
  ) as unknown as RemoteFiles;
}

type Draft = Awaited<ReturnType<typeof open>>;

/** @param fill writes the draft and closes it */
async function replaced(
  path: string,
  mode: number,
  fill: (draft: Draft) => Promise<void>,
): Promise<void> {
  const name = join(dirname(path), `.${basename(path)}.${randomSecret(6).toString('hex')}`);
  const draft = await open(name, 'wx', mode);
  try {
    await fill(draft);
    // The umask may have taken some of it.
    await chmod(name, mode);
    await rename(name, path);
  } catch (error) {
    await draft.close().catch(() => {});
    await rm(name, { force: true });
    throw error;
  }
}

function statOf(stats: Awaited<ReturnType<typeof stat>>): FileStat {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other';
  return { kind, size: Number(stats.size), mode: Number(stats.mode) & 0o7777 };
}

function nothing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}

function inOurWords<A extends readonly [path: string, ...rest: never[]], R>(
  act: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return (...args) =>
    act(...args).catch((cause: NodeJS.ErrnoException) => {
      if (cause instanceof PilotError) throw cause;
      const code = CODES[cause.code ?? ''] ?? 'ADAPTOR_FAILED';
      throw new AdaptorError(code, cause.message, { subject: cause.path ?? args[0], cause });
    });
}
