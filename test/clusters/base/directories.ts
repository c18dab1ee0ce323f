/**
 * Directories of one kind, of clusters for instance: whose each is, so that what a program has left behind when it
 * was killed is found, and ended, by a later one.
 */
import { readdirSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { statOf } from '../../../packages/core/src/adaptor/local-process.ts';
import { commonDirectory } from './common-directory.ts';
import { lives } from './processes.ts';

const BY_HAND = 'by-hand';

export class OwnedDirectories {
  readonly #prefix: string;
  readonly #remove: (directory: string) => Promise<void>;

  /**
   * @param prefix what their names begin with; then comes whose it is, and what mkdtemp adds
   * @param remove ends all that belongs to one, and removes it; idempotent, and two programs may do it at
   *   once: no directory's name is ever used again
   */
  constructor(prefix: string, remove: (directory: string) => Promise<void>) {
    this.#prefix = prefix;
    this.#remove = remove;
  }

  /** Makes one that is this program's, or, by hand, nobody's. Left behind elsewhere, it is its parent's to end. */
  make(byHand: boolean, parent = commonDirectory()): Promise<string> {
    return mkdtemp(join(parent, `${this.#prefix}${byHand ? BY_HAND : ownName()}-`));
  }

  /** Ends those that were made to live on, and says which they were. */
  async endByHand(): Promise<string[]> {
    const directories = this.#all().filter((path) => path.includes(`${this.#prefix}${BY_HAND}-`));
    await Promise.all(directories.map(this.#remove));
    return directories;
  }

  /** What has no program any more: it was killed, as a clean end removes everything. */
  async endLeftOver(): Promise<void> {
    const dead = this.#all().filter((path) => {
      const [, pid, start] = /-(\d+)-(\d+)-[^-]+$/.exec(path) ?? [];
      return pid !== undefined && !lives(Number(pid), Number(start));
    });
    await Promise.all(dead.map(this.#remove));
  }

  /** This user's; another's are as good as not there. */
  #all(): string[] {
    const common = commonDirectory();
    const names = readdirSync(common).filter((name) => name.startsWith(this.#prefix));
    const paths = names.map((name) => join(common, name));
    const user = process.getuid?.();
    return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.uid === user);
  }
}

/** Names this program in a way that no later one will have. */
function ownName(): string {
  return `${process.pid}-${statOf(process.pid)?.start}`;
}
