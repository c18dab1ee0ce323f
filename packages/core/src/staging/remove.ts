/** Removes what nobody wants any more; what cannot be removed stays, and is no problem of its own. */
import { renameSync, rmSync } from 'node:fs';
import { randomSecret } from '../runtime/random.ts';
import { removeTree } from '../runtime/remove-tree.ts';

/** Makes a path free at once; what takes longer, as a directory does, is done beside everything else. */
export function removeAside(path: string, isDirectory: boolean): void {
  try {
    if (!isDirectory) rmSync(path, { force: true });
    else {
      const aside = `${path}-${randomSecret(6).toString('hex')}`;
      renameSync(path, aside);
      void removeTree(aside).catch(() => {});
    }
  } catch {}
}
