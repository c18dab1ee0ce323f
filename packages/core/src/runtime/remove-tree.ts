/** Removes directories beside everything else, however much is in them. */
import { readdir, rmdir, unlink } from 'node:fs/promises';

/**
 * So many files at once. Node's own `rm` asks for all of a directory together, and whoever wants anything else
 * of the file system waits behind them.
 */
const AT_ONCE = 2;

/**
 * Removes a file, or a directory with all that is in it; without effect where there is none. What cannot
 * be removed stays, and then it throws what is said of that or of the directory that it is in.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    // POSIX has the second where Linux has the first.
    if (code !== 'EISDIR' && code !== 'EPERM') throw error;
    await removeDirectory(path);
  }
}

async function removeDirectory(path: string): Promise<void> {
  const files: string[] = [];
  const directories: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    (entry.isDirectory() ? directories : files).push(`${path}/${entry.name}`);
  }
  let next = 0;
  const removeFiles = async (): Promise<void> => {
    while (next < files.length) await unlink(files[next++] as string).catch(() => {});
  };
  await Promise.all(Array.from({ length: AT_ONCE }, removeFiles));
  for (const directory of directories) await removeDirectory(directory).catch(() => {});
  await rmdir(path);
}
